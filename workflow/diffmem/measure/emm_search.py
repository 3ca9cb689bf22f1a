"""Which training sizes to run next, so that few runs close in on the effective memorization of an arm.

Sizes are those that the config lists, its grid, so that a search that goes on, or another one, finds earlier runs in
their files.

First the two ends are run, then the size in the middle of those between the last one above the line of 0.9 and the next
one run, until these two are neighbours on the grid; then the size beyond each of them. Above and below are judged by
the falling sequence nearest to the means over replicates: where a later run contradicts an earlier one, both are
averaged, the bracket moves, and the search goes on from there. Every round runs a size that has not been run, so that
it ends.
"""

from collections.abc import Mapping, Sequence
from itertools import zip_longest

import numpy as np

from diffmem.measure.emm import LINE, falling_means


def following(done: Mapping[int, Sequence[float]], sizes: np.ndarray) -> tuple[int, ...]:
    """Sizes to run next, none if the search is over.

    Args:
        done: size -> its share of memorized points in every replicate; sizes that are not on the grid are ignored.
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
