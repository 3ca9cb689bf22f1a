"""Nearest neighbours among locations, with float64 distances; exact unless an approximate search is asked for.

FAISS computes squared distances in float32 as |q|^2 + |p|^2 - 2 q.p, which cancels for close points: it may return a
wrong neighbour, or a distance of zero (docs/method.md). So a search only proposes: the points are centred in float64,
more candidates are asked for than are wanted, their distances are computed in float64, and where a location that was
not proposed could still be as near, within a bound on the search's rounding, the next search is asked (`searches`).
Equal distances are ordered by location; where they would be cut in two, the query is compared with all locations.

An approximate search (`approximate`) overlooks locations and does not know it. What it does propose is measured and
ordered in the same way, so that only which locations are found is approximate; and where it finds fewer than are asked
for, the exact searches finish. `recall` measures what it misses.
"""

import copy
from dataclasses import dataclass

import numpy as np

from diffmem.neighbours.exact import Searches, distances, exact

BLOCK = 4096  # queries searched at once


@dataclass(frozen=True)
class Neighbours:
    """The nearest locations of q points: distances (q, k), float64, ascending, and locations (q, k), int32.

    Where fewer than k locations exist, the rest has distance infinity and location -1.
    """

    distance: np.ndarray
    location: np.ndarray


class Index:
    """Searches among the ``positions`` (m, d) of distinct locations; location j is row j.

    Attributes:
        positions: the positions, less their ``centre``.
        searches: what is asked in turn, made by the argument of that name.
        kind: name of the first of them.
    """

    def __init__(self, positions: np.ndarray, searches: Searches = exact):
        self.centre = positions.mean(0) if len(positions) else 0.0
        self.positions = positions - self.centre
        self.searches = searches(self.positions)

    @property
    def kind(self) -> str:
        """Name of the search that is asked first."""
        return self.searches[0].name

    def without_guesses(self) -> "Index":
        """An index over the same memory that only asks exact searches."""
        index = copy.copy(self)
        index.searches = [search for search in self.searches if search.exact]
        return index

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
            measured = distances(queries[todo], self.positions, proposed)
            distance[todo], location[todo] = _ordered(measured, proposed, k)
            todo = todo[unseen <= distance[todo, -1]]
            if not len(todo):
                break
        return distance, location


def _ordered(distance: np.ndarray, location: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The first ``k`` candidates by distance, equal distances by location."""
    order = np.lexsort((location, distance), axis=1)[:, :k]
    return np.take_along_axis(distance, order, 1), np.take_along_axis(location, order, 1)
