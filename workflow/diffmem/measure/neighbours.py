"""Exact nearest neighbours among locations, with float64 distances.

FAISS computes squared distances in float32 as |q|^2 + |p|^2 - 2 q.p, which cancels for close points: it may return a
wrong neighbour, or a distance of zero (docs/method.md). So an index only proposes: the points are centred in float64,
more candidates are asked for than are wanted, their distances are computed in float64, and where a location that was
not proposed could still be as near, within a bound on the index's rounding, the query is compared with all locations.
In few dimensions the index is a k-d tree, which is in float64 and faster. Equal distances are ordered by location.
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

TREE_DIMENSIONS = 8  # up to here the k-d tree is the faster one (docs/benchmarks.md)
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
    """Searches among the ``positions`` (m, d) of distinct locations; location j is row j.

    ``kind`` names the index; ``spare`` is how many candidates it proposes beyond those asked for.
    """

    def __init__(self, positions: np.ndarray):
        self.kind = index_kind(positions.shape[1])
        self.centre = positions.mean(0) if len(positions) else 0.0
        self.positions = positions - self.centre
        if self.kind == KD_TREE:
            self.tree, self.spare = cKDTree(self.positions), 1
        else:
            import faiss

            self.flat, self.spare = faiss.IndexFlatL2(positions.shape[1]), 6
            self.flat.add(self.positions.astype(np.float32))
            self.largest = np.square(self.positions).sum(1).max(initial=0.0)

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
            distance[block, :found], location[block, :found] = self._nearest(
                queries[block].astype(np.float64) - self.centre, found
            )
        return Neighbours(distance, location)

    def _nearest(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Distances and locations (q, k) for centred queries and k locations that exist."""
        candidates = min(k + self.spare, len(self.positions))
        propose = self._tree if self.kind == KD_TREE else self._faiss
        location, unseen = propose(queries, candidates)
        distance, location = _ordered(np.linalg.norm(queries[:, None] - self.positions[location], axis=2), location, k)
        if candidates < len(self.positions):
            for q in np.flatnonzero(unseen <= distance[:, -1]):
                every = np.linalg.norm(queries[q] - self.positions, axis=1)
                location[q] = np.argsort(every, kind="stable")[:k]
                distance[q] = every[location[q]]
        return distance, location

    def _tree(self, queries: np.ndarray, candidates: int) -> tuple[np.ndarray, np.ndarray]:
        """Candidates (q, c), and a distance (q,) below which no other location lies."""
        distance, location = self.tree.query(queries, k=np.arange(1, candidates + 1))
        return location, distance[:, -1] * (1 - 1e-12)

    def _faiss(self, queries: np.ndarray, candidates: int) -> tuple[np.ndarray, np.ndarray]:
        """As ``_tree``; the error of a float32 squared distance is of rounding the input and of summing d products."""
        squared, location = self.flat.search(queries.astype(np.float32), candidates)
        error = (queries.shape[1] + 8) * 2.0**-23 * (np.square(queries).sum(1) + self.largest)
        return location, np.sqrt(np.maximum(squared[:, -1] - error, 0))


def _ordered(distance: np.ndarray, location: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The first ``k`` candidates by distance, equal distances by location."""
    order = np.lexsort((location, distance), axis=1)[:, :k]
    return np.take_along_axis(distance, order, 1), np.take_along_axis(location, order, 1)
