"""Exact nearest neighbours among locations, with float64 distances.

FAISS computes squared distances in float32 as |q|^2 + |p|^2 - 2 q.p, which cancels for close points: it may return a
wrong neighbour, or a distance of zero (statistics in docs/method.md). So the points are centred in float64, FAISS
proposes more candidates than asked for, their distances are computed anew in float64, and a bound on FAISS's rounding
tells for which queries an unseen point could still be nearer; those are searched in float64. In few dimensions a k-d
tree does it all in float64, and faster. Equal distances are ordered by location.
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

TREE_DIMENSIONS = 6  # up to here the k-d tree is the faster one (docs/benchmarks.md)
SPARE = 6  # candidates beyond those asked for
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
    """Searches among the ``positions`` (m, d) of distinct locations; location j is row j."""

    def __init__(self, positions: np.ndarray):
        self.kind = index_kind(positions.shape[1])
        self.centre = positions.mean(0) if len(positions) else 0.0
        self.positions = positions - self.centre
        if self.kind == KD_TREE:
            self.tree = cKDTree(self.positions)
        else:
            import faiss

            self.flat = faiss.IndexFlatL2(positions.shape[1])
            self.flat.add(self.positions.astype(np.float32))
            self.largest = np.square(self.positions).sum(1).max(initial=0.0)

    def nearest(self, queries: np.ndarray, k: int) -> Neighbours:
        """The ``k`` nearest locations of each of the ``queries`` (q, d)."""
        distance = np.full((len(queries), k), np.inf)
        location = np.full((len(queries), k), -1, dtype=np.int32)
        found = min(k, len(self.positions))
        if found:
            candidates = min(found + SPARE, len(self.positions))
            for start in range(0, len(queries), BLOCK):
                block = slice(start, start + BLOCK)
                centred = queries[block].astype(np.float64) - self.centre
                search = self._tree if self.kind == KD_TREE else self._faiss
                d, j = _ordered(*search(centred, candidates), found)
                distance[block, :found], location[block, :found] = d, j
        return Neighbours(distance, location)

    def _tree(self, queries: np.ndarray, candidates: int) -> tuple[np.ndarray, np.ndarray]:
        distance, location = self.tree.query(queries, k=np.arange(1, candidates + 1))
        return distance, location

    def _faiss(self, queries: np.ndarray, candidates: int) -> tuple[np.ndarray, np.ndarray]:
        squared, location = self.flat.search(queries.astype(np.float32), candidates)
        distance = np.linalg.norm(queries[:, None] - self.positions[location], axis=2)
        if candidates < len(self.positions):
            # |error| of a float32 squared distance, with a margin, from rounding the input and from a sum of d products
            slack = (queries.shape[1] + 8) * 2.0**-23 * (np.square(queries).sum(1) + self.largest)
            wanted = np.partition(distance, candidates - SPARE - 1, axis=1)[:, candidates - SPARE - 1]
            doubtful = np.flatnonzero(squared[:, -1] - slack <= np.square(wanted))
            for q in doubtful:
                every = np.linalg.norm(queries[q] - self.positions, axis=1)
                location[q] = np.argsort(every, kind="stable")[:candidates]
                distance[q] = every[location[q]]
        return distance, location


def _ordered(distance: np.ndarray, location: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The first ``k`` candidates by distance, equal distances by location."""
    order = np.lexsort((location, distance), axis=1)[:, :k]
    return np.take_along_axis(distance, order, 1), np.take_along_axis(location, order, 1)
