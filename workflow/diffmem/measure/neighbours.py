"""Exact nearest neighbours among locations, with float64 distances.

FAISS computes squared distances in float32 as |q|^2 + |p|^2 - 2 q.p, which cancels for close points: it may return a
wrong neighbour, or a distance of zero (docs/method.md). So an index only proposes: the points are centred in float64,
more candidates are asked for than are wanted, their distances are computed in float64, and where a location that was
not proposed could still be as near, within a bound on the index's rounding, a k-d tree is asked, which is in float64
and in few dimensions the faster index anyway. Equal distances are ordered by location; where they would be cut in two,
the query is compared with all locations.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree

TREE_DIMENSIONS = 8  # up to here the k-d tree is the faster one (docs/benchmarks.md)
SPARE = 6  # candidates that FAISS proposes beyond those asked for
BLOCK = 4096  # queries searched at once, which bounds the memory

KD_TREE, FAISS = "scipy k-d tree, float64", "faiss flat, float64 distances"


def index_kind(dimension: int) -> str:
    """Name of the index used for points of so many dimensions."""
    return KD_TREE if dimension <= TREE_DIMENSIONS else FAISS


@dataclass(frozen=True)
class Neighbours:
    """The nearest locations of q points: distances (q, k), float64, ascending, and locations (q, k), int32.

    Where fewer than k locations exist, the rest has distance infinity and location -1.
    """

    distance: np.ndarray
    location: np.ndarray


class Index:
    """Searches among the ``positions`` (m, d) of distinct locations; location j is row j. ``kind`` names the index."""

    def __init__(self, positions: np.ndarray):
        self.kind = index_kind(positions.shape[1])
        self.centre = positions.mean(0) if len(positions) else 0.0
        self.positions = positions - self.centre
        self.searches = [self._by_tree, self._by_force]
        if self.kind == FAISS:
            self.searches.insert(0, self._by_faiss)

    def nearest(self, queries: np.ndarray, k: int) -> Neighbours:
        """The ``k`` nearest locations of each of the ``queries`` (q, d).

        Raises:
            ValueError: if a query is not finite.
        """
        if broken := np.count_nonzero(~np.isfinite(queries).all(1)):
            raise ValueError(f"{broken} of {len(queries)} points are NaN or infinite and have no neighbours")
        distance = np.full((len(queries), k), np.inf)
        location = np.full((len(queries), k), -1, dtype=np.int32)
        found = min(k, len(self.positions))
        for start in range(0, len(queries) if found else 0, BLOCK):
            block = slice(start, start + BLOCK)
            centred = queries[block].astype(np.float64) - self.centre
            distance[block, :found], location[block, :found] = self._nearest(centred, found)
        return Neighbours(distance, location)

    def _nearest(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Distances and locations (q, k) for centred queries and k locations that exist.

        What one search leaves in doubt goes on to the next, slower one.
        """
        distance, location = np.empty((len(queries), k)), np.empty((len(queries), k), dtype=np.int32)
        todo = np.arange(len(queries))
        for search in self.searches:
            proposed, unseen = search(queries[todo], k)
            exact = np.linalg.norm(queries[todo, None] - self.positions[proposed], axis=2)
            distance[todo], location[todo] = _ordered(exact, proposed, k)
            todo = todo[unseen <= distance[todo, -1]]
            if not len(todo):
                break
        return distance, location

    # Each search returns candidates (q, c), c >= k, and a distance (q,) below which no other location lies.

    def _by_faiss(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        count = min(k + SPARE, len(self.positions))
        squared, location = self._flat.search(queries.astype(np.float32), count)
        # the error of a float32 squared distance, from rounding the input and summing d products
        error = (queries.shape[1] + 8) * 2.0**-23 * (np.square(queries).sum(1) + self._largest)
        return location, self._unseen(count, np.sqrt(np.maximum(squared[:, -1] - error, 0)))

    def _by_tree(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        count = min(k + 1, len(self.positions))
        distance, location = self._tree.query(queries, k=np.arange(1, count + 1))
        return location, self._unseen(count, distance[:, -1] * (1 - 1e-12))

    def _by_force(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        every = (np.linalg.norm(query - self.positions, axis=1) for query in queries)
        return np.array([np.argsort(d, kind="stable")[:k] for d in every]), np.full(len(queries), np.inf)

    def _unseen(self, count: int, bound: np.ndarray) -> np.ndarray:
        """``bound``, or infinity where all locations are among the candidates."""
        return bound if count < len(self.positions) else np.full_like(bound, np.inf)

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(self.positions)

    @cached_property
    def _flat(self):
        import faiss

        flat = faiss.IndexFlatL2(self.positions.shape[1])
        flat.add(self.positions.astype(np.float32))
        return flat

    @cached_property
    def _largest(self) -> float:
        return float(np.square(self.positions).sum(1).max())


def _ordered(distance: np.ndarray, location: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The first ``k`` candidates by distance, equal distances by location."""
    order = np.lexsort((location, distance), axis=1)[:, :k]
    return np.take_along_axis(distance, order, 1), np.take_along_axis(location, order, 1)
