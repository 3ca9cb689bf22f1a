"""Locations: the distinct positions among which nearest neighbours are searched.

Exact copies of a point share one *location*. A search among rows would have two problems: row order or rounding would
decide which of two copies is the nearest, and the second neighbour of a copied point would be its own copy.
"""

import numpy as np


def locations(points: np.ndarray) -> np.ndarray:
    """Location of every row of ``points`` (n, d): an integer array of shape (n,), numbered by first appearance."""
    order, new = _sorted(points)
    first = order[new]  # the first row of each location, as equal rows stay in their order
    rank = np.empty(len(first), dtype=np.int32)
    rank[np.argsort(first)] = np.arange(len(first), dtype=np.int32)
    result = np.empty(len(points), dtype=np.int32)
    result[order] = rank[np.cumsum(new) - 1]
    return result


def first_rows(location: np.ndarray) -> np.ndarray:
    """First row of each location, of shape (m,), for the result ``location`` (n,) of ``locations``."""
    return np.unique(location, return_index=True)[1]


def distinct(points: np.ndarray) -> np.ndarray:
    """The distinct rows of ``points`` (n, d), sorted by their coordinates: shape (m, d)."""
    return points[distinct_rows(points)]


def distinct_rows(points: np.ndarray) -> np.ndarray:
    """Rows of ``points`` (n, d) that hold each of its m positions once, in the order of `distinct`: shape (m,)."""
    order, new = _sorted(points)
    return order[new]


def check_points(*, compact: bool = False, **sets: np.ndarray) -> list[np.ndarray]:
    """Convert the named sets to float64 arrays of shape (points, features), and check them.

    ``compact`` leaves sets that are all of float32 as they are.

    Raises:
        ValueError: if a set has another shape, no points or values that are not finite, or if the numbers of features
            differ.
    """
    small = compact and all(getattr(points, "dtype", None) == np.float32 for points in sets.values())
    sets = {name: np.asarray(points, np.float32 if small else np.float64) for name, points in sets.items()}
    for name, points in sets.items():
        if points.ndim != 2 or min(points.shape) == 0:
            raise ValueError(f"{name}: must be an array of shape (points, features), found {points.shape}")
        if broken := np.count_nonzero(~np.isfinite(points).all(1)):
            raise ValueError(f"{name}: {broken} points are NaN or infinite; remove them")
    if len({points.shape[1] for points in sets.values()}) > 1:
        shapes = ", ".join(f"{name} {points.shape}" for name, points in sets.items())
        raise ValueError(f"{', '.join(sets)} must have the same number of features, found {shapes}")
    return list(sets.values())


def _sorted(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of ``points`` (n, d) sorted by their coordinates, and which differ from the row before: each of shape (n,).

    Column after column, only the rows that are equal so far are sorted, which needs no copy of the points.
    """
    order, new = np.arange(len(points)), np.zeros(len(points), dtype=bool)
    new[:1] = True
    tied = order.copy()  # places of the rows that equal a neighbour in all columns so far
    for column in range(points.shape[1]):
        value = points[order[tied], column]
        by = np.lexsort((value, np.cumsum(new[tied])))
        order[tied], value = order[tied[by]], value[by]
        new[tied[1:]] |= value[1:] != value[:-1]
        alone = new & np.append(new[1:], True)
        tied = tied[~alone[tied]]
        if len(tied) == 0:
            break
    return order, new
