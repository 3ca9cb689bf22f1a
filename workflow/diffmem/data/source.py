"""Sources of inliers: a distribution, from which any number can be drawn, or a finite collection of images.

A collection is put in a random order (``subsets.py``). The first images are the training set, the next ones the test
set, and the rest are fresh points. Exact repeats are removed before, so that no held-out image is a training image.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from diffmem.data import subsets
from diffmem.data.columns import refuse_other_columns
from diffmem.data.image_set import DataError, Images, points
from diffmem.loading import load
from diffmem.locations import first_rows, locations
from diffmem.settings.collections import Collection, Filed
from diffmem.settings.datasets import FEWEST_FRESH, Data
from diffmem.settings.records import known

FEWEST_NEEDED = 4  # training and held-out images together: two of each


@dataclass(frozen=True)
class Source:
    """``draw(count, generator)`` returns points (m, d) and their classes (m,), with m = min(count, size).

    ``held_out`` is the source of held-out and fresh points, or None if they are drawn from the same source.
    """

    size: float
    draw: Callable[[int, np.random.Generator], tuple[np.ndarray, np.ndarray]]
    held_out: "Source | None" = None


def source(settings: Data) -> Source:
    """The data set of the ``settings``. All points of a distribution have the same class.

    Raises:
        DataError: if a collection cannot be read, or has fewer images than are asked for.
    """
    function, options = load(settings.function), settings.arguments()
    if isinstance(settings, Filed) and settings.held_out:
        return _two(function(**options), function(**settings.of_held_out()), settings)
    if isinstance(settings, Collection):
        return _collection(function(**options), settings)
    return Source(np.inf, lambda count, generator: (function(count, generator, **options), np.zeros(count, dtype=int)))


def _collection(read: Images, settings: Collection) -> Source:
    """The selected classes of the images ``read``, without repeats."""
    rows, classes = subsets.first_classes(read.labels, settings.classes)
    rows, classes = (part[_distinct(read.pixels[rows])] for part in (rows, classes))
    pixels = read.pixels[rows]
    blend: dict[str, Any] = {}
    if settings.diversity is not None:
        blend = {"far": subsets.far_from_centre(pixels, classes), "diversity": settings.diversity}

    def order(generator: np.random.Generator) -> np.ndarray:
        return subsets.balanced(classes, generator, **blend)

    def draw(count: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        chosen = order(generator)[:count]
        return points(pixels[chosen]), classes[chosen]

    size = len(order(np.random.default_rng(0)))  # the same for every generator
    _suffices(size, number=classes.max() + 1, settings=settings)
    return Source(size, draw)


def _two(read: Images, held_out: Images, settings: Filed) -> Source:
    """Training points of one collection, each once, and held-out ones of another, without those that are in both."""
    held_out = _fitting(read, held_out, settings)
    train = _distinct(read.pixels)
    # .1 in float32 and in float64 is the same point
    flat = [part.pixels.reshape(len(part.pixels), -1).astype(np.float32) for part in (read, held_out)]
    both = locations(np.vstack(flat))
    rows = _distinct(held_out.pixels)
    shared = np.isin(both[len(flat[0]) + rows], both[: len(flat[0])])
    kept = rows[~shared]
    for key, asked, size, words in (
        ("data.inliers", settings.inliers, len(train), f"{settings.path} holds no more different points"),
        (
            "data.test",
            known(settings.test),
            len(kept) - FEWEST_FRESH,
            f"{settings.held_out} holds {len(rows)} different points, {shared.sum()} are training points, too, and "
            f"{FEWEST_FRESH} must be left for data.fresh; add held-out points, or judge samples by the question audit, "
            "which takes sets of any sizes",
        ),
    ):
        if asked > size:
            raise DataError(f"{key} = {asked}: must be at most {size}, {words}")
    return Source(len(train), _shuffled(read, train), held_out=Source(len(kept), _shuffled(held_out, kept)))


def _fitting(read: Images, held_out: Images, settings: Filed) -> Images:
    """The held-out images with the classes of those that are trained on.

    Raises:
        DataError: if one set holds bytes and the other none, the columns differ, or a class is missing.
    """
    kinds = ["bytes" if part.pixels.ndim > 2 else "other numbers" for part in (read, held_out)]
    if kinds[0] != kinds[1]:
        raise DataError(
            f"data.held_out = {settings.held_out}: holds {kinds[1]}, {settings.path} holds {kinds[0]}; write both alike"
        )
    refuse_other_columns(str(settings.held_out), train=str(settings.path))
    if not (read.classes and held_out.classes):
        return held_out
    unknown = [name for name in held_out.classes if name not in read.classes]
    if unknown and settings.labels.kind == "class" and len(read.classes) > 1:
        raise DataError(f"data.held_out = {settings.held_out}: has the class {unknown[0]}, which {settings.path} lacks")
    number = np.array([-1 if name in unknown else read.classes.index(name) for name in held_out.classes])
    return replace(held_out, labels=number[held_out.labels])


def _shuffled(images: Images, rows: np.ndarray) -> Callable[[int, np.random.Generator], tuple[np.ndarray, np.ndarray]]:
    def draw(count: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        chosen = rows[generator.permutation(len(rows))[:count]]
        return points(images.pixels[chosen]), images.labels[chosen]

    return draw


def _distinct(pixels: np.ndarray) -> np.ndarray:
    """First row of each different image of ``pixels`` (N, ...)."""
    return first_rows(locations(pixels.reshape(len(pixels), -1)))


def _suffices(size: int, *, number: int, settings: Collection) -> None:
    """Refuse a collection whose ``size`` usable images or ``number`` of classes are fewer than asked for."""
    name = getattr(settings, "path", settings.dataset)
    needed, most = settings.inliers + known(settings.test), size - FEWEST_FRESH
    if settings.classes is not None and number < settings.classes:
        raise DataError(f"data.classes = {settings.classes}: must be at most {number}, the number of classes of {name}")
    if needed > most and most < FEWEST_NEEDED:
        raise DataError(
            f"{name}: needs at least {needed + FEWEST_FRESH} different images, with equally many of each class, has "
            f"{size}: data.inliers + data.test = {needed}, and {FEWEST_FRESH} for data.fresh; add images"
        )
    if needed > most:
        raise DataError(
            f"data.inliers + data.test = {needed}: must be at most {most}: {name} has {size} different images, "
            f"with equally many of each class, and {FEWEST_FRESH} of them must remain for data.fresh; write "
            f"data.inliers = {size // 3} and data.test = {size // 3}, for example"
        )
