"""SVHN and idx files are read as their authors write them; damaged and foreign ones are refused in one sentence."""

import gzip
import struct

import numpy as np
import pytest
from scipy.io import savemat

from diffmem.data.archives import idx, svhn
from diffmem.data.image_set import DataError

RNG = np.random.default_rng(0)
COLOUR = RNG.integers(0, 256, (5, 3, 32, 32), dtype=np.uint8)
GRAY = RNG.integers(0, 256, (5, 28, 28), dtype=np.uint8)
LABELS = np.array([1, 9, 4, 10, 10])
MATLAB = {"X": COLOUR.transpose(2, 3, 1, 0), "y": LABELS[:, None].astype(np.uint8)}


def refused(reader, path, words):
    with pytest.raises(DataError) as refusal:
        reader(path=str(path), pixels=None)
    assert words in str(refusal.value)
    assert path.parent.name in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_svhn_is_read_with_ten_as_zero(tmp_path):
    savemat(tmp_path / "train_32x32.mat", MATLAB, do_compression=True)
    found = svhn(path=str(tmp_path / "train_32x32.mat"), pixels=None)
    assert np.array_equal(found.pixels, COLOUR)
    assert np.array_equal(found.labels, [1, 9, 4, 0, 0])
    half = svhn(path=str(tmp_path / "train_32x32.mat"), pixels=16).pixels
    assert np.array_equal(half[:, :, 0, 1], COLOUR[:, :, :2, 2:4].mean((2, 3)))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"X": MATLAB["X"][..., :4]}, "X has the shape (32, 32, 3, 4)"),
        ({"X": MATLAB["X"].astype(float)}, "type float64"),
        ({"X": COLOUR}, "X has the shape (5, 3, 32, 32)"),
        ({"y": LABELS - 1}, "labels are from 0 to 9; must be from 1 to 10"),
        ({"y": LABELS + 1}, "labels are from 2 to 11"),
        ({"y": "words"}, "expected a MATLAB file"),
    ],
)
def test_a_foreign_matlab_file_is_refused(tmp_path, changes, words):
    savemat(tmp_path / "train.mat", {**MATLAB, **changes})
    refused(svhn, tmp_path / "train.mat", words)


@pytest.mark.parametrize("content", [b"", b"no matlab file at all" * 20])
def test_what_is_no_matlab_file_is_refused(tmp_path, content):
    (tmp_path / "train.mat").write_bytes(content)
    refused(svhn, tmp_path / "train.mat", "truncated or of another format")


def test_a_truncated_or_missing_matlab_file_is_refused(tmp_path):
    savemat(tmp_path / "train.mat", MATLAB)
    content = (tmp_path / "train.mat").read_bytes()
    (tmp_path / "cut.mat").write_bytes(content[:1000])
    refused(svhn, tmp_path / "cut.mat", "truncated or of another format")
    refused(svhn, tmp_path / "missing.mat", "no such file")


def written(array):
    """An idx file, from its description."""
    return (
        bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.astype(np.uint8).tobytes()
    )


def pair(folder, images=None, labels=None, suffix=""):
    """Both files of a set; returns the path of the images."""
    pack = gzip.compress if suffix else bytes
    (folder / f"train-images-idx3-ubyte{suffix}").write_bytes(pack(written(GRAY) if images is None else images))
    (folder / f"train-labels-idx1-ubyte{suffix}").write_bytes(pack(written(LABELS) if labels is None else labels))
    return folder / f"train-images-idx3-ubyte{suffix}"


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_idx_files_are_read_compressed_or_not(tmp_path, suffix):
    path = str(pair(tmp_path, suffix=suffix))
    found = idx(path=path, pixels=None)
    assert np.array_equal(found.pixels[:, 0], GRAY)
    assert np.array_equal(found.labels, LABELS)
    assert np.array_equal(idx(path=path, pixels=7).pixels[:, 0, 6, 6], GRAY[:, 24:, 24:].mean((1, 2)))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"images": written(GRAY)[:-1]}, "has 3919 values, but its shape (5, 28, 28) needs 3920"),
        ({"images": written(GRAY) + b"x"}, "has 3921 values"),
        ({"images": written(GRAY)[:10]}, "not an idx file of bytes with 3 axes"),
        ({"images": b""}, "not an idx file"),
        ({"images": written(LABELS)}, "not an idx file of bytes with 3 axes"),
        ({"images": b"\0\0\x0d\3" + written(GRAY)[4:]}, "not an idx file of bytes"),
        ({"images": written(GRAY[:0])}, "needs 0"),
        ({"images": written(GRAY[:, 1:])}, "expected N x 28 x 28"),
        ({"images": gzip.compress(written(GRAY))[:-200]}, "truncated, or not a gzip file"),
        ({"labels": written(LABELS[:4])}, "labels-idx1-ubyte has 4 labels"),
        ({"labels": written(GRAY)}, "not an idx file of bytes with 1 axes"),
    ],
)
def test_damaged_idx_files_are_refused(tmp_path, changes, words):
    refused(idx, pair(tmp_path, **changes), words)


def test_missing_idx_files_are_refused(tmp_path):
    refused(idx, tmp_path / "train-images-idx3-ubyte", "no such file")
    path = pair(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte").unlink()
    refused(idx, path, "into one folder")
    refused(idx, tmp_path / "train-ubyte", "must be the file of images")
