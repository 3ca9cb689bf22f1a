"""Artefacts appear whole or not at all, read back exactly, and are refused by name when they are broken."""

import os
import pickle
import subprocess
import zipfile

import numpy as np
import pandas as pd
import pytest

from diffmem import files

ARRAY = np.random.default_rng(0).standard_normal((50, 4))
TABLE = pd.DataFrame({"step": np.arange(200), "value": np.linspace(0, 1, 200), "set": ["train", "held-out"] * 100})


def write(path):
    """One good artefact of the kind that the suffix names."""
    if path.suffix == ".npy":
        with files.new_array(path, shape=ARRAY.shape, dtype=ARRAY.dtype) as out:
            out[:] = ARRAY
    elif path.suffix == ".npz":
        files.save_arrays(path, {"a": ARRAY, "b": np.arange(3)})
    else:
        files.save_table(path, TABLE)
    return path


def read(path):
    if path.suffix == ".npy":
        return files.load_array(path, ndim=2)
    return files.load_arrays(path, names=("a", "b")) if path.suffix == ".npz" else files.load_table(path)


KINDS = ["x.npy", "x.npz", "x.parquet"]


def test_what_is_written_is_read_back(tmp_path):
    assert np.array_equal(read(write(tmp_path / "x.npy")), ARRAY)
    archive = read(write(tmp_path / "x.npz"))
    assert list(archive) == ["a", "b"]
    assert np.array_equal(archive["a"], ARRAY)
    pd.testing.assert_frame_equal(read(write(tmp_path / "x.parquet")), TABLE, check_dtype=False)


@pytest.mark.parametrize("name", KINDS)
def test_the_same_content_gives_the_same_bytes_at_any_time_and_in_any_folder(tmp_path, monkeypatch, name):
    early = write(tmp_path / name).read_bytes()
    monkeypatch.setattr(zipfile.time, "time", lambda: 2e9)
    monkeypatch.setattr(os, "getpid", lambda: 7)
    assert write(tmp_path / "other" / f"y{name[1:]}").read_bytes() == early


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("kept", [0.0, 0.05, 0.5, 0.99])
def test_a_truncated_file_is_refused_by_name(tmp_path, name, kept):
    path = write(tmp_path / name)
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(files.ArtefactError, match=name):
        read(path)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("content", [b"", b"step,value\n1,2\n", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04", b"\x93NUMPY\x01"])
def test_a_foreign_file_is_refused_by_name(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(files.ArtefactError, match=name):
        read(tmp_path / name)


@pytest.mark.parametrize("name", KINDS)
def test_a_missing_file_is_refused_by_name(tmp_path, name):
    with pytest.raises(files.ArtefactError, match=rf"{name}: no such file"):
        read(tmp_path / name)


def test_a_changed_byte_in_an_archive_is_noticed(tmp_path):
    path = write(tmp_path / "x.npz")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(files.ArtefactError):
        read(path)


class Trap:
    """Unpickling this creates a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("wrapped", [False, True])
def test_pickles_are_refused_and_never_run(tmp_path, name, wrapped):
    trap, path = Trap(tmp_path / "sprung"), tmp_path / name
    if wrapped and path.suffix != ".parquet":
        content = np.array([trap, trap], dtype=object)
        np.savez(path, a=content, b=content) if path.suffix == ".npz" else np.save(path, content)
    else:
        path.write_bytes(pickle.dumps(trap))
    with pytest.raises(files.ArtefactError, match=name):
        read(path)
    assert not (tmp_path / "sprung").exists()


def test_an_array_of_other_dimensions_and_an_archive_in_its_place_are_refused(tmp_path):
    with pytest.raises(files.ArtefactError, match=r"expected an array of 3 dimensions, found the shape \(50, 4\)"):
        files.load_array(write(tmp_path / "x.npy"), ndim=3)
    with pytest.raises(files.ArtefactError, match="damaged or of another format"):
        files.load_array(write(tmp_path / "x.npz"), ndim=2)
    with pytest.raises(files.ArtefactError):
        files.load_arrays(write(tmp_path / "x.npy"), names=("a",))


def test_missing_names_and_columns_are_named(tmp_path):
    with pytest.raises(files.ArtefactError, match="clearance"):
        files.load_arrays(write(tmp_path / "x.npz"), names=("a", "clearance"))
    with pytest.raises(files.ArtefactError, match="epoch, loss"):
        files.load_table(write(tmp_path / "x.parquet"), columns=("step", "epoch", "loss"))


@pytest.mark.parametrize("existing", [False, True])
def test_nothing_is_left_behind_when_a_block_raises(tmp_path, existing):
    path = tmp_path / "x.npy"
    before = write(path).read_bytes() if existing else None
    with pytest.raises(ZeroDivisionError), files.new_array(path, shape=(3,), dtype=float) as out:
        out[:] = 1 / len(out[:0])
    assert [p.name for p in tmp_path.iterdir()] == (["x.npy"] if existing else [])
    assert not existing or path.read_bytes() == before


def test_the_name_appears_only_at_the_end(tmp_path):
    path = tmp_path / "deep" / "x.npy"
    with files.new_array(path, shape=(3,), dtype=float) as out:
        assert not path.exists()
        out[:] = 1
    assert [p.name for p in path.parent.iterdir()] == ["x.npy"]


def test_a_loaded_array_is_mapped_and_cannot_be_written(tmp_path):
    array = read(write(tmp_path / "x.npy"))
    assert isinstance(array, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 0


@pytest.mark.parametrize("name", KINDS)
def test_a_flipped_bit_is_noticed_or_changes_nothing(tmp_path, name):
    """Every bit of the content counts; a few bits of a zip archive's own fields (dates, say) say nothing about it."""
    path = write(tmp_path / name)
    content, whole = path.read_bytes(), read(path)
    draw, refused = np.random.default_rng(0), 0
    for bit in draw.choice(8 * len(content), 150, replace=False):
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << (bit % 8)
        path.write_bytes(damaged)
        try:
            again = read(path)
        except files.ArtefactError:
            refused += 1
        else:
            assert name == "x.npz"
            assert all(np.array_equal(again[key], whole[key]) for key in whole)
    print(f"{name}: {refused} of 150 flipped bits refused")
    assert refused == 150 or name == "x.npz"


def test_other_programs_read_the_files(tmp_path):
    assert np.array_equal(np.load(write(tmp_path / "x.npy")), ARRAY)
    pd.testing.assert_frame_equal(pd.read_parquet(write(tmp_path / "x.parquet")), TABLE, check_dtype=False)


@pytest.mark.parametrize(("code", "reason"), files.FULL.items())
def test_a_disk_that_takes_no_more_is_one_sentence(tmp_path, monkeypatch, code, reason):
    def refuse(*_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    sentence = rf"x\.npy: {reason}; free disk space, or choose another folder with --directory$"
    with pytest.raises(files.ArtefactError, match=sentence):
        write(tmp_path / "x.npy")
    assert not list(tmp_path.iterdir())


def large(path):
    """A file of 8 MB that does not compress."""
    values = np.random.default_rng(0).normal(size=(1000, 1000))
    if path.suffix == ".npy":
        with files.new_array(path, shape=values.shape, dtype=float) as array:
            array[:] = values
    elif path.suffix == ".npz":
        files.save_arrays(path, {"a": values})
    else:
        files.save_table(path, pd.DataFrame(values, columns=[f"c{i}" for i in range(1000)]))


@pytest.mark.parametrize("name", KINDS)
def test_a_disk_that_is_full_is_one_sentence_and_no_file(tmp_path, name):
    """A real one of 64 kB, where mounting is allowed."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", disk]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a disk is not allowed here")
    try:
        with pytest.raises(files.ArtefactError, match=f"{name}: the disk is full"):
            large(disk / name)
        assert not list(disk.iterdir())
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


def test_too_little_memory_is_no_damage_and_may_be_tried_again(tmp_path, monkeypatch):
    path = write(tmp_path / "a.npz")
    monkeypatch.setattr(np, "load", _raise(MemoryError("Unable to allocate 7 TiB")))
    with pytest.raises(MemoryError):
        files.load_arrays(path, names=("a",))


def test_a_file_that_may_not_be_read_is_not_called_damaged(tmp_path, monkeypatch):
    path = write(tmp_path / "a.npz")
    monkeypatch.setattr(np, "load", _raise(PermissionError(13, "Permission denied")))
    with pytest.raises(files.ArtefactError, match=r"a.npz: may not be read by you; ask its owner"):
        files.load_arrays(path, names=("a",))


def test_arrays_are_written_where_the_system_cannot_allocate_space(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "posix_fallocate")
    np.testing.assert_array_equal(files.load_array(write(tmp_path / "a.npy"), ndim=2), ARRAY)


def _raise(error):
    def function(*_arguments, **_options):
        raise error

    return function
