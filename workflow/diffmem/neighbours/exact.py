r"""Exact searches, the ways in which an ``Index`` finds candidates.

A search takes centred queries (q, d) and k, and returns candidates (q, c), c >= k, as rows of the positions (-1: none),
and for each query a distance below which it has overlooked nothing; the index measures the candidates in float64, and
asks the next search where that is not enough. Squared distances in float32,

    |q|^2 + |p|^2 - 2 q.p,                                                                             (1)

are off, by the rounding of the input to float32 and of sums of d products in whatever order, by no more than

    (d + 8) 2^-23 (|q|^2 + max |p|^2)                                                                  (2)

(Higham, Accuracy and Stability of Numerical Algorithms, 2002, 3.1).

Which search comes first here hangs on the dimension alone: the number of locations moves the line at which FAISS
overtakes the tree from 8 features (1,000 locations) to some 12 (50,000), where either takes a fraction of a second
(docs/benchmarks.md). `on_device` chooses by size and device as well.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy.spatial import cKDTree

TREE_DIMENSIONS = 8  # up to here the k-d tree is the faster one
SPARE = 6  # candidates proposed in float32 beyond those asked for
VALUES = 2**22  # coordinates worked on at once (32 MiB of float64), which bounds the memory

Proposed = tuple[np.ndarray, np.ndarray]  # candidates (q, c), and the distance (q,) below which none is overlooked


class Search(Protocol):
    """What an index asks for candidates; ``exact`` is false where it may overlook some and not know it."""

    name: str
    exact: bool

    def __call__(self, queries: np.ndarray, k: int) -> Proposed:
        """Candidates of the centred ``queries`` (q, d), at least ``k`` of them."""
        ...


Searches = Callable[[np.ndarray], list[Search]]  # centred positions (m, d) -> searches, the next for what one left open


def exact(positions: np.ndarray) -> list[Search]:
    """The searches among ``positions`` (m, d), the fastest first and the one that always ends last."""
    sure = [Tree(positions), Force(positions)]
    return sure if positions.shape[1] <= TREE_DIMENSIONS else [Flat(positions), *sure]


def distances(queries: np.ndarray, positions: np.ndarray, location: np.ndarray) -> np.ndarray:
    """Distances (q, c) in float64 of ``queries`` (q, d) to the ``positions`` (m, d) named by ``location`` (q, c).

    Infinite where the location is -1.
    """
    result = np.empty(location.shape)
    rows = max(1, VALUES // max(1, location.shape[1] * queries.shape[1]))
    for start in range(0, len(queries), rows):
        block = slice(start, start + rows)
        result[block] = np.linalg.norm(queries[block, None] - positions[location[block]], axis=2)
    return np.where(location >= 0, result, np.inf)


class Tree:
    """A k-d tree in float64."""

    name, exact = "scipy k-d tree, float64", True

    def __init__(self, positions: np.ndarray):
        self.positions = positions

    def __call__(self, queries: np.ndarray, k: int) -> Proposed:
        """The ``k`` nearest and one more."""
        count = min(k + 1, len(self.positions))
        distance, location = self._tree.query(queries, k=np.arange(1, count + 1))
        return location, _unless_all(count, self.positions, distance[:, -1] * (1 - 1e-12))

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(self.positions)


class Force:
    """Every query beside every location in float64, equal distances in the order of the locations."""

    name, exact = "all distances, float64", True

    def __init__(self, positions: np.ndarray):
        self.positions = positions

    def __call__(self, queries: np.ndarray, k: int) -> Proposed:
        """The ``k`` nearest."""
        nearest = [np.argsort(self._distances(query), kind="stable")[:k] for query in queries]
        return np.array(nearest), np.full(len(queries), np.inf)

    def _distances(self, query: np.ndarray) -> np.ndarray:
        rows = max(1, VALUES // self.positions.shape[1])
        parts = (self.positions[start : start + rows] for start in range(0, len(self.positions), rows))
        return np.concatenate([np.linalg.norm(query - part, axis=1) for part in parts])


class Rounded:
    """What searches by (1) share: spare candidates, and (2). Subclasses say how they look candidates up."""

    name, exact = "", True
    unit = 2.0**-23  # spacing of float32 at one

    def __init__(self, positions: np.ndarray):
        self.positions = positions

    def lookup(self, queries: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Squared distances, ascending, and locations, both (q, count), for float32 ``queries`` (q, d)."""
        raise NotImplementedError

    def __call__(self, queries: np.ndarray, k: int) -> Proposed:
        """The ``k`` nearest by (1) and the spare ones."""
        count = min(k + SPARE, len(self.positions))
        squared, location = self.lookup(queries.astype(np.float32), count)
        last = squared[:, -1].astype(np.float64)
        error = (queries.shape[1] + 8) * self.unit * (np.square(queries).sum(1) + self._largest)
        # squares of a diverged model's points overflow: nothing is known of them then
        bound = np.sqrt(np.maximum(np.where(np.isfinite(last), last, 0) - error, 0))
        return location, _unless_all(count, self.positions, bound)

    @cached_property
    def _largest(self) -> float:
        return float(np.einsum("md,md->m", self.positions, self.positions).max())


class Flat(Rounded):
    """FAISS's flat index on the CPU."""

    name = "faiss flat, float64 distances"

    def lookup(self, queries: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Squared distances and locations, both (q, count)."""
        return self._index.search(queries, count)

    @cached_property
    def _index(self):
        import faiss

        index = faiss.IndexFlatL2(self.positions.shape[1])
        index.add(self.positions.astype(np.float32))
        return index


def _unless_all(count: int, positions: np.ndarray, bound: np.ndarray) -> np.ndarray:
    """``bound``, or infinity where all locations are among the ``count`` candidates."""
    return bound if count < len(positions) else np.full_like(bound, np.inf)
