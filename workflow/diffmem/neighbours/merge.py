r"""Merging of near copies in a training set into one location, so that the rule of 1/3 still detects their copies.

Let the training set hold an image x and a near copy x' of it. A generated copy g of x has the distances d_1 = |g - x|
and d_2 = |g - x'|, which are almost equal, so that the rule d_1 / d_2 < 1/3 does not call it a copy. Exact duplicates
share a location in any case (``diffmem.locations``). With a radius h, two locations are also merged if their root mean
square difference per feature is at most h,

    |x - x'| / sqrt(d) <= h,                                                                           (1)

or if a chain of such pairs connects them. The first row of a merged location represents it, and d_2 is the distance to
the next merged location. h must be well below the distances between images that are not copies, since a chain may
otherwise connect those too. The number of merged locations is logged. If all locations are merged into one, there is no
second neighbour, which is an error.
"""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from diffmem.locations import first_rows
from diffmem.neighbours.exact import VALUES


def merged(points: np.ndarray, location: np.ndarray, *, radius: float) -> np.ndarray:
    """Location of every row of ``points`` (n, d) after near locations are merged by (1).

    Args:
        points: of shape (n, d).
        location: location of every row before merging, of shape (n,).
        radius: h of (1), in units of the points; 0 returns ``location`` unchanged.

    Returns:
        an integer array of shape (n,), numbered by first appearance as in ``diffmem.locations.locations``.

    Raises:
        ValueError: if only one location is left, so that there is no second neighbour.
    """
    if radius == 0:
        return location
    rows = first_rows(location)
    group = _components(points[rows].astype(np.float64), radius * np.sqrt(points.shape[1]))
    if group.max() == 0:
        raise ValueError(
            f"measure.merge = {radius:g}: makes one location of all {len(rows)} training locations, "
            "but the rule of 1/3 needs two; give a smaller distance"
        )
    return group[location]


def _components(positions: np.ndarray, reach: float) -> np.ndarray:
    """Connected component of each of the ``positions`` (m, d): shape (m,), numbered by first appearance.

    Two positions are connected if their distance is at most ``reach``. The positions are processed in blocks, so that
    no more than ``VALUES`` pairs are in memory at once.
    """
    from sklearn.neighbors import NearestNeighbors  # takes a second to import, and most runs merge nothing

    count = len(positions)
    centred = positions - positions.mean(0)  # reduces rounding: distances are computed from a difference of squares
    nearby = NearestNeighbors(radius=reach, algorithm="brute").fit(centred)
    each = first = np.arange(count)  # for every position, the first position of its component so far
    for start in range(0, count, step := max(1, VALUES // count)):
        near = nearby.radius_neighbors_graph(centred[start : start + step], mode="connectivity").tocoo()
        pairs = np.concatenate([each, near.row + start]), np.concatenate([first, near.col])
        graph = coo_array((np.ones(len(pairs[0]), bool), pairs), shape=(count, count))
        _, numbers, inverse = np.unique(connected_components(graph, directed=False)[1], return_index=True,
                                        return_inverse=True)  # fmt: skip
        first = numbers[inverse]
    return np.unique(first, return_inverse=True)[1]
