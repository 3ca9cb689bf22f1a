r"""Exact backends. They propose candidates, whose distances an ``Index`` computes in float64.

A backend takes centred queries (q, d) and k. It returns candidates (q, c), c >= k, as rows of the positions (-1 means
no candidate), and for each query a distance: every position nearer than this distance is among the candidates. Squared
distances in float32,

    |q|^2 + |p|^2 - 2 q.p,                                                                             (1)

have an error from the rounding of the input to float32 and from the rounding of sums of d products. In any order of
summation it is at most

    (d + 8) 2^-23 (|q|^2 + max |p|^2)                                                                  (2)

(Higham, Accuracy and Stability of Numerical Algorithms, 2002, 3.1).

The choice between k-d tree and product depends on the dimension only. The product is the faster one above 8 features
with 1,000 locations and above about 12 features with 50,000 locations; between these, both take a fraction of a second
(docs/benchmarks.md). `on_device` also considers the size and the device.
"""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy.spatial import cKDTree

from diffmem.neighbours import tiles
from diffmem.neighbours.centred import Positions, blocks

if TYPE_CHECKING:
    import faiss

TREE_DIMENSIONS = 8  # up to this dimension the k-d tree is the faster one
SPARE = 6  # candidates proposed in float32 in addition to the requested ones
VALUES = 2**22  # coordinates processed at once (32 MiB of float64), which limits the memory
CACHED = 2**17  # coordinates (1 MiB) that stay in the processor's cache

Proposed = tuple[np.ndarray, np.ndarray]  # candidates (q, c), and the distance (q,) below which none is missing


class Backend(Protocol):
    """Proposes candidates for an index.

    Attributes:
        name: of the method, as stored with the results.
        exact: whether no position is missed without notice. A backend that is not exact is an ``Approximate`` one.
    """

    name: str
    exact: bool

    def __call__(self, queries: np.ndarray, k: int) -> Proposed:
        """Candidates (q, c) of the centred ``queries`` (q, d), c >= ``k``, and the distances (q,) of ``Proposed``."""
        ...


class Approximate(Backend, Protocol):
    """A backend whose ``exact`` is false. It may miss positions without notice."""

    @property
    def exact_backend(self) -> Backend:
        """An exact backend among the same positions, with which recall is measured."""
        ...


MakeBackend = Callable[[Positions], Backend]  # centred positions (m, d) -> backend


def exact(positions: Positions) -> Backend:
    """The exact backend of the CPU among ``positions`` (m, d): the k-d tree in few dimensions, else products."""
    return Tree(positions) if positions.shape[1] <= TREE_DIMENSIONS else Blocks(positions)


def flat(positions: Positions, device: str = "cpu") -> Backend:  # noqa: ARG001 (the config calls makers with a device)
    """FAISS's flat index among ``positions`` (m, d) in any dimension. It runs on the CPU, whichever the ``device``."""
    return Flat(positions)


def distances(queries: np.ndarray, positions: Positions, location: np.ndarray) -> np.ndarray:
    """Distances in float64 from each of the ``queries`` (q, d) to the positions that ``location`` (q, c) selects.

    Returns:
        an array of shape (q, c): entry (i, j) is the distance from query i to row ``location[i, j]`` of ``positions``
        (m, d), and infinite if that location is -1.
    """
    result = np.empty(location.shape)
    rows = max(1, min(VALUES, CACHED) // max(1, location.shape[1] * queries.shape[1]))
    for start in range(0, len(queries), rows):
        block = slice(start, start + rows)
        apart = positions[location[block]]
        np.subtract(queries[block, None], apart, out=apart)
        result[block] = np.sqrt(np.multiply(apart, apart, out=apart).sum(2))  # as numpy.linalg.norm, without copies
    return np.where(location >= 0, result, np.inf)


def compare_with_all(queries: np.ndarray, positions: Positions, k: int) -> np.ndarray:
    """Rows of the ``k`` nearest of all ``positions`` (m, d) to each of the ``queries`` (q, d), of shape (q, k).

    Equal distances are ordered by row.
    """
    return np.array([np.argsort(_to_all(query, positions), kind="stable")[:k] for query in queries])


def _to_all(query: np.ndarray, positions: Positions) -> np.ndarray:
    """Distances (m,) in float64 from one query (d,) to all ``positions`` (m, d), computed in blocks."""
    parts = blocks(positions, max(1, VALUES // positions.shape[1]))
    return np.concatenate([np.linalg.norm(query - part, axis=1) for part in parts])


class Tree:
    """A k-d tree in float64."""

    name, exact = "scipy k-d tree, float64", True

    def __init__(self, positions: Positions):
        self.positions = positions

    def __call__(self, queries: np.ndarray, k: int) -> Proposed:
        """The ``k`` + 1 nearest positions of the ``queries`` (q, d), or all if there are no more than ``k``."""
        count = min(k + 1, len(self.positions))
        distance, location = self._tree.query(queries, k=np.arange(1, count + 1))
        return location, _unless_all(count, self.positions, distance[:, -1] * (1 - 1e-12))

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(self.positions[:])


class Rounded:
    """Base of backends that compute distances by (1): adds spare candidates and applies the bound (2).

    A subclass defines ``lookup``.
    """

    name, exact = "", True

    def __init__(self, positions: Positions):
        self.positions = positions

    @property
    def unit(self) -> float:
        """Relative spacing of the numbers that are multiplied: 2^-23 in float32."""
        return 2.0**-23

    def lookup(self, queries: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Squared distances and locations, both of shape (q, count), for float32 ``queries`` (q, d), in any order."""
        raise NotImplementedError

    def __call__(self, queries: np.ndarray, k: int) -> Proposed:
        """The ``k`` nearest positions of the ``queries`` (q, d) by (1), and ``SPARE`` more if there are as many."""
        count = min(k + SPARE, len(self.positions))
        squared, location = self.lookup(queries.astype(np.float32), count)
        last = squared.max(1).astype(np.float64)
        error = (queries.shape[1] + 8) * self.unit * (np.square(queries).sum(1) + self._largest)
        # the squares of a diverged model's points may overflow; the bound is then 0, so that all locations are compared
        bound = np.sqrt(np.maximum(np.where(np.isfinite(last), last, 0) - error, 0))
        return location, _unless_all(count, self.positions, bound)

    @cached_property
    def _largest(self) -> float:
        return max(float(np.einsum("md,md->m", part, part).max()) for part in blocks(self.positions))


class Flat(Rounded):
    """FAISS's flat index on the CPU."""

    name = "faiss flat, float64 distances"

    def lookup(self, queries: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Squared distances and locations, both of shape (q, count), for float32 ``queries`` (q, d)."""
        return self._index.search(queries, count)

    @cached_property
    def _index(self) -> "faiss.IndexFlatL2":
        import faiss

        index = faiss.IndexFlatL2(self.positions.shape[1])
        for part in blocks(self.positions):
            index.add(part.astype(np.float32))
        return index


class Blocks(Rounded):
    """Equation (1) as matrix products in NumPy, tile by tile."""

    name = "NumPy product, float64 distances"

    def lookup(self, queries: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Squared distances and locations, both of shape (q, count), for float32 ``queries`` (q, d)."""
        return tiles.smallest(queries, self._stored, count)

    @cached_property
    def _stored(self) -> tiles.Stored:
        return tiles.stored(self.positions)


def _unless_all(count: int, positions: Positions, bound: np.ndarray) -> np.ndarray:
    """``bound`` (q,), or infinity if the ``count`` candidates are all positions."""
    return bound if count < len(positions) else np.full_like(bound, np.inf)
