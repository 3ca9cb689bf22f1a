"""Where inliers come from: a distribution, which has no end, or a collection of images, which is dealt out.

Images cannot be drawn anew: the training set is the beginning of a random order of them (``subsets.py``), the test set
what follows, and fresh points what follows then. Exact repeats are taken out first, lest a held-out image be one that
is trained on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from diffmem import registry
from diffmem.data import subsets
from diffmem.data.image_set import DataError, Images, points
from diffmem.locations import first_rows, locations


@dataclass(frozen=True)
class Source:
    """``draw`` (count, generator) gives points (m, d) and their classes (m,), with m = min(count, size)."""

    size: float
    draw: Callable[[int, np.random.Generator], tuple[np.ndarray, np.ndarray]]


def source(settings: dict[str, Any]) -> Source:
    """What the ``data`` section of a cell names. The points of a distribution are of one class.

    Raises:
        DataError: if a collection cannot be read, or is smaller than what is asked for.
    """
    target = registry.SHAPES[settings["shape"]]
    function, options = registry.load(target), registry.chosen(target, settings)
    if settings["shape"] in registry.COLLECTIONS:
        return _collection(function(**options), settings)
    return Source(np.inf, lambda count, generator: (function(count, generator, **options), np.zeros(count, dtype=int)))


def _collection(read: Images, settings: dict[str, Any]) -> Source:
    """The chosen classes of what was ``read``, each image once."""
    rows, classes = subsets.first_classes(read.labels, settings["classes"])
    rows, classes = (part[_distinct(read.pixels[rows])] for part in (rows, classes))
    pixels, blend = read.pixels[rows], {}
    if settings["diversity"] is not None:
        blend = {"far": subsets.far_from_centre(pixels, classes), "diversity": settings["diversity"]}

    def order(generator: np.random.Generator) -> np.ndarray:
        return subsets.balanced(classes, generator, **blend)

    def draw(count: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        chosen = order(generator)[:count]
        return points(pixels[chosen]), classes[chosen]

    size = len(order(np.random.default_rng(0)))  # is the same for every generator
    _suffices(size, number=classes.max() + 1, settings=settings)
    return Source(size, draw)


def _distinct(pixels: np.ndarray) -> np.ndarray:
    """Row at which each different image of ``pixels`` (N, ...) first appears."""
    return first_rows(locations(pixels.reshape(len(pixels), -1)))


def _suffices(size: int, *, number: int, settings: dict[str, Any]) -> None:
    """Refuse a collection of ``size`` usable images in ``number`` classes that is smaller than what is asked for."""
    name = settings["path"] or settings["shape"]
    needed, most = settings["inliers"] + settings["test"], size - registry.FEWEST_FRESH
    if settings["classes"] is not None and number < settings["classes"]:
        raise DataError(f"data.classes = {settings['classes']}: must be at most {number}, {name} has no more")
    if needed > most:
        raise DataError(
            f"data.inliers + data.test = {needed}: must be at most {most}, for {name} has {size} different images that "
            f"can be dealt out evenly over its classes, and {registry.FEWEST_FRESH} of them must be left for data.fresh"
        )
