"""SVHN and the files of MNIST, as their authors publish them.

SVHN (http://ufldl.stanford.edu/housenumbers, format 2): a MATLAB file of X, bytes (32, 32, 3, N), and y (N, 1), in
which 10 is the digit zero.

MNIST (http://yann.lecun.com/exdb/mnist), and Fashion-MNIST, KMNIST and EMNIST, which copy it: idx files, compressed or
not. Two zero bytes, 8 for unsigned bytes, the number of axes, their lengths as big-endian 32-bit integers, the values.
"""

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from diffmem.data.image_set import DataError, Images, pooled


def svhn(*, path: str, pixels: int | None) -> Images:
    """The house numbers at ``path`` (train_32x32.mat), with their digits 0 to 9 as labels.

    Raises:
        DataError: if the file is missing, truncated, or not SVHN's format 2.
    """
    from scipy.io import loadmat

    expected = "expected a MATLAB file of X, bytes (32, 32, 3, N), and y (N, 1)"
    if not Path(path).is_file():
        raise DataError(f"data.path = {path}: no such file; {expected}")
    try:
        content = loadmat(path, variable_names=["X", "y"])
        x, labels = content["X"], content["y"].ravel().astype(np.int64)
    except Exception as error:  # loadmat and zlib raise their own kinds
        raise DataError(f"{path}: truncated or of another format ({error!r}); {expected}") from error
    if x.dtype != np.uint8 or x.shape != (32, 32, 3, len(labels)) or not len(labels):
        raise DataError(f"{path}: has X {x.shape} of {x.dtype} and {len(labels)} labels; {expected}")
    if labels.min() < 1 or labels.max() > 10:
        raise DataError(f"{path}: holds labels from {labels.min()} to {labels.max()}, but they go from 1 to 10")
    return pooled(Images(np.ascontiguousarray(x.transpose(3, 2, 0, 1)), labels % 10), pixels)


def idx(*, path: str, pixels: int | None) -> Images:
    """The images at ``path`` (train-images-idx3-ubyte, perhaps with .gz), 28 x 28 pixels.

    Their labels are read from the file beside it that is called labels-idx1 instead of images-idx3.

    Raises:
        DataError: if a file is missing, truncated, of another format, or does not fit the other.
    """
    source = Path(path)
    beside = source.with_name(source.name.replace("images", "labels").replace("idx3", "idx1"))
    if beside == source:
        raise DataError(f"data.path = {path}: must name the file of images, as train-images-idx3-ubyte.gz")
    images, labels = _idx(source, axes=3), _idx(beside, axes=1)
    if images.shape != (len(labels), 28, 28):
        raise DataError(
            f"{path}: has images {images.shape} and {beside.name} {len(labels)} labels; expected N x 28 x 28"
        )
    return pooled(Images(images[:, None], labels), pixels)


def _idx(path: Path, *, axes: int) -> np.ndarray:
    """The array of bytes in an idx file of so many axes."""
    if not path.is_file():
        raise DataError(f"{path}: no such file; images and labels of an idx data set lie side by side")
    try:
        content = path.read_bytes()
        content = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: truncated or no gzip file ({error!r}); download it again") from error
    header = 4 + 4 * axes
    if content[:4] != bytes([0, 0, 8, axes]) or len(content) < header:
        raise DataError(f"{path}: is no idx file of bytes with {axes} axes; it begins with {content[:4]!r}")
    shape = struct.unpack(f">{axes}I", content[4:header])
    if len(content) - header != math.prod(shape) or not shape[0]:
        raise DataError(
            f"{path}: holds {len(content) - header} bytes instead of the {math.prod(shape)} of its shape {shape}; "
            "download it again"
        )
    return np.frombuffer(content, dtype=np.uint8, offset=header).reshape(shape)
