"""Readers of a user's own data: a folder of images, or an array.

The config states the ``size`` of one point, [channels, height, width] of an image or [features], because the network
and the plan need it before the data are read.
"""

import math
from pathlib import Path

import numpy as np

from diffmem.data.columns import numbers_of, whole_numbers
from diffmem.data.image_set import DataError, Images, reduce_size
from diffmem.data.named_arrays import items_of
from diffmem.data.pictures import SUFFIXES, deeper, folders_in, images_in, pixels_of, too_deep

MODES = {1: "L", 3: "RGB"}
LABEL = "label"


def folder(*, path: str, size: list[int], pixels: int | None) -> Images:
    """The images in the sub-folders of ``path``, one sub-folder per class, or in ``path`` itself, as a single class.

    Images are turned upright, put on white where they are transparent (``pictures``), and converted to gray or RGB
    according to the channels of ``size``. Height and width must be those of ``size``.

    Raises:
        DataError: if there are no images, or images next to the sub-folders, or if an image cannot be read, has
            another size, several frames or more than 256 shades.
    """
    source = Path(path)
    if not source.is_dir():
        raise DataError(f"data.path = {path}: no such folder; expected one sub-folder of images for each class")
    classes = folders_in(source)
    if classes and (beside := images_in(source)):
        raise DataError(
            f"{path}: {len(beside)} images, such as {beside[0].name}, are not in a sub-folder of their class; "
            "move each into the sub-folder of its class"
        )
    classes = classes or [source]
    files = [images_in(part) for part in classes]
    if empty := [part for part, found in zip(classes, files, strict=True) if not found]:
        if remedy := deeper(source):
            raise DataError(f"data.path = {path}: {remedy}")
        raise DataError(f"{empty[0]}: contains no image; expected files that end in {', '.join(SUFFIXES)}")
    if below := too_deep(source):
        raise DataError(f"{below}: lies below the folder of a class; move it into one of {path}")
    pixel = np.stack([_image(file, size) for part in files for file in part])
    labels = np.repeat(np.arange(len(files)), [len(part) for part in files])
    return reduce_size(Images(pixel, labels, tuple(part.name for part in classes)), pixels)


def array(*, path: str, size: list[int], pixels: int | None) -> Images:
    """The points or images in an array file.

    A .npy file contains the array; a .npz file the array ``points`` (or another name of ``named_arrays``, or one array
    alone) and optionally ``labels``; a .parquet file one column per feature and optionally ``label``. Bytes are
    brightness from 0 to 255; other numbers are not rescaled. An image has the shape (channels, height, width) or
    (height, width, channels), is flattened, or, if gray, is (height, width).

    Raises:
        DataError: if the file is missing, truncated, of another format or size, or contains values that are not
            numbers.
    """
    values, labels = _read(path)
    labels = np.zeros(len(values), dtype=np.int64) if labels is None else labels
    _numbers(values, labels, path)
    values = arranged(values, size, path)
    if values.dtype == np.uint8:
        image = (1,) * (3 - len(size)) + tuple(size)
        return reduce_size(Images(values.reshape(len(values), *image), labels), pixels)
    if pixels is not None:
        raise DataError(
            f"data.pixels = {pixels}: only images of bytes can be reduced, and {path} contains {values.dtype}; "
            "write null"
        )
    return Images(values.reshape(len(values), -1).astype(np.float64), labels)


def _image(path: Path, size: list[int]) -> np.ndarray:
    """One image, bytes of shape (channels, height, width)."""
    channels, height, width = size
    pixels, _ = pixels_of(path, mode=MODES[channels])
    if pixels.shape[:2] != (height, width):
        found = f"{pixels.shape[0]} x {pixels.shape[1]}"
        raise DataError(f"{path}: has {found} pixels, but data.size says {height} x {width}; resize it")
    return pixels.transpose(2, 0, 1)


def _read(path: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Values of an array file, and its labels or None."""
    readers = {".npy": _npy, ".npz": _npz, ".parquet": _parquet}
    suffix = Path(path).suffix
    if suffix not in readers:
        raise DataError(f"data.path = {path}: must end in {', '.join(readers)}")
    if not Path(path).is_file():
        raise DataError(
            f"data.path = {path}: no such file; paths are relative to the folder in which the workflow runs"
        )
    try:
        values, labels = readers[suffix](path)
    except DataError:
        raise
    except Exception as error:  # numpy, zipfile and pyarrow each raise errors of their own
        raise DataError(f"{path}: truncated or of another format ({error!r}); write it again") from error
    if values.ndim == 0 or values.size == 0:
        raise DataError(f"{path}: contains an array of shape {values.shape}; expected one row per point")
    return values, labels


def _npy(path: str) -> tuple[np.ndarray, None]:
    return np.load(path, allow_pickle=False), None


def _npz(path: str) -> tuple[np.ndarray, np.ndarray | None]:
    with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
        return items_of(archive, where=path)


def _parquet(path: str) -> tuple[np.ndarray, np.ndarray | None]:
    import pandas as pd

    table = pd.read_parquet(path)
    labels = whole_numbers(table.pop(LABEL), where=path) if LABEL in table else None
    return numbers_of(table, where=path), labels


def _numbers(values: np.ndarray, labels: np.ndarray, path: str) -> None:
    """Check that points are finite numbers, and that there is one integer label per point."""
    if values.dtype.kind not in "uif" or labels.dtype.kind not in "ui" or labels.shape != values.shape[:1]:
        raise DataError(
            f"{path}: points have the shape {values.shape} and type {values.dtype}, labels {labels.shape} and "
            f"{labels.dtype}; expected numbers, and one whole number per point as its label"
        )
    if broken := np.count_nonzero(~np.isfinite(values.reshape(len(values), -1)).all(1)):
        raise DataError(f"{path}: {broken} of {len(values)} points are NaN or infinite; remove them")


def arranged(values: np.ndarray, size: list[int], path: str) -> np.ndarray:
    """``values`` with axes in the order channel, row, column.

    Raises:
        DataError: if their shape does not fit ``size``.
    """
    shape = values.shape[1:]
    if shape in (tuple(size), (math.prod(size),)) or (size[0] == 1 and shape == tuple(size[1:])):
        return values
    if len(size) == 3 and shape == (*size[1:], size[0]):
        return np.moveaxis(values, -1, 1)
    raise DataError(f"{path}: one point has the shape {shape}, but data.size says {tuple(size)}; correct data.size")
