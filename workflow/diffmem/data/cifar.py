"""CIFAR-10 and CIFAR-100 as their authors publish them (https://www.cs.toronto.edu/~kriz/cifar.html).

``path`` is one batch, a folder of them, or the archive (.tar.gz) as downloaded, which is read without being unpacked.
Of folders and archives the training batches are read: ``data_batch_1`` to ``_5`` of CIFAR-10, ``train`` of CIFAR-100.

*Binary version* (.bin): records of one label (CIFAR-100: two, coarse and fine) and 3,072 bytes of pixels in the order
channel, row, column.

*Python version*: a pickled dictionary of an array ``data`` of such pixels and a list ``labels`` (``fine_labels``). A
pickle is a program that can call whatever it names. This reader resolves the names that an array of bytes needs to
stand-ins that only keep what they are given, and refuses every other, so that a batch from a stranger can do nothing.
"""

import io
import re
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from pickle import Unpickler
from typing import Any

import numpy as np

from diffmem.data.image_set import DataError, Images, pooled

SIZE = (3, 32, 32)


def cifar10(*, path: str, pixels: int | None) -> Images:
    """The images of CIFAR-10 at ``path``, with labels 0 to 9.

    Raises:
        DataError: if they are missing, truncated, or not CIFAR-10.
    """
    found = list(_batches(path, r"data_batch_\d(\.bin)?"))
    return pooled(_joined([_batch(*batch, labels=1, key="labels", classes=10) for batch in found], path), pixels)


def cifar100(*, path: str, pixels: int | None) -> Images:
    """The images of CIFAR-100 at ``path``, with its fine labels 0 to 99.

    Raises:
        DataError: if they are missing, truncated, or not CIFAR-100.
    """
    found = list(_batches(path, r"train(\.bin)?"))
    return pooled(_joined([_batch(*batch, labels=2, key="fine_labels", classes=100) for batch in found], path), pixels)


def _batches(path: str, pattern: str) -> Iterator[tuple[str, bytes]]:
    """Name and content of every batch at ``path``, in the order of their names."""
    source = Path(path)
    if not source.exists():
        raise DataError(f"data.path = {path}: no such file or folder")
    if source.is_dir():
        yield from ((str(f), f.read_bytes()) for f in sorted(source.iterdir()) if re.fullmatch(pattern, f.name))
    elif source.name.endswith((".tar.gz", ".tgz", ".tar")):
        yield from _archived(path, pattern)
    else:
        yield path, source.read_bytes()


def _archived(path: str, pattern: str) -> Iterator[tuple[str, bytes]]:
    try:
        with tarfile.open(path) as archive:
            members = [m for m in archive.getmembers() if m.isfile() and re.fullmatch(pattern, Path(m.name).name)]
            for member in sorted(members, key=lambda m: m.name):
                yield f"{path}:{member.name}", archive.extractfile(member).read()
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise DataError(f"{path}: truncated or no tar archive ({error!r}); download it again") from error


def _joined(batches: list[Images], path: str) -> Images:
    if not batches:
        raise DataError(
            f"data.path = {path}: holds no training batch; expected data_batch_1 ... or train, as downloaded"
        )
    return Images(np.concatenate([b.pixels for b in batches]), np.concatenate([b.labels for b in batches]))


def _batch(name: str, content: bytes, *, labels: int, key: str, classes: int) -> Images:
    """One batch; ``labels`` bytes stand before each image of the binary version, the last of them its class."""
    if name.endswith(".bin"):
        record = labels + int(np.prod(SIZE))
        if not content or len(content) % record:
            raise DataError(
                f"{name}: {len(content)} bytes are no whole number of records of {record} bytes; "
                "it is truncated or of another data set, download it again"
            )
        rows = np.frombuffer(content, dtype=np.uint8).reshape(-1, record)
        data, label = rows[:, labels:], rows[:, labels - 1]
    else:
        data, label = _pickled(name, content, key)
    if label.min() < 0 or label.max() >= classes:
        raise DataError(
            f"{name}: holds labels from {label.min()} to {label.max()}, but they go from 0 to {classes - 1}; "
            "is it of another data set?"
        )
    return Images(data.reshape(-1, *SIZE), label.astype(np.int64))


def _pickled(name: str, content: bytes, key: str) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (N, 3072) and labels (N,) of a batch of the Python version."""
    expected = f"expected a pickled dictionary of data (N, 3072), bytes, and {key} (N)"
    try:
        batch = _Restricted(io.BytesIO(content), encoding="latin1").load()
        batch = {k.decode() if isinstance(k, bytes) else k: value for k, value in batch.items()}
        data, labels = batch["data"].array(), np.array(batch[key], dtype=np.int64)
    except Exception as error:  # a damaged or hostile pickle can raise anything
        raise DataError(f"{name}: cannot be read ({error!r}); {expected}") from error
    if data.shape != (len(labels), np.prod(SIZE)) or not len(labels):
        raise DataError(f"{name}: has data {data.shape} and {len(labels)} labels; {expected}")
    return data, labels


class _Array:
    """Stands for a pickled array: keeps its state, of which only bytes become an array."""

    def __setstate__(self, state: tuple) -> None:
        _, self.shape, self.dtype, self.by_column, self.raw = state

    def array(self) -> np.ndarray:
        if self.dtype.code != "u1":
            raise ValueError(f"an array of {self.dtype.code} instead of bytes")
        raw = self.raw.encode("latin1") if isinstance(self.raw, str) else self.raw
        return np.frombuffer(raw, dtype=np.uint8).reshape(self.shape, order="F" if self.by_column else "C")


class _Type:
    """Stands for a pickled dtype: keeps its code."""

    def __init__(self, code: str, *_: Any) -> None:
        self.code = code

    def __setstate__(self, state: tuple) -> None:
        pass


def _reconstruct(*_: Any) -> _Array:
    return _Array()


def _encode(text: str, _: str) -> bytes:
    return text.encode("latin1")


_NAMES = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy", "ndarray"): None,
    ("numpy", "dtype"): _Type,
    ("_codecs", "encode"): _encode,
}


class _Restricted(Unpickler):
    """Makes numbers, text, lists, dictionaries and arrays of bytes, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        """The stand-in for a name, or a refusal."""
        if (module, name) not in _NAMES:
            raise ValueError(f"it asks for {module}.{name}, which no array of bytes needs")
        return _NAMES[module, name]
