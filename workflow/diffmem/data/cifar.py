"""Readers of CIFAR-10 and CIFAR-100, as published (https://www.cs.toronto.edu/~kriz/cifar.html).

``path`` is one batch, a folder of batches, or the downloaded archive (.tar.gz), which need not be unpacked. In folders
and archives only the training batches are read: ``data_batch_1`` to ``_5`` of CIFAR-10, ``train`` of CIFAR-100.

*Binary version* (.bin): each record is one label (CIFAR-100: two, coarse and fine) and 3,072 bytes of pixels in the
order channel, row, column.

*Python version*: a pickled dictionary with an array ``data`` of the same pixels and a list ``labels``
(``fine_labels``). Reading a pickle can run any code. This reader therefore allows only the names that an array of bytes
needs, replaces them by classes that only store their arguments, and refuses all other names.
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

from diffmem.data.image_set import DataError, Images, reduce_size

SIZE = (3, 32, 32)


def cifar10(*, path: str, pixels: int | None) -> Images:
    """The images of CIFAR-10 at ``path``, with labels 0 to 9.

    Raises:
        DataError: if they are missing, truncated, or not CIFAR-10.
    """
    found = list(_batches(path, r"data_batch_\d(\.bin)?"))
    images = _joined([_batch(*batch, labels=1, key="labels", classes=10) for batch in found], path)
    return reduce_size(images, pixels)


def cifar100(*, path: str, pixels: int | None) -> Images:
    """The images of CIFAR-100 at ``path``, with its fine labels 0 to 99.

    Raises:
        DataError: if they are missing, truncated, or not CIFAR-100.
    """
    found = list(_batches(path, r"train(\.bin)?"))
    images = _joined([_batch(*batch, labels=2, key="fine_labels", classes=100) for batch in found], path)
    return reduce_size(images, pixels)


def _batches(path: str, pattern: str) -> Iterator[tuple[str, bytes]]:
    """Name and content of every batch at ``path``, in the order of their names."""
    source = Path(path)
    if not source.exists():
        raise DataError(f"data.path = {path}: no such file or folder; name a batch, a folder of batches or the archive")
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
                file = archive.extractfile(member)
                assert file is not None, "a regular file in an archive can be read"
                yield f"{path}:{member.name}", file.read()
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise DataError(f"{path}: truncated, or not a tar archive ({error!r}); download it again") from error


def _joined(batches: list[Images], path: str) -> Images:
    if not batches:
        raise DataError(
            f"data.path = {path}: contains no training batch; expected the files data_batch_1, ... or train, as "
            "downloaded"
        )
    return Images(np.concatenate([b.pixels for b in batches]), np.concatenate([b.labels for b in batches]))


def _batch(name: str, content: bytes, *, labels: int, key: str, classes: int) -> Images:
    """One batch. In the binary version, ``labels`` bytes precede each image, and the last of them is its class."""
    if name.endswith(".bin"):
        record = labels + int(np.prod(SIZE))
        if not content or len(content) % record:
            raise DataError(
                f"{name}: its {len(content)} bytes are not a multiple of {record}, the length of a record; "
                "the file is truncated or of another data set, download it again"
            )
        rows = np.frombuffer(content, dtype=np.uint8).reshape(-1, record)
        data, label = rows[:, labels:], rows[:, labels - 1]
    else:
        data, label = _pickled(name, content, key)
    if label.min() < 0 or label.max() >= classes:
        raise DataError(
            f"{name}: labels are from {label.min()} to {label.max()}; must be from 0 to {classes - 1}, "
            "check that data.dataset names this data set"
        )
    return Images(data.reshape(-1, *SIZE), label.astype(np.int64))


def _pickled(name: str, content: bytes, key: str) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (N, 3072) and labels (N,) of a batch of the Python version."""
    expected = f"expected a pickled dictionary with data, bytes of shape (N, 3072), and {key}, of length N"
    try:
        batch = _Restricted(io.BytesIO(content), encoding="latin1").load()
        batch = {k.decode() if isinstance(k, bytes) else k: value for k, value in batch.items()}
        data, labels = batch["data"].array(), np.array(batch[key], dtype=np.int64)
    except Exception as error:  # a damaged or hostile pickle can raise anything
        raise DataError(f"{name}: cannot be read ({error!r}); {expected}") from error
    if data.shape != (len(labels), np.prod(SIZE)) or not len(labels):
        raise DataError(f"{name}: data has the shape {data.shape}, and there are {len(labels)} labels; {expected}")
    return data, labels


class _Array:
    """Stands for a pickled array: stores its state; only bytes are converted to an array."""

    def __setstate__(self, state: tuple) -> None:
        _, self.shape, self.dtype, self.by_column, self.raw = state

    def array(self) -> np.ndarray:
        if self.dtype.code != "u1":
            raise ValueError(f"the array has the type {self.dtype.code}, not bytes")
        raw = self.raw.encode("latin1") if isinstance(self.raw, str) else self.raw
        return np.frombuffer(raw, dtype=np.uint8).reshape(self.shape, order="F" if self.by_column else "C")


class _Type:
    """Stands for a pickled dtype: stores its code."""

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
    """Unpickles only numbers, text, lists, dictionaries and arrays of bytes."""

    def find_class(self, module: str, name: str) -> Any:
        """The replacement of an allowed name; other names are refused."""
        if (module, name) not in _NAMES:
            raise ValueError(f"the pickle names {module}.{name}, which is not allowed")
        return _NAMES[module, name]
