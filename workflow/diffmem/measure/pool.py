r"""The pool of training and held-out locations, whose labels are permuted.

One search finds the k nearest members of the pool for every generated point. All statistics are computed from these
lists and from the labels of the members. The true labels give the statistic, and permuted labels its distribution for a
generator that is independent of the labels (`net_fraction`). The search proceeds in blocks of points. The lists are
kept only if all of them together are small, so that the memory does not grow with the sizes of the sets.

A list may end among members that are equally far, as in tables of categories. Which of them it holds must not depend on
their labels: the search sees the members in a random order.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from diffmem.locations import distinct_rows
from diffmem.neighbours.index import Index, MakeSearch, Search

RANKS = 12  # expected number of members of the smaller set in a list, at which H of `net_fraction` is almost zero
FEWEST = 50  # smallest length of a list
BLOCK_ENTRIES = 2**22  # largest number of entries of a block's lists (48 MiB)
BLOCK_POINTS = 4096  # largest number of points of a block, since every point has a score for each labelling
KEPT_ENTRIES = 2**24  # largest number of entries of all lists, if they are kept for further passes (192 MiB)


@dataclass(frozen=True)
class Pool:
    """The k nearest members of the pool for each of g points.

    Attributes:
        distance: ascending distances, of shape (g, k).
        member: numbers of the members, of shape (g, k). Numbers below ``train`` are training locations, the others
            held-out locations.
        train, test: number of training and of held-out locations.
    """

    distance: np.ndarray
    member: np.ndarray
    train: int
    test: int

    def held_out(self) -> np.ndarray:
        """True labels: which members are held-out locations, of shape (train + test,)."""
        return true_labels(self.train, self.test)


class Members:
    """The members of the pool: the distinct positions of ``train`` (n, d) and of ``test`` (n', d).

    Members are numbered as in `Pool`. Each set is sorted by its coordinates, so that results do not depend on the order
    of its rows. ``search`` makes the search among the members.

    Attributes:
        train, test: number of training and of held-out locations.
        listed: length k of the list of nearest members of a point.
    """

    def __init__(self, *, train: np.ndarray, test: np.ndarray, search: MakeSearch = Index):
        self._search = search
        rows = distinct_rows(train), distinct_rows(test)
        self.train, self.test = map(len, rows)
        total = self.train + self.test
        self._member = np.random.default_rng(0).permutation(total)  # of each row of the positions that are searched
        self._row = np.argsort(self._member)
        self._positions = np.empty((total, train.shape[1]), np.result_type(train, test))
        self._positions[self._row[: self.train]] = train[rows[0]]
        self._positions[self._row[self.train :]] = test[rows[1]]
        self.listed = min(total, max(FEWEST, RANKS * -(-total // min(self.train, self.test))))

    def held_out(self) -> np.ndarray:
        """True labels: which members are held-out, of shape (train + test,)."""
        return true_labels(self.train, self.test)

    def positions(self, members: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Positions of the ``members`` (m,), or of all, of shape (m, d)."""
        return self._positions[self._row[members]]

    def around(self, points: np.ndarray) -> "Around":
        """Lists of the members nearest to ``points`` (g, d), in blocks."""
        return Around(self, points)

    def search(self, points: np.ndarray) -> Pool:
        """The members nearest to ``points`` (g, d), all at once."""
        found = self._index.nearest(points, self.listed)
        return Pool(found.distance, self._member[found.location], self.train, self.test)

    @cached_property
    def _index(self) -> Search:
        return self._search(self._positions)


class Around:
    """Blocks of ``points`` (g, d) with their lists of members; iteration yields (rows, `Pool`), any number of times."""

    def __init__(self, members: Members, points: np.ndarray):
        self.members, self.points = members, points
        self._kept: list[tuple[slice, Pool]] = []

    def __len__(self) -> int:
        """Number of points."""
        return len(self.points)

    def __iter__(self) -> Iterator[tuple[slice, Pool]]:
        """Search the lists, or yield those of an earlier pass if they were kept."""
        if self._kept:
            yield from self._kept
            return
        rows = min(BLOCK_POINTS, max(1, BLOCK_ENTRIES // self.members.listed))
        found = []
        for start in range(0, len(self.points), rows):
            block = slice(start, min(start + rows, len(self.points)))
            pooled = self.members.search(self.points[block])
            if len(self.points) * self.members.listed <= KEPT_ENTRIES:
                found.append((block, pooled))
            yield block, pooled
        self._kept = found


def pool(*, train: np.ndarray, test: np.ndarray, generated: np.ndarray) -> Pool:
    """Lists of the members of ``train`` (n, d) and ``test`` (n', d) nearest to all points of ``generated`` (g, d)."""
    return Members(train=train, test=test).search(generated)


def true_labels(train: int, test: int) -> np.ndarray:
    """Which members are held-out locations: the last ``test`` of them; booleans of shape (train + test,)."""
    return np.arange(train + test) >= train
