"""Readers of SVHN and of MNIST's file format, as published.

SVHN (http://ufldl.stanford.edu/housenumbers, format 2): a MATLAB file with the arrays X, bytes of shape (32, 32, 3, N),
and y, labels of shape (N, 1). The label 10 stands for the digit zero.

MNIST (http://yann.lecun.com/exdb/mnist), also Fashion-MNIST, KMNIST and EMNIST: idx files, with or without gzip. An idx
file has two zero bytes, the byte 8 (for unsigned bytes), the number of axes, the lengths of the axes as big-endian
32-bit integers, and then the values.
"""

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from diffmem.data.image_set import DataError, Images, reduce_size


def svhn(*, path: str, pixels: int | None) -> Images:
    """The house numbers at ``path`` (train_32x32.mat), with their digits 0 to 9 as labels.

    Raises:
        DataError: if the file is missing, truncated, or not SVHN's format 2.
    """
    from scipy.io import loadmat

    expected = "expected a MATLAB file with X, bytes (32, 32, 3, N), and y (N, 1)"
    if not Path(path).is_file():
        raise DataError(f"data.path = {path}: no such file; {expected}")
    try:
        content = loadmat(path, variable_names=["X", "y"])
        x, labels = content["X"], content["y"].ravel().astype(np.int64)
    except Exception as error:  # loadmat and zlib raise errors of their own
        raise DataError(f"{path}: truncated or of another format ({error!r}); {expected}") from error
    if x.dtype != np.uint8 or x.shape != (32, 32, 3, len(labels)) or not len(labels):
        raise DataError(
            f"{path}: X has the shape {x.shape} and type {x.dtype}, and there are {len(labels)} labels; {expected}"
        )
    if labels.min() < 1 or labels.max() > 10:
        raise DataError(
            f"{path}: labels are from {labels.min()} to {labels.max()}; must be from 1 to 10, download the file again"
        )
    return reduce_size(Images(np.ascontiguousarray(x.transpose(3, 2, 0, 1)), labels % 10), pixels)


def idx(*, path: str, pixels: int | None) -> Images:
    """The images at ``path`` (such as train-images-idx3-ubyte, also with .gz), 28 x 28 pixels.

    The labels are read from the file in the same folder whose name has labels-idx1 in the place of images-idx3.

    Raises:
        DataError: if a file is missing, truncated or of another format, or if the numbers of images and labels differ.
    """
    source = Path(path)
    beside = source.with_name(source.name.replace("images", "labels").replace("idx3", "idx1"))
    if beside == source:
        raise DataError(f"data.path = {path}: must be the file of images, such as train-images-idx3-ubyte.gz")
    images, labels = _idx(source, axes=3), _idx(beside, axes=1)
    if images.shape != (len(labels), 28, 28):
        raise DataError(
            f"{path}: has images of shape {images.shape}, and {beside.name} has {len(labels)} labels; "
            "expected N x 28 x 28 and N"
        )
    return reduce_size(Images(images[:, None], labels), pixels)


def _idx(path: Path, *, axes: int) -> np.ndarray:
    """The array of bytes in an idx file with this number of ``axes``."""
    if not path.is_file():
        raise DataError(f"{path}: no such file; put images and labels of an idx data set into one folder")
    try:
        content = path.read_bytes()
        content = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: truncated, or not a gzip file ({error!r}); download it again") from error
    header = 4 + 4 * axes
    if content[:4] != bytes([0, 0, 8, axes]) or len(content) < header:
        raise DataError(
            f"{path}: not an idx file of bytes with {axes} axes, since it begins with {content[:4]!r}; download "
            "it again"
        )
    shape = struct.unpack(f">{axes}I", content[4:header])
    if len(content) - header != math.prod(shape) or not shape[0]:
        raise DataError(
            f"{path}: has {len(content) - header} values, but its shape {shape} needs {math.prod(shape)}; "
            "download it again"
        )
    return np.frombuffer(content, dtype=np.uint8, offset=header).reshape(shape)
