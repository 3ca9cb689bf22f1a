"""Search among items of which several versions count as one, such as an image and its mirror image.

The distance of a query x to item j is

    D_j(x) = min_a |x - a(j)|,                                                                         (1)

over the versions a, the first of which is the item itself. If j is among the k items with the smallest D, and the
version a attains the minimum, then fewer than k items have a version a that is nearer to x. Therefore the k nearest by
(1) are among the k nearest of each version, and searching one version after the other is exact. Only one version of
all items is in memory at a time.
"""

import hashlib
from collections.abc import Callable, Iterator

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from diffmem.locations import locations
from diffmem.neighbours.index import Index, Neighbours, ordered

Versions = Callable[[np.ndarray], Iterator[np.ndarray]]  # items (m, d) -> (m, d) for each version, the items first


class VersionedIndex:
    """Search by (1) among ``positions`` (m, d); it has the interface of `Index`."""

    def __init__(self, positions: np.ndarray, versions: Versions):
        self.positions = positions
        self.versions = versions

    def nearest(self, queries: np.ndarray, k: int) -> Neighbours:
        """The ``k`` nearest items of each of the ``queries`` (q, d): distances and locations of shape (q, k)."""
        best: Neighbours | None = None
        for positions in self.versions(self.positions):
            found = Index(positions).nearest(queries, k)
            best = found if best is None else _merged(best, found)
        assert best is not None  # the items themselves are a version
        return best


def closest_version(queries: np.ndarray, items: np.ndarray, versions: Versions) -> np.ndarray:
    """Number of the version of ``items[i]`` that is nearest to ``queries[i]``, of shape (q,); both are (q, d)."""
    number = np.zeros(len(queries), dtype=np.int32)
    least = np.full(len(queries), np.inf)
    for i, positions in enumerate(versions(items)):
        distance = np.linalg.norm(queries - positions, axis=1)
        number[distance < least] = i
        least = np.minimum(distance, least)
    return number


def shared_locations(points: np.ndarray, versions: Versions) -> np.ndarray:
    """Location of every row of ``points`` (n, d), where items that are versions of each other have the same.

    Returns:
        integers of shape (n,), numbered by first appearance; without further versions those of `locations`.
    """
    n = len(points)
    own = _digests(points)
    keys, first = np.unique(own, return_index=True)
    rows, others = [np.arange(n)], [first[np.searchsorted(keys, own)]]
    for positions in versions(points):
        digest = _digests(positions)
        place = np.minimum(np.searchsorted(keys, digest), len(keys) - 1)
        known = keys[place] == digest
        rows.append(np.flatnonzero(known))
        others.append(first[place[known]])
    edges = np.concatenate(rows), np.concatenate(others)
    graph = coo_array((np.ones(len(edges[0]), dtype=bool), edges), shape=(n, n))
    return locations(connected_components(graph, directed=False)[1][:, None])


def _digests(points: np.ndarray) -> np.ndarray:
    """A digest of 16 bytes of every row of ``points`` (n, d), of shape (n,), which takes no copy of all points."""
    rows = ((row + 0).tobytes() for row in points)  # +0 makes -0.0 and 0.0 the same bytes
    return np.array([hashlib.blake2b(row, digest_size=16).hexdigest() for row in rows])


def _merged(one: Neighbours, other: Neighbours) -> Neighbours:
    """The k nearest of both, each item once, at its smaller distance."""
    k = one.distance.shape[1]
    distance = np.hstack([one.distance, other.distance])
    location = np.hstack([one.location, other.location])
    order = np.lexsort((distance, location), axis=1)
    distance, location = (np.take_along_axis(part, order, 1) for part in (distance, location))
    again = location[:, 1:] == location[:, :-1]
    distance[:, 1:][again] = np.inf
    location[:, 1:][again] = -1
    return Neighbours(*ordered(distance, location, k))
