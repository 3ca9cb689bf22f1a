"""Versions of images that a training with augmentation treats as the same image: mirrored, shifted, cropped.

    mirror      left and right exchanged
    shift-K     shifted by up to K pixels in both directions; the pixels at the edge are repeated. ``shift`` is shift-1
    crop        a part of 7/8 of height and width, at a corner or in the middle, enlarged to the whole size (bilinear)

Several of them are combined: mirror and shift together are every shift of the image and of its mirror image.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from diffmem.data.items import AuditError

NAMES = "mirror, shift, shift-K, crop"
CROPPED = 7 / 8  # of height and width
# name of a place -> shares of what is cut off above and to the left
PLACES = (
    ("top left", 0.0, 0.0),
    ("top right", 0.0, 1.0),
    ("bottom left", 1.0, 0.0),
    ("bottom right", 1.0, 1.0),
    ("middle", 0.5, 0.5),
)
MOST = 256  # versions; each takes as long as an audit's searches without any
ITSELF = "itself"


@dataclass(frozen=True)
class Version:
    """One version of images.

    Attributes:
        name: such as "mirrored, shifted +1 -1" (down and to the right).
        steps: functions of (images, axes), applied one after the other.
    """

    name: str
    steps: tuple["Step", ...]


Step = Callable[[np.ndarray, tuple[int, int]], np.ndarray]  # images, and their axes of rows and columns


@dataclass(frozen=True)
class Augmentation:
    """The versions of images of one ``shape``; the first is the image itself."""

    shape: tuple[int, ...]
    axes: tuple[int, int]
    versions: tuple[Version, ...]

    def applied(self, version: Version, images: np.ndarray) -> np.ndarray:
        """The ``version`` of ``images`` (n, ...), whose items have the shape or are flat; of the same shape."""
        shaped = images.reshape(len(images), *self.shape)
        for step in version.steps:
            shaped = step(shaped, self.axes)
        return shaped.reshape(images.shape)


def augmentation(names: str | Sequence[str], *, shape: tuple[int, ...]) -> Augmentation:
    """The augmentation by the ``names`` (a list, or a text with commas) of images of the ``shape``.

    Raises:
        AuditError: if a name is unknown, the shape is not that of an image, or there are too many versions.
    """
    asked = listed(names)
    axes = _axes(shape, asked)
    size = shape[axes[0] - 1], shape[axes[1] - 1]
    families = [_family(name, size) for name in dict.fromkeys(asked)]
    if (count := int(np.prod([len(family) for family in families]))) > MOST:
        raise AuditError(f"augment = {','.join(asked)}: has {count} versions of an image; ask for at most {MOST}")
    versions = []
    for parts in product(*families):
        named = ", ".join(name for name, _ in parts if name) or ITSELF
        versions.append(Version(named, tuple(step for _, steps in parts for step in steps)))
    return Augmentation(shape, axes, tuple(versions))


def listed(names: str | Sequence[str]) -> list[str]:
    """The ``names`` of a list, or of a text with commas."""
    return [name.strip() for name in (names.split(",") if isinstance(names, str) else names)]


def _axes(shape: tuple[int, ...], asked: list[str]) -> tuple[int, int]:
    """The axes of rows and columns in an array of images (n, ...)."""
    if len(shape) == 2:
        return 1, 2
    if len(shape) == 3 and shape[0] in (1, 3):
        return 2, 3
    if len(shape) == 3 and shape[2] in (1, 3):
        return 1, 2
    raise AuditError(
        f"augment = {','.join(asked)}: is for images, and the training items have the shape {shape}; give folders of "
        "images, or arrays of shape (items, channels, height, width) with 1 or 3 channels"
    )


def _family(name: str, size: tuple[int, int]) -> list[tuple[str, tuple[Step, ...]]]:
    """Name and steps of every version by one ``name``, without change first, of images of the ``size``."""
    kind, _, number = name.partition("-")
    found: list[tuple[str, tuple[Step, ...]]] = [("", ())]
    if name == "mirror":
        return [*found, ("mirrored", (_mirrored,))]
    if kind == "shift" and (name == "shift" or number.isdigit()):
        most = int(number or 1)
        if not 0 < most < min(size):
            raise AuditError(
                f"augment = {name}: give 1 to {min(size) - 1} pixels, as images have {size[0]} x {size[1]}"
            )
        moves = [move for move in product(range(-most, most + 1), repeat=2) if any(move)]
        return found + [(f"shifted {down:+d} {right:+d}", (_shift(down, right),)) for down, right in moves]
    if name == "crop":
        return found + [(f"cropped {place}", (_crop(top, left),)) for place, top, left in PLACES]
    raise AuditError(f"augment = {name or 'nothing'}: expected some of {NAMES}, with commas between them")


def _mirrored(images: np.ndarray, axes: tuple[int, int]) -> np.ndarray:
    return np.flip(images, axes[1])


def _shift(down: int, right: int) -> Step:
    def shifted(images: np.ndarray, axes: tuple[int, int]) -> np.ndarray:
        for axis, move in zip(axes, (down, right), strict=True):
            size = images.shape[axis]
            images = np.take(images, np.clip(np.arange(size) - move, 0, size - 1), axis=axis)
        return images

    return shifted


def _crop(top: float, left: float) -> Step:
    """The part that begins at these shares of what is cut off, enlarged."""

    def cropped(images: np.ndarray, axes: tuple[int, int]) -> np.ndarray:
        for axis, start in zip(axes, (top, left), strict=True):
            images = _enlarged(images, axis, start)
        return images

    return cropped


def _enlarged(images: np.ndarray, axis: int, start: float) -> np.ndarray:
    """``CROPPED`` of one axis, from the share ``start`` of the rest, enlarged to the whole axis by linear weights."""
    size = images.shape[axis]
    part = max(1, round(CROPPED * size))
    place = start * (size - part) + np.clip((np.arange(size) + 0.5) * part / size - 0.5, 0, part - 1)
    low = np.floor(place).astype(int)
    high = np.minimum(low + 1, size - 1)
    weight = (place - low).reshape([-1 if i == axis else 1 for i in range(images.ndim)])
    return np.take(images, low, axis=axis) * (1 - weight) + np.take(images, high, axis=axis) * weight
