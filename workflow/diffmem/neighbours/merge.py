r"""Near copies in a training set count as one location, so that they do not hide copies from the rule of 1/3.

A generated copy of an image x that has a near copy x' has d_1 = |g - x| and d_2 = |g - x'|, which are about alike: by
d_1 / d_2 < 1/3 it is no copy. Exact repeats share a location from the start (``points``). With a radius h, locations
whose root mean square difference per feature is at most h,

    |x - x'| / sqrt(d) <= h,                                                                           (1)

are one as well, and so is what a chain of such steps joins; its first row stands for it. d_2 is then the distance to
something else. h has to lie well below the distances between images that are not copies, as a longer chain may join
those too: what is merged is logged, and nothing is left to judge by where all is one.
"""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.neighbors import NearestNeighbors

from diffmem.locations import first_rows
from diffmem.neighbours.exact import VALUES


def merged(points: np.ndarray, location: np.ndarray, *, radius: float) -> np.ndarray:
    """Location of every row of ``points`` (n, d) after near ones of the given ``location`` (n,) are merged by (1).

    Args:
        radius: h of (1), in units of the points; 0 leaves the locations as they are.

    Returns:
        an integer array of shape (n,), numbered by first appearance as in ``points.locations``.

    Raises:
        ValueError: if fewer than two locations are left, among which there is no second neighbour.
    """
    if radius == 0:
        return location
    rows = first_rows(location)
    group = _components(points[rows].astype(np.float64), radius * np.sqrt(points.shape[1]))
    if group.max() == 0:
        raise ValueError(
            f"measure.merge = {radius:g}: makes one location of all {len(rows)} that are trained on, "
            "and the rule of 1/3 needs two; give a smaller distance"
        )
    return group[location]


def _components(positions: np.ndarray, reach: float) -> np.ndarray:
    """Component of each of the ``positions`` (m, d) joined by steps of at most ``reach``, by first appearance.

    Blocks of positions are joined one after the other, so that no more than ``VALUES`` pairs are held at once.
    """
    count = len(positions)
    centred = positions - positions.mean(0)  # distances come from a difference of squares
    nearby = NearestNeighbors(radius=reach, algorithm="brute").fit(centred)
    each = first = np.arange(count)  # of every position, the first of those that it is joined with
    for start in range(0, count, step := max(1, VALUES // count)):
        near = nearby.radius_neighbors_graph(centred[start : start + step], mode="connectivity").tocoo()
        pairs = np.concatenate([each, near.row + start]), np.concatenate([first, near.col])
        graph = coo_array((np.ones(len(pairs[0]), bool), pairs), shape=(count, count))
        _, numbers, inverse = np.unique(connected_components(graph, directed=False)[1], return_index=True,
                                        return_inverse=True)  # fmt: skip
        first = numbers[inverse]
    return np.unique(first, return_inverse=True)[1]
