"""The neighbour table: what every criterion is computed from, so that none of them searches for itself.

One row per generated point:

    train_distance (2), train_location (2)    the two nearest training locations
    plain_distance                            the nearest location of the plain test set
    test_distance, test_location              the nearest location of the matched test set

Distances are stored in float32 (a relative error of 6e-8, far below any ratio's meaning).
"""

from dataclasses import dataclass, replace

import numpy as np

from diffmem.locations import first_rows
from diffmem.neighbours.exact import Searches, exact
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
    """The indexed locations of one replicate's training and test points."""

    train: Index
    plain: Index
    extra: Index  # matched test locations that are not plain
    train_location: np.ndarray
    plain_location: np.ndarray
    extra_location: np.ndarray

    @property
    def exact(self) -> bool:
        """Whether nothing can be overlooked."""
        return all(search.exact for search in self.train.searches)

    def without_guesses(self) -> "References":
        """The same, over the same memory, asking exact searches only."""
        return replace(self, **{name: getattr(self, name).without_guesses() for name in ("train", "plain", "extra")})


def references(
    *,
    train: np.ndarray,
    train_location: np.ndarray,
    test: np.ndarray,
    test_location: np.ndarray,
    test_plain: np.ndarray,
    train_merged: np.ndarray | None = None,
    searches: Searches = exact,
) -> References:
    """Index one replicate's points.

    Args:
        train, test: points of shape (n, d) and (n', d).
        train_location, test_location: location of every row.
        train_merged: the same with near copies merged (`merging`), of which the first stands for all, in place and in
            number; none merges nothing.
        test_plain: which rows belong to the plain test set.
        searches: how neighbours are sought among the locations of each of the three sets.
    """
    rows = first_rows(test_location)
    train_rows = first_rows(train_location if train_merged is None else train_merged)
    plain = test_plain[rows]
    return References(
        train=Index(train[train_rows], searches),
        plain=Index(test[rows[plain]], searches),
        extra=Index(test[rows[~plain]], searches),
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
    """``names[index]``, and -1 where there is nothing to be found."""
    return names[index] if len(names) else np.full(len(index), -1)
