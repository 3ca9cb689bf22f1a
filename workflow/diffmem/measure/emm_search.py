"""Choice of the training sizes to run next, so that few runs determine the effective memorization of an arm.

Only the sizes that the config lists (the grid) are run. A search that is continued, and any other search with the same
grid, can therefore use the files of earlier runs.

The search is a bisection. The smallest and the largest size are run first. Of the sizes that have been run, take the
last one with a share of at least 0.9 and the next one. The size in the middle between them on the grid is run next,
until the two are neighbours on the grid. Finally the next smaller and the next larger size are run. Whether a size lies
above the line is decided by the decreasing sequence nearest to the means over replicates. If a later run contradicts an
earlier one, this sequence averages them, and the search continues with the new bracket. Each round runs a size that has
not been run before, so that the search ends.
"""

from collections.abc import Mapping, Sequence
from itertools import zip_longest

import numpy as np

from diffmem.measure.emm import LINE, falling_means


def following(done: Mapping[int, Sequence[float]], sizes: np.ndarray) -> tuple[int, ...]:
    """Sizes to run next; empty if the search is complete.

    Args:
        done: size -> share of memorized points in every replicate. Sizes that are not on the grid are ignored.
        sizes: the grid, distinct and ascending, of shape (k,).
    """
    places = np.flatnonzero(np.isin(sizes, list(done)))
    if missing := [size for size in sizes[[0, -1]].tolist() if size not in done]:
        return tuple(missing)
    rows = [done[size] for size in sizes[places].tolist()]
    values = np.array(list(zip_longest(*rows, fillvalue=np.nan)), dtype=float).T
    above = int((falling_means(values) >= LINE).sum())
    last = places[above - 1] if above else -1
    first = places[above] if above < len(places) else len(sizes)
    if first - last > 1 and 0 < above < len(places):
        return (int(sizes[(last + first) // 2]),)
    beyond = [place for place in (last - 1, first + 1) if 0 <= place < len(sizes)]
    return tuple(int(sizes[place]) for place in beyond if place not in places)
