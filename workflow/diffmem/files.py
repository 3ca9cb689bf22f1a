"""Artefacts on disk: written whole or not at all, read without pickle, recognised when they are broken."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np


class ArtefactError(RuntimeError):
    """A file between two rules is missing, truncated or not what it should be."""


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path`` that takes its name once the block has ended without an error."""
    path = Path(path)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def new_array(path: str | Path, *, shape: tuple[int, ...], dtype) -> Iterator[np.memmap]:
    """Yield a memory-mapped array to be filled; ``path`` (.npy) appears when the block has ended without an error."""
    with replacing(path) as temporary:
        array = np.lib.format.open_memmap(temporary, mode="w+", dtype=dtype, shape=shape)
        yield array
        array.flush()


def save_arrays(path: str | Path, arrays: dict[str, np.ndarray]) -> None:
    """Write named arrays to ``path`` (.npz), byte for byte the same for the same arrays."""
    with replacing(path) as temporary:
        np.savez(temporary, **arrays)


def save_table(path: str | Path, table) -> None:
    """Write a pandas table to ``path`` (.parquet)."""
    with replacing(path) as temporary:
        table.to_parquet(temporary, index=False)


def load_array(path: str | Path, *, ndim: int) -> np.ndarray:
    """Memory-map the array at ``path`` (.npy) for reading.

    Raises:
        ArtefactError: if the file is missing, truncated, not an array, or not of ``ndim`` dimensions.
    """
    array = _read(path, lambda: np.lib.format.open_memmap(path, mode="r"))
    if array.ndim != ndim:
        raise ArtefactError(f"{path}: expected one array of {ndim} dimensions, found {array.shape}; {_REMEDY}")
    return array


def load_arrays(path: str | Path, *, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Read the arrays called ``names`` from ``path`` (.npz).

    Raises:
        ArtefactError: if the file is missing, truncated, not an archive, or lacks one of them.
    """

    def read() -> dict[str, np.ndarray]:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in names}

    return _read(path, read)


def load_table(path: str | Path, *, columns: tuple[str, ...] = ()):
    """Read the pandas table at ``path`` (.parquet), which must have ``columns``.

    Raises:
        ArtefactError: if the file is missing, truncated, not parquet, or lacks a column.
    """
    import pandas as pd

    table = _read(path, lambda: pd.read_parquet(path))
    if missing := [name for name in columns if name not in table]:
        raise ArtefactError(f"{path}: lacks the columns {', '.join(missing)}; {_REMEDY}")
    return table


_REMEDY = "delete it and run again to have it made anew"


def _read(path: str | Path, read):
    """Run ``read`` and turn every way in which a file can be broken into one sentence that names it."""
    if not Path(path).is_file():
        raise ArtefactError(f"{path}: no such file; run the rule that makes it")
    try:
        return read()
    except Exception as error:  # numpy, zipfile and pyarrow each raise their own kinds
        raise ArtefactError(f"{path}: truncated or of a foreign format ({error}); {_REMEDY}") from error
