"""Files between rules: written completely or not at all, read without pickle, verified by a checksum.

Every file contains the CRC-32 of its content. Readers verify it, so that a damaged file is refused. Other programs can
read the files, which stay valid in their formats:

    .npy      20 bytes after the array: ``diffmem.crc`` and the checksum of all bytes before
    .parquet  an entry of the file's key-value metadata: the checksum of all bytes, with zeros in its own place
    .npz      the checksums of the zip archive
"""

import errno
import hashlib
import io
import os
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing

from diffmem import runs

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")

_unfinished: set[Path] = set()


class ArtefactError(RuntimeError):
    """A file between two rules is missing, damaged, or of another format."""


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path in the folder of ``path``; rename it to ``path`` when the block ends without an error.

    Raises:
        RunError: if another run has started in the meantime; ``path`` is left unchanged.
    """
    path = Path(path)
    temporary = runs.temporary(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _without_space(path, error) or error from error
    runs.remove_stale(path)
    _unfinished.add(temporary)
    try:
        yield temporary
        runs.check()
        temporary.replace(path)
    except OSError as error:
        raise _without_space(path, error) or error from error
    finally:
        temporary.unlink(missing_ok=True)
        _unfinished.discard(temporary)


def remove_unfinished() -> None:
    """Remove the temporary files of this process, which is about to end."""
    for path in list(_unfinished):
        path.unlink(missing_ok=True)


@contextmanager
def new_array(path: str | Path, *, shape: tuple[int, ...], dtype: np.typing.DTypeLike) -> Iterator[np.memmap]:
    """Yield a memory-mapped array to fill; ``path`` (.npy) exists once the block has ended without an error.

    Disk space is allocated first: writing to a mapped file on a full disk would kill the process without a message.

    Raises:
        ArtefactError: if the disk is full.
    """
    with replacing(path) as temporary:
        array = np.lib.format.open_memmap(temporary, mode="w+", dtype=dtype, shape=shape)
        _allocate(temporary, start=array.offset)
        yield array
        array.flush()
        with open(temporary, "r+b") as file:
            total = _sum_of(file)
            file.write(MARK + f"{total:08x}\n".encode())


def save_arrays(path: str | Path, arrays: dict[str, np.ndarray]) -> None:
    """Write named arrays to ``path`` (.npz); equal arrays give equal bytes."""
    with replacing(path) as temporary:
        np.savez(temporary, allow_pickle=False, **arrays)


def save_table(path: str | Path, table: "pd.DataFrame") -> None:
    """Write a pandas table to ``path`` (.parquet)."""
    import pyarrow as pa
    import pyarrow.parquet

    content = pa.Table.from_pandas(table, preserve_index=False)
    content = content.replace_schema_metadata({**(content.schema.metadata or {}), MARK: ZERO})
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(content, buffer)
    raw = buffer.getvalue()
    start = _place_of_sum(raw)
    with replacing(path) as temporary, open(temporary, "wb") as file:
        file.write(raw[:start] + f"{zlib.crc32(raw):08x}".encode() + raw[start + len(ZERO) :])


def load_array(path: str | Path, *, ndim: int) -> np.ndarray:
    """Memory-map the array at ``path`` (.npy) for reading.

    Raises:
        ArtefactError: if the file is missing, truncated, damaged, no array, or not of ``ndim`` dimensions.
    """

    def read() -> np.memmap:
        array = np.lib.format.open_memmap(path, mode="r")
        with open(path, "rb") as file:
            end = file.seek(0, os.SEEK_END) - TRAILER
            file.seek(max(end, 0))
            stated = file.read()
            file.seek(0)
            if stated != MARK + f"{_sum_of(file, end):08x}\n".encode():
                raise ValueError(DAMAGED)
        return array

    array = _read(path, read)
    if array.ndim != ndim:
        raise ArtefactError(f"{path}: expected an array of {ndim} dimensions, found the shape {array.shape}; {_REMEDY}")
    return array


def load_arrays(path: str | Path, *, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Read the arrays with these ``names`` from ``path`` (.npz).

    Raises:
        ArtefactError: if the file is missing, truncated, not an archive, or lacks one of the arrays.
    """

    def read() -> dict[str, np.ndarray]:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in names}

    return _read(path, read)


def save_state(path: str | Path, state: dict[str, np.ndarray], *, identity: str) -> None:
    """Write the ``state`` of a computation to ``path`` (.npz), with the digest of what it depends on."""
    save_arrays(path, {**state, "identity": np.array(identity)})


def load_state(path: str | Path, *, names: tuple[str, ...], identity: str) -> dict[str, np.ndarray]:
    """Read the arrays called ``names`` from a state at ``path`` (.npz).

    Raises:
        ArtefactError: as ``load_arrays``, or if it is the state of a computation with another digest.
    """
    found = load_arrays(path, names=(*names, "identity"))
    if str(found.pop("identity")) != identity:
        raise ArtefactError(f"{path}: a state of other settings or of other code; {_REMEDY}")
    return found


def load_table(path: str | Path, *, columns: tuple[str, ...] = ()) -> "pd.DataFrame":
    """Read the pandas table at ``path`` (.parquet), which must have ``columns``.

    Raises:
        ArtefactError: if the file is missing, truncated, damaged, not parquet, or lacks a column.
    """
    import pandas as pd

    def read() -> pd.DataFrame:
        raw = Path(path).read_bytes()
        start = _place_of_sum(raw)
        end = start + len(ZERO)
        if raw[start:end] != f"{zlib.crc32(raw[:start] + ZERO + raw[end:]):08x}".encode():
            raise ValueError(DAMAGED)
        return pd.read_parquet(io.BytesIO(raw))

    table = _read(path, read)
    if missing := [name for name in columns if name not in table]:
        raise ArtefactError(f"{path}: the columns {', '.join(missing)} are missing; {_REMEDY}")
    return table


MARK = b"diffmem.crc"
ZERO = b"00000000"
TRAILER = len(MARK) + len(ZERO) + 1
DAMAGED = "its checksum is wrong"
FULL = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the disk is read-only",
}
_CHUNK = 1 << 24
_REMEDY = "delete it and run again"


def _sum_of(file: io.BufferedIOBase, end: int | None = None) -> int:
    """CRC-32 of a file from its current position to byte ``end``, or to the end of the file."""
    total, left = 0, end
    while chunk := file.read(_CHUNK if left is None else min(_CHUNK, max(left, 0))):
        total = zlib.crc32(chunk, total)
        left = None if left is None else left - len(chunk)
    return total


def _place_of_sum(raw: bytes) -> int:
    """Position of the checksum in the bytes of a parquet file: eight characters after its key, in Thrift."""
    found = list(re.finditer(re.escape(MARK) + rb"\x18\x08(?=[0-9a-f]{8})", raw))
    if not found:
        raise ValueError(DAMAGED)
    return found[-1].end()


def _allocate(path: Path, *, start: int) -> None:
    """Give disk space to all bytes of a file from ``start`` on, which it has in name only."""
    with open(path, "r+b") as file:
        size = path.stat().st_size
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
            return
        file.seek(start)  # as on a Mac
        for place in range(start, size, _CHUNK):
            file.write(bytes(min(_CHUNK, size - place)))


def _without_space(path: Path, error: OSError) -> "ArtefactError | None":
    """The error for a full or read-only disk; None for any other ``error``."""
    reason = FULL.get(error.errno or 0)
    remedy = "free disk space, or choose another folder with --directory"
    return ArtefactError(f"{path}: {reason}; {remedy}") if reason else None


def _read(path: str | Path, read: Callable[[], T]) -> T:
    """Run ``read``; convert any error of a damaged file to an ``ArtefactError`` that names the file."""
    if not Path(path).is_file():
        raise ArtefactError(f"{path}: no such file; run the rule that writes it")
    try:
        return read()
    except MemoryError:
        raise
    except PermissionError as error:
        raise ArtefactError(f"{path}: may not be read by you; ask its owner, or run in a folder of your own") from error
    except Exception as error:  # numpy, zipfile and pyarrow each raise errors of their own
        raise ArtefactError(f"{path}: truncated, damaged or of another format ({error}); {_REMEDY}") from error


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
