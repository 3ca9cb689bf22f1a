"""Collections of images, and their conversion to points.

A collection is a finite set of images that is read completely; nothing in it is random, unlike the distributions of
``toy.py`` and ``gaussians.py``. ``subsets.py`` selects the images of a replicate.

An image with brightness b from 0 to 255 is the point b / 127.5 - 1 in [-1, 1]^d, flattened in the order channel, row,
column. A reduced image consists of the means over square blocks of pixels.
"""

from dataclasses import dataclass, replace

import numpy as np


class DataError(ValueError):
    """Data that cannot be used; the message is one sentence with path or key, what was found, and the remedy."""


@dataclass(frozen=True)
class Images:
    """A collection.

    Attributes:
        pixels: brightness from 0 to 255, of shape (N, channels, height, width), uint8 or float32; or points of shape
            (N, d), float64, which are not rescaled.
        labels: class of each, of shape (N,), arbitrary integers.
        classes: names of the classes 0, 1, 2 and so on, where they have names.
    """

    pixels: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...] = ()


def points(pixels: np.ndarray) -> np.ndarray:
    """Convert ``pixels``, as in ``Images``, to points of shape (N, d), float64."""
    if pixels.ndim == 2:
        return pixels
    return pixels.reshape(len(pixels), -1).astype(np.float64) / 127.5 - 1


def reduce_size(images: Images, pixels: int | None) -> Images:
    """Reduce square images to ``pixels`` x ``pixels`` by means over blocks; None leaves them unchanged."""
    if pixels is None or images.pixels.ndim == 2:
        return images
    count, channels, height, width = images.pixels.shape
    blocks = images.pixels.reshape(count, channels, pixels, height // pixels, pixels, width // pixels)
    return replace(images, pixels=blocks.mean((3, 5), dtype=np.float32))
