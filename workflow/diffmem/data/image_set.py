"""Collections of images: what they hold, and how they become points.

A collection is finite, and read whole: unlike the distributions of ``curves.py`` and ``gaussians.py`` it knows nothing
of randomness. What a replicate gets of it is chosen by ``subsets.py``.

An image of brightness b from 0 to 255 becomes the point b / 127.5 - 1 in [-1, 1]^d, flattened in the order channel,
row, column. A smaller image is the mean over square blocks of pixels.
"""

from dataclasses import dataclass

import numpy as np


class DataError(ValueError):
    """Data that cannot be used; the message is one sentence with the path or key, what was found and the remedy."""


@dataclass(frozen=True)
class Images:
    """A collection.

    Attributes:
        pixels: brightness from 0 to 255, of shape (N, channels, height, width), uint8 or float32; or points of shape
            (N, d), float64, which are taken as they are.
        labels: class of each, of shape (N,), integers; what they are called does not matter.
    """

    pixels: np.ndarray
    labels: np.ndarray


def points(pixels: np.ndarray) -> np.ndarray:
    """Points of shape (N, d), float64, for ``pixels`` as in ``Images``."""
    if pixels.ndim == 2:
        return pixels
    return pixels.reshape(len(pixels), -1).astype(np.float64) / 127.5 - 1


def pooled(images: Images, pixels: int | None) -> Images:
    """The same images at ``pixels`` x ``pixels``, each pixel the mean of a block; None leaves them as they are."""
    if pixels is None or images.pixels.ndim == 2:
        return images
    count, channels, height, width = images.pixels.shape
    blocks = images.pixels.reshape(count, channels, pixels, height // pixels, pixels, width // pixels)
    return Images(blocks.mean((3, 5), dtype=np.float32), images.labels)
