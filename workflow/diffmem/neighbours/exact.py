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

if TYPE_CHECKING:
    import faiss

TREE_DIMENSIONS = 8  # up to this dimension the k-d tree is the faster one
SPARE = 6  # candidates proposed in float32 in addition to the requested ones
VALUES = 2**22  # coordinates processed at once (32 MiB of float64), which limits the memory
CACHED = 2**17  # coordinates (1 MiB) that stay in the processor's cache
TILE = 256, 2048  # queries and positions of one product, whose values stay in the processor's cache
LEAST = 512  # positions whose nearest give the first limit

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


MakeBackend = Callable[[np.ndarray], Backend]  # centred positions (m, d) -> backend


def exact(positions: np.ndarray) -> Backend:
    """The exact backend of the CPU among ``positions`` (m, d): the k-d tree in few dimensions, else products."""
    return Tree(positions) if positions.shape[1] <= TREE_DIMENSIONS else Blocks(positions)


def flat(positions: np.ndarray, device: str = "cpu") -> Backend:  # noqa: ARG001 (the config calls makers with a device)
    """FAISS's flat index among ``positions`` (m, d) in any dimension. It runs on the CPU, whichever the ``device``."""
    return Flat(positions)


def distances(queries: np.ndarray, positions: np.ndarray, location: np.ndarray) -> np.ndarray:
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


def compare_with_all(queries: np.ndarray, positions: np.ndarray, k: int) -> np.ndarray:
    """Rows of the ``k`` nearest of all ``positions`` (m, d) to each of the ``queries`` (q, d), of shape (q, k).

    Equal distances are ordered by row.
    """
    return np.array([np.argsort(_to_all(query, positions), kind="stable")[:k] for query in queries])


def _to_all(query: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Distances (m,) in float64 from one query (d,) to all ``positions`` (m, d), computed in blocks."""
    rows = max(1, VALUES // positions.shape[1])
    parts = (positions[start : start + rows] for start in range(0, len(positions), rows))
    return np.concatenate([np.linalg.norm(query - part, axis=1) for part in parts])


class Tree:
    """A k-d tree in float64."""

    name, exact = "scipy k-d tree, float64", True

    def __init__(self, positions: np.ndarray):
        self.positions = positions

    def __call__(self, queries: np.ndarray, k: int) -> Proposed:
        """The ``k`` + 1 nearest positions of the ``queries`` (q, d), or all if there are no more than ``k``."""
        count = min(k + 1, len(self.positions))
        distance, location = self._tree.query(queries, k=np.arange(1, count + 1))
        return location, _unless_all(count, self.positions, distance[:, -1] * (1 - 1e-12))

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(self.positions)


class Rounded:
    """Base of backends that compute distances by (1): adds spare candidates and applies the bound (2).

    A subclass defines ``lookup``.
    """

    name, exact = "", True

    def __init__(self, positions: np.ndarray):
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
        return float(np.einsum("md,md->m", self.positions, self.positions).max())


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
        index.add(self.positions.astype(np.float32))
        return index


class Blocks(Rounded):
    """Equation (1) as matrix products in NumPy, tile by tile.

    The nearest of the first positions give a limit, and of each further tile only the values below it are looked at.
    The positions are stored in random order, so that the first ones are as near as any.
    """

    name = "NumPy product, float64 distances"

    def lookup(self, queries: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Squared distances and locations, both of shape (q, count), for float32 ``queries`` (q, d)."""
        parts = [self._nearest(queries[i : i + TILE[0]], count) for i in range(0, len(queries), TILE[0])]
        squared, place = (np.concatenate(part) for part in zip(*parts, strict=True))
        with np.errstate(over="ignore"):
            squares = np.einsum("qd,qd->q", queries, queries)
        return squared + squares[:, None], self._stored[1][place]

    def _nearest(self, query: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """(1) without |q|^2, and places among the stored positions, of the ``count`` nearest: (q, count) each."""
        query = np.column_stack([-2 * query, np.ones(len(query), np.float32)])
        space = np.empty((len(query), TILE[1]), dtype=np.float32)
        rows = max(LEAST, 4 * count)
        value = self._values(query, slice(0, rows), None)
        best, where = _smallest(value, np.broadcast_to(np.arange(value.shape[1]), value.shape), count)
        waiting: list[tuple[np.ndarray, ...]] = []
        for start in range(rows, len(self.positions), TILE[1]):
            value = self._values(query, slice(start, start + TILE[1]), space)
            below = np.flatnonzero(value < best.max(1)[:, None])
            row, column = np.divmod(below, value.shape[1])
            waiting.append((row, value.ravel()[below], column + start))
            if sum(len(part[0]) for part in waiting) > best.size or start + TILE[1] >= len(self.positions):
                best, where = _with(best, where, *map(np.concatenate, zip(*waiting, strict=True)))
                waiting = []
        return best, where

    def _values(self, query: np.ndarray, block: slice, space: np.ndarray | None) -> np.ndarray:
        """(1) without |q|^2, which does not change the order, for a ``block`` of the stored positions."""
        part = self._stored[0][block].T
        fits = space is not None and space.shape[1] == part.shape[1]
        with np.errstate(over="ignore", invalid="ignore"):
            return np.matmul(query, part, out=space if fits else None)

    @cached_property
    def _stored(self) -> tuple[np.ndarray, np.ndarray]:
        """In random order, the positions in float32 with their squared norms, of shape (m, d + 1), and their rows."""
        order = np.random.default_rng(0).permutation(len(self.positions))
        stored = np.empty((len(order), self.positions.shape[1] + 1), dtype=np.float32)
        for start in range(0, len(order), TILE[1]):
            part = self.positions[order[start : start + TILE[1]]]
            stored[start : start + TILE[1], :-1] = part
            stored[start : start + TILE[1], -1] = np.einsum("md,md->m", part, part)
        return stored, order


def _smallest(value: np.ndarray, place: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The ``count`` smallest of each row of ``value`` (q, c), and their ``place`` (q, c)."""
    if value.shape[1] <= count:
        return value, place
    chosen = np.argpartition(value, count - 1, axis=1)[:, :count]
    return np.take_along_axis(value, chosen, 1), np.take_along_axis(place, chosen, 1)


def _with(
    best: np.ndarray, where: np.ndarray, row: np.ndarray, value: np.ndarray, place: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The smallest of ``best`` (q, c) and of further values (n,) of the given rows, as many, and where they are."""
    order = np.argsort(row, kind="stable")
    number = np.bincount(row, minlength=len(best))
    column = np.arange(len(row)) - np.repeat(np.cumsum(number) - number, number)
    more = np.full((len(best), number.max(initial=0)), np.inf, dtype=best.dtype)
    its = np.zeros(more.shape, dtype=where.dtype)
    more[row[order], column], its[row[order], column] = value[order], place[order]
    return _smallest(np.hstack([best, more]), np.hstack([where, its]), best.shape[1])


def _unless_all(count: int, positions: np.ndarray, bound: np.ndarray) -> np.ndarray:
    """``bound`` (q,), or infinity if the ``count`` candidates are all positions."""
    return bound if count < len(positions) else np.full_like(bound, np.inf)
