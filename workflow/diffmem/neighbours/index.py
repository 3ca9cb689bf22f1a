"""Nearest neighbours among locations, with float64 distances. The search is exact unless the backend is approximate.

A product computes squared distances in float32 as |q|^2 + |p|^2 - 2 q.p. For close points this difference loses its
significant digits, so that the neighbour may be wrong and the distance zero (docs/method/neighbours.md). A search
therefore has three steps. (1) The points are centred in float64, and a backend proposes more candidates than are
requested. (2) The distances of the candidates are computed in float64, and equal distances are ordered by location.
(3) If, within the bound on the backend's rounding error, a location that was not proposed could be as near, the backend
proposes more, and if that does not suffice, the query is compared with all locations.

An approximate backend (`approximate`) may miss locations without reporting it. Its candidates are measured and ordered
in the same way, so that only the set of candidates is approximate. If it finds fewer candidates than requested, the
query is compared with all locations. `recall` measures the share of neighbours that it finds.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np

from diffmem.neighbours.centred import Centred, Positions
from diffmem.neighbours.exact import Approximate, MakeBackend, compare_with_all, distances, exact

BLOCK = 4096  # queries searched at once
MORE = 100  # further candidates, where those proposed may not suffice


@dataclass(frozen=True)
class Neighbours:
    """The k nearest locations of each of q points.

    If fewer than k locations exist, the remaining distances are infinite and the remaining locations are -1.

    Attributes:
        distance: of shape (q, k), float64, ascending in each row.
        location: of shape (q, k), int32.
    """

    distance: np.ndarray
    location: np.ndarray


class Search(Protocol):
    """What a search among locations offers, by whichever distance."""

    def nearest(self, queries: np.ndarray, k: int) -> Neighbours:
        """The ``k`` nearest locations of each of the ``queries`` (q, d)."""
        ...


MakeSearch = Callable[[np.ndarray], Search]  # positions (m, d) -> search among them


class Index:
    """Search among the ``positions`` (m, d) of distinct locations; location j is row j.

    Attributes:
        centre: mean of the given positions, of shape (d,); 0.0 if there are none.
        positions: the given positions minus ``centre``, of shape (m, d), float64; those given in float32 are converted
            when they are used.
        backend: the object that proposes candidates; the argument of this name makes it.
    """

    centre: np.ndarray | float
    positions: Positions

    def __init__(self, positions: np.ndarray, backend: MakeBackend = exact):
        self.centre = positions.mean(0, dtype=np.float64) if len(positions) else 0.0
        small = positions.dtype == np.float32 and len(positions) > 0
        self.positions = Centred(positions, np.asarray(self.centre)) if small else positions - self.centre
        self.backend = backend(self.positions)

    def exact_only(self) -> "Index":
        """An index with an exact backend that shares the positions of this one."""
        index = copy.copy(self)
        if not self.backend.exact:
            index.backend = cast(Approximate, self.backend).exact_backend
        return index

    def nearest(self, queries: np.ndarray, k: int) -> Neighbours:
        """The ``k`` nearest locations of each of the ``queries`` (q, d): distances and locations of shape (q, k).

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
        """Distances and locations (q, k) of centred queries (q, d); k is at most the number of locations."""
        distance, location = np.empty((len(queries), k)), np.empty((len(queries), k), dtype=np.int64)
        left = np.arange(len(queries))
        for more in (0, MORE):
            proposed, bound = self.backend(queries[left], min(k + more, len(self.positions)))
            distance[left], location[left] = self._measured(queries[left], proposed, k)
            left = left[bound <= distance[left, -1]]
            if len(left) == 0:
                return distance, location
        proposed = compare_with_all(queries[left], self.positions, k)
        distance[left], location[left] = self._measured(queries[left], proposed, k)
        return distance, location

    def _measured(self, queries: np.ndarray, proposed: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Distances in float64 and locations of the ``k`` nearest among the ``proposed`` candidates: (q, k) each."""
        return ordered(distances(queries, self.positions, proposed), proposed, k)


def ordered(distance: np.ndarray, location: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The ``k`` nearest candidates of each row; equal distances are ordered by location."""
    order = np.argsort(distance, axis=1)
    ascending = np.take_along_axis(distance, order, 1)
    tied = (ascending[:, 1:] == ascending[:, :-1]).any(1)
    order[tied] = np.lexsort((location[tied], distance[tied]), axis=1)
    return ascending[:, :k], np.take_along_axis(location, order[:, :k], 1)
