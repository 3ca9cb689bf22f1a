"""Data of one's own: a folder of images, or an array.

Both are told the ``size`` of one point in the config, [channels, height, width] of an image or [features], because the
network and the plan need it before anything is read.
"""

import math
from pathlib import Path

import numpy as np

from diffmem.data.image_set import DataError, Images, pooled

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".ppm", ".pgm", ".tif", ".tiff", ".webp")
MODES = {1: "L", 3: "RGB"}
DEEP = ("I", "F")  # Pillow's modes of more than 8 bits begin so: I, I;16, I;16B, F
LABEL = "label"


def folder(*, path: str, size: list[int], pixels: int | None) -> Images:
    """The images in the sub-folders of ``path``, one for each class, or in ``path`` itself, then all of one class.

    They become gray or RGB as the channels of ``size`` say, and must be as high and wide as it says.

    Raises:
        DataError: if there are none, or some beside the sub-folders, or one is truncated, no image, of another size or
            of more than 256 shades.
    """
    source = Path(path)
    if not source.is_dir():
        raise DataError(f"data.path = {path}: no such folder; expected one sub-folder of images for each class")
    classes = sorted(p for p in source.iterdir() if p.is_dir() and not p.name.startswith("."))
    if classes and (beside := _images(source)):
        raise DataError(
            f"{path}: {len(beside)} images, such as {beside[0].name}, lie beside the sub-folders that are its classes; "
            "move each into the folder of its class"
        )
    classes = classes or [source]
    files = [_images(part) for part in classes]
    if empty := [part for part, found in zip(classes, files, strict=True) if not found]:
        raise DataError(f"{empty[0]}: holds no image; expected files that end in {', '.join(SUFFIXES)}")
    pixel = np.stack([_image(file, size) for part in files for file in part])
    return pooled(Images(pixel, np.repeat(np.arange(len(files)), [len(part) for part in files])), pixels)


def array(*, path: str, size: list[int], pixels: int | None) -> Images:
    """The points or images in an array file.

    .npy holds the array; .npz the array ``points``, and perhaps ``labels``; .parquet a column for each feature, and
    perhaps ``label``. Bytes are brightness, from 0 to 255; other numbers are taken as they are. An image may be flat,
    (channels, height, width), (height, width, channels) or, if gray, (height, width).

    Raises:
        DataError: if the file is missing, truncated, of another format or size, or holds values that are no numbers.
    """
    values, labels = _read(path)
    labels = np.zeros(len(values), dtype=np.int64) if labels is None else labels
    _numbers(values, labels, path)
    values = _arranged(values, size, path)
    if values.dtype == np.uint8:
        image = (1,) * (3 - len(size)) + tuple(size)
        return pooled(Images(values.reshape(len(values), *image), labels), pixels)
    if pixels is not None:
        raise DataError(
            f"data.pixels = {pixels}: {path} holds {values.dtype}, and only images of bytes can be made smaller"
        )
    return Images(values.reshape(len(values), -1).astype(np.float64), labels)


def _images(part: Path) -> list[Path]:
    """The images in a folder, in the order of their names."""
    return sorted(f for f in part.iterdir() if f.suffix.lower() in SUFFIXES)


def _image(path: Path, size: list[int]) -> np.ndarray:
    """One image, bytes of shape (channels, height, width)."""
    from PIL import Image

    channels, height, width = size
    try:
        with Image.open(path) as image:
            if (image.height, image.width) != (height, width):
                raise DataError(f"{path}: is {image.height} x {image.width}, data.size says {height} x {width}")
            if image.mode.startswith(DEEP):  # which Pillow would clip at 255
                raise DataError(
                    f"{path}: has more than 256 shades (Pillow's mode {image.mode}); save it with 8 bits per channel, "
                    "or give the values with data.shape = array"
                )
            pixels = np.asarray(image.convert(MODES[channels]))
    except DataError:
        raise
    except Exception as error:  # each of Pillow's formats raises its own kinds
        raise DataError(f"{path}: truncated or no image ({error!r}); take it out or replace it") from error
    return pixels.reshape(height, width, channels).transpose(2, 0, 1)


def _read(path: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Values, and labels if there are any, of an array file."""
    readers = {".npy": _npy, ".npz": _npz, ".parquet": _parquet}
    suffix = Path(path).suffix
    if suffix not in readers:
        raise DataError(f"data.path = {path}: must end in {', '.join(readers)}")
    if not Path(path).is_file():
        raise DataError(f"data.path = {path}: no such file")
    try:
        values, labels = readers[suffix](path)
    except Exception as error:  # numpy, zipfile and pyarrow each raise their own kinds
        raise DataError(f"{path}: truncated or of another format ({error!r}); write it anew") from error
    if values.ndim == 0 or values.size == 0:
        raise DataError(f"{path}: holds an array {values.shape}; expected one with a row for every point")
    return values, labels


def _npy(path: str) -> tuple[np.ndarray, None]:
    return np.load(path, allow_pickle=False), None


def _npz(path: str) -> tuple[np.ndarray, np.ndarray | None]:
    with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
        return archive["points"], archive.get("labels")


def _parquet(path: str) -> tuple[np.ndarray, np.ndarray | None]:
    import pandas as pd

    table = pd.read_parquet(path)
    labels = table.pop(LABEL).to_numpy() if LABEL in table else None
    return table.to_numpy(), labels


def _numbers(values: np.ndarray, labels: np.ndarray, path: str) -> None:
    """Refuse what is no finite number, and labels that are not one whole number for each point."""
    if values.dtype.kind not in "uif" or labels.dtype.kind not in "ui" or labels.shape != values.shape[:1]:
        raise DataError(
            f"{path}: has points {values.shape} of {values.dtype} and labels {labels.shape} of {labels.dtype}; "
            "expected numbers, and one whole number for each of them as its label"
        )
    if broken := np.count_nonzero(~np.isfinite(values.reshape(len(values), -1)).all(1)):
        raise DataError(f"{path}: {broken} of {len(values)} points are NaN or infinite; take them out")


def _arranged(values: np.ndarray, size: list[int], path: str) -> np.ndarray:
    """``values`` in the order channel, row, column, if they have one of the shapes that ``size`` allows."""
    shape = values.shape[1:]
    if shape in (tuple(size), (math.prod(size),)) or (size[0] == 1 and shape == tuple(size[1:])):
        return values
    if len(size) == 3 and shape == (*size[1:], size[0]):
        return np.moveaxis(values, -1, 1)
    raise DataError(f"{path}: one point has the shape {shape}, data.size says {tuple(size)}")
