"""The neighbour table, from which all criteria are computed, so that the search for neighbours is done once.

It has one row per generated point:

    train_distance (2), train_location (2)    the two nearest training locations
    plain_distance                            the nearest location of the plain test set
    test_distance, test_location              the nearest location of the matched test set

Distances are stored in float32, with a relative error of 6e-8, which is negligible for ratios of distances.
"""

from dataclasses import dataclass, replace

import numpy as np

from diffmem.locations import first_rows
from diffmem.neighbours.exact import MakeBackend, exact
from diffmem.neighbours.index import Index

ROW = np.dtype(
    [
        ("train_distance", np.float32, (2,)),
        ("train_location", np.int32, (2,)),
        ("plain_distance", np.float32),
        ("test_distance", np.float32),
        ("test_location", np.int32),
    ]
)


@dataclass(frozen=True)
class References:
    """The indexed locations of one replicate's training and test points.

    Attributes:
        train, plain: indices of the training locations and of the plain test locations.
        extra: index of the matched test locations that are not plain.
        train_location, plain_location, extra_location: number of the location at each row of these indices.
    """

    train: Index
    plain: Index
    extra: Index
    train_location: np.ndarray
    plain_location: np.ndarray
    extra_location: np.ndarray

    @property
    def exact(self) -> bool:
        """Whether the search is exact."""
        return self.train.backend.exact

    def exact_only(self) -> "References":
        """The same locations, which are not copied, with exact backends."""
        return replace(self, **{name: getattr(self, name).exact_only() for name in ("train", "plain", "extra")})


def references(
    *,
    train: np.ndarray,
    train_location: np.ndarray,
    test: np.ndarray,
    test_location: np.ndarray,
    test_plain: np.ndarray,
    train_merged: np.ndarray | None = None,
    backend: MakeBackend = exact,
) -> References:
    """Index one replicate's points.

    Args:
        train, test: points of shape (n, d) and (n', d).
        train_location, test_location: location of every row, of shape (n,) and (n',).
        test_plain: which test rows belong to the plain test set, of shape (n',).
        train_merged: location of every training row after near copies are merged (`merge`), of shape (n,). The first
            row of a merged location gives its position and number. None merges nothing.
        backend: makes the backend of each of the three indices.
    """
    rows = first_rows(test_location)
    train_rows = first_rows(train_location if train_merged is None else train_merged)
    plain = test_plain[rows]
    return References(
        train=Index(train[train_rows], backend),
        plain=Index(test[rows[plain]], backend),
        extra=Index(test[rows[~plain]], backend),
        train_location=train_location[train_rows],
        plain_location=test_location[rows[plain]],
        extra_location=test_location[rows[~plain]],
    )


def tabulate(generated: np.ndarray, to: References) -> np.ndarray:
    """Neighbour table of the points ``generated`` (g, d): an array of shape (g,) and type ``ROW``."""
    table = np.empty(len(generated), dtype=ROW)
    train = to.train.nearest(generated, 2)
    table["train_distance"] = train.distance
    table["train_location"] = np.where(train.location >= 0, to.train_location[train.location], -1)
    plain, extra = to.plain.nearest(generated, 1), to.extra.nearest(generated, 1)
    table["plain_distance"] = plain.distance[:, 0]
    closer = extra.distance[:, 0] < plain.distance[:, 0]
    table["test_distance"] = np.where(closer, extra.distance[:, 0], plain.distance[:, 0])
    table["test_location"] = _named(to.plain_location, plain.location[:, 0])
    table["test_location"][closer] = _named(to.extra_location, extra.location[closer, 0])
    return table


def _named(names: np.ndarray, index: np.ndarray) -> np.ndarray:
    """``names[index]``, of the shape of ``index``; -1 everywhere if there are no names."""
    return names[index] if len(names) else np.full(len(index), -1)
