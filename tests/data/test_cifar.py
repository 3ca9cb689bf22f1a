"""CIFAR is read from the formats of its authors; what is damaged, foreign or hostile is refused in one sentence."""

import io
import pickle
import struct
import tarfile

import numpy as np
import pytest

from diffmem.data.cifar import cifar10, cifar100
from diffmem.data.image_set import DataError

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (6, 3, 32, 32), dtype=np.uint8)
LABELS = np.array([3, 0, 9, 1, 1, 2])
COARSE = np.array([19, 0, 5, 1, 1, 2])


def binary(labels=LABELS, pixels=PIXELS, coarse=None):
    columns = [] if coarse is None else [coarse[:, None]]
    return np.hstack([*columns, labels[:, None], pixels.reshape(len(pixels), -1)]).astype(np.uint8).tobytes()


def text(word):
    """The opcode of a short text of Python 2."""
    return b"U" + bytes([len(word)]) + word


def python2(pixels=PIXELS, labels=LABELS, key=b"labels"):
    """A batch as Python 2 pickles it, opcode by opcode: no byte strings, names of numpy 1."""
    raw = pixels.tobytes()
    dtype = (
        b"cnumpy\ndtype\n"
        + text(b"u1")
        + b"K\x00K\x01\x87R(K\x03"
        + text(b"|")
        + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    )
    shape = b"J" + struct.pack("<i", len(pixels)) + b"J" + struct.pack("<i", 3072) + b"\x86"
    empty = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85" + text(b"b") + b"\x87R"
    array = empty + b"(K\x01" + shape + dtype + b"\x89T" + struct.pack("<i", len(raw)) + raw + b"tb"
    numbers = b"](" + b"".join(b"K" + bytes([label]) for label in labels) + b"e"
    return b"\x80\x02}(" + text(b"data") + array + text(key) + numbers + b"u."


def python3(protocol, key="labels", **changes):
    return pickle.dumps({"data": PIXELS.reshape(6, -1), key: LABELS.tolist(), **changes}, protocol=protocol)


def archive(path, batches):
    with tarfile.open(path, "w:gz") as out:
        for name, content in batches.items():
            member = tarfile.TarInfo(f"cifar/{name}")
            member.size = len(content)
            out.addfile(member, io.BytesIO(content))


def check(found, pixels=PIXELS, labels=LABELS):
    assert found.pixels.dtype == np.uint8
    assert np.array_equal(found.pixels, pixels)
    assert np.array_equal(found.labels, labels)


def test_the_opcodes_of_python_2_are_what_pickle_itself_reads():
    batch = pickle.loads(python2(), encoding="latin1")
    assert np.array_equal(batch["data"], PIXELS.reshape(6, -1))
    assert batch["labels"] == LABELS.tolist()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("data_batch_1.bin", binary()),
        ("data_batch_1", python2()),
        *((f"protocol-{protocol}", python3(protocol)) for protocol in (2, 3, 4)),
    ],
)
def test_one_batch_of_cifar_10(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    check(cifar10(path=str(tmp_path / name), pixels=None))


@pytest.mark.parametrize(
    ("name", "content"), [("train.bin", binary(coarse=COARSE)), ("train", python2(key=b"fine_labels"))]
)
def test_one_batch_of_cifar_100_with_fine_labels(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    check(cifar100(path=str(tmp_path / name), pixels=None))


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", ["bin", "python"])
def test_training_batches_of_a_folder_or_archive_in_order_and_nothing_else(tmp_path, packed, kind):
    halves = [(LABELS[:2], PIXELS[:2]), (LABELS[2:], PIXELS[2:])]
    suffix, write = (".bin", binary) if kind == "bin" else ("", lambda labels, pixels: python2(pixels, labels))
    batches = {f"data_batch_{i + 1}{suffix}": write(*half) for i, half in enumerate(halves)}
    batches = dict(
        reversed({**batches, f"test_batch{suffix}": b"x", "batches.meta": b"x", "readme.html": b"x"}.items())
    )
    path = tmp_path / "cifar.tar.gz"
    if packed:
        archive(path, batches)
    else:
        path = tmp_path
        for name, content in batches.items():
            (tmp_path / name).write_bytes(content)
    check(cifar10(path=str(path), pixels=None))


def test_images_become_smaller_on_request(tmp_path):
    (tmp_path / "a.bin").write_bytes(binary())
    found = cifar10(path=str(tmp_path / "a.bin"), pixels=16).pixels
    assert np.array_equal(found[:, :, 0, 0], PIXELS[:, :, :2, :2].mean((2, 3)))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.bin", binary()[:-1], "are not a multiple of 3073"),
        ("a.bin", b"", "are not a multiple of"),
        ("a.bin", binary(coarse=COARSE), "are not a multiple of"),
        ("a.bin", binary(labels=LABELS + 1), "labels are from 1 to 10; must be from 0 to 9"),
        ("batch", python2()[:-100], "expected a pickled dictionary"),
        ("batch", b"no pickle", "expected a pickled dictionary"),
        ("batch", b"", "expected a pickled dictionary"),
        ("batch", python2(key=b"fine_labels"), "expected a pickled dictionary"),
        ("batch", python2(labels=LABELS[:5]), "data has the shape (6, 3072), and there are 5 labels"),
        ("batch", python2(labels=LABELS + 1), "labels are from 1 to 10"),
        ("batch", python3(2, data=PIXELS.reshape(6, -1).astype(float)), "not bytes"),
        ("batch", python3(2, data=PIXELS.reshape(12, -1)), "data has the shape (12, 1536), and there are 6 labels"),
        ("batch", python3(2, labels=[-1, 0, 0, 0, 0, 0]), "labels are from -1 to 0"),
        ("batch", pickle.dumps([1, 2]), "expected a pickled dictionary"),
        ("c.tar.gz", b"\x1f\x8b no archive", "truncated, or not a tar archive"),
        ("c.tar", b"", "truncated, or not a tar archive"),
    ],
)  # fmt: skip
def test_a_damaged_or_foreign_batch_is_refused_in_one_sentence(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError) as refusal:
        cifar10(path=str(tmp_path / name), pixels=None)
    assert str(tmp_path / name) in str(refusal.value)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_truncated_archive_is_refused(tmp_path):
    archive(tmp_path / "whole.tar.gz", {"data_batch_1.bin": binary()})
    content = (tmp_path / "whole.tar.gz").read_bytes()
    (tmp_path / "cut.tar.gz").write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match="truncated, or not a tar archive"):
        cifar10(path=str(tmp_path / "cut.tar.gz"), pixels=None)


def test_what_holds_no_batch_is_refused(tmp_path):
    with pytest.raises(DataError, match="no such file or folder"):
        cifar10(path=str(tmp_path / "missing"), pixels=None)
    with pytest.raises(DataError, match="contains no training batch"):
        cifar10(path=str(tmp_path), pixels=None)


class Hostile:
    """Unpickling it calls a function."""

    def __init__(self, *call):
        self.call = call

    def __reduce__(self):
        return self.call[0], self.call[1:]


def hostile(path):
    import os

    return {
        "a call in place of the data": Hostile(os.mkdir, path),
        "a call hidden in an array of objects": np.array([Hostile(os.mkdir, path)], dtype=object),
        "eval": Hostile(eval, f"__import__('os').mkdir({path!r})"),
        "a method found through an attribute": Hostile(getattr, path, "upper"),
        "numpy's own reader of files": Hostile(np.fromfile, path),
    }


@pytest.mark.parametrize("kind", hostile("").keys())
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_hostile_batch_is_refused_and_does_nothing(tmp_path, kind, protocol):
    planted = tmp_path / "planted"
    content = python3(protocol, data=hostile(str(planted))[kind])
    (tmp_path / "batch").write_bytes(content)
    with pytest.raises(DataError, match="which is not allowed"):
        cifar10(path=str(tmp_path / "batch"), pixels=None)
    assert not planted.exists()


def test_the_hostile_batches_would_have_acted(tmp_path):
    for name in ("a call in place of the data", "a call hidden in an array of objects", "eval"):
        planted = tmp_path / name.replace(" ", "-")
        pickle.loads(python3(2, data=hostile(str(planted))[name]))
        assert planted.exists()


@pytest.mark.parametrize("content", [
    b"cnumpy\nndarray\n(J\xff\xff\xff\x7ftR.",  # would ask numpy for memory
    b"cnumpy\ndtype\n(U\x01OtR.",
    b"c_codecs\nencode\n(c_codecs\nencode\nU\x04rot1tR.",
    b"cnumpy.core.multiarray\n_reconstruct\n)R(U\x01xtb.",
    b"cnumpy.core.multiarray\nscalar\n)R.",
    b"cdiffmem.data.cifar\ncifar10\n)R.",
    b"cnumpy.core.multiarray\n_reconstruct\n)R}U\x05arraycnumpy\ndtype\nsb.",
])  # fmt: skip
def test_admitted_names_used_otherwise_lead_nowhere(tmp_path, content):
    (tmp_path / "batch").write_bytes(content)
    with pytest.raises(DataError, match="expected a pickled dictionary"):
        cifar10(path=str(tmp_path / "batch"), pixels=None)
