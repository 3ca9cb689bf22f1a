r"""Copies by the rule of "On Memorization in Diffusion Models", and what that rule leaves out.

d_1 <= d_2 <= d_3 are the distances from a point to its nearest training locations a_1, a_2, a_3:

    R_mem = share of points with d_1 / d_2 < h,   h = 1/3 in the paper                                 (1)
    KNN distance = mean d_1 / sqrt(d)                                                                  (2)
    d_12 = min over t in [0, 1] of |x - a_1 - t (a_2 - a_1)|,   interpolated if d_12 / d_3 < h         (3)

Gu et al. 2023, https://arxiv.org/abs/2310.02664. (2) is a root mean square per feature, pixels being on the scale that
the points are on. A blend of two training images is no copy by (1), whose d_1 / d_2 it brings to one; (3) asks of the
segment between both what (1) asks of one of them. Neighbours are sought among locations: were every training image
there twice, d_1 / d_2 = 1 for perfect copies.

Nothing that is fresh is a copy, yet some of it passes: the null rate of (1) and (3) is that of held-out images (3^-m
for (1), see `criteria`), which `judged` puts beside the rest.

The paper writes images as whole numbers before it compares them (4), x being scaled to [-1, 1]:

    u = clip(trunc(127.5 x + 128), 0, 255).                                                            (4)
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from diffmem.locations import distinct
from diffmem.measure.criteria import ONE_THIRD, second
from diffmem.neighbours.index import Index

THRESHOLDS = (1 / 5, 1 / 4, ONE_THIRD, 1 / 2, 2 / 3)  # h of the sweep

Space = Callable[[np.ndarray], np.ndarray]  # points (n, d) -> features (n, f)


def pixels(points: np.ndarray, *, low: float, high: float) -> np.ndarray:
    """Equation (4) for points of any shape of which ``low`` is black and ``high`` white: whole numbers, as float64.

    To be used on training and on generated points alike, before neighbours are sought.
    """
    x = 2 * (np.asarray(points, dtype=np.float64) - low) / (high - low) - 1
    return np.clip(np.trunc(127.5 * x + 128), 0, 255)


def shares(distance: np.ndarray, thresholds: tuple[float, ...] = THRESHOLDS) -> np.ndarray:
    """Equation (1) for every threshold, from the stored distances (g, 2) of a neighbour table: shape (thresholds,)."""
    score = second(distance)
    return np.array([np.mean(score < threshold) for threshold in thresholds])


def knn_distance(distance: np.ndarray, *, dimension: int) -> float:
    """Equation (2), from distances (g, 2) between points of ``dimension`` features."""
    return float(np.mean(distance[:, 0], dtype=float) / np.sqrt(dimension))


def rates(tables: np.ndarray, *, fresh: np.ndarray, dimension: int) -> pd.DataFrame:
    """Equations (1) and (2) of every snapshot, from what the pipeline stores.

    Args:
        tables: distances (s, g, 2) of generated points to their two nearest training locations.
        fresh: the same (f, 2) of held-out points.
        dimension: number of features.

    Returns:
        the columns snapshot, threshold, r_mem, null (r_mem of the held-out points), count, knn and knn_null.
    """
    null, knn_null = shares(fresh), knn_distance(fresh, dimension=dimension)
    parts = [
        pd.DataFrame({"threshold": THRESHOLDS, "r_mem": shares(table), "null": null, "count": len(table)}).assign(
            snapshot=number, knn=knn_distance(table, dimension=dimension), knn_null=knn_null
        )
        for number, table in enumerate(tables)
    ]
    return pd.concat(parts, ignore_index=True)


def by_repetition(tables: np.ndarray, *, location: np.ndarray) -> pd.DataFrame:
    """Equation (1) of every snapshot in two parts: copies of what is in the training set repeatedly, and once.

    A copy is one of the training location that is nearest to it. The parts add up to R_mem. Where repetition makes no
    difference to a model that copies, the first is R_mem times the repeated rows' share.

    Args:
        tables: neighbour tables (s, g), with train_distance and train_location.
        location: of every training row, of shape (n,), as in the tables.

    Returns:
        the columns snapshot, threshold, r_mem_repeated, r_mem_single, and the share of the repeated group among the
        training locations (repeated_locations) and rows (repeated_rows).
    """
    rows = np.bincount(location)
    repeated = rows > 1
    sizes = {"repeated_locations": repeated.sum() / (rows > 0).sum(), "repeated_rows": repeated[location].mean()}
    parts = []
    for number, table in enumerate(tables):
        of_repeated, score = repeated[table["train_location"][:, 0]], second(table["train_distance"])
        for threshold in THRESHOLDS:
            copied = score < threshold
            found = {"r_mem_repeated": np.mean(copied & of_repeated), "r_mem_single": np.mean(copied & ~of_repeated)}
            parts.append({"snapshot": number, "threshold": threshold, **found, **sizes})
    return pd.DataFrame(parts)


def judged(
    *, train: np.ndarray, held_out: np.ndarray, generated: np.ndarray, space: Space | None = None
) -> pd.DataFrame:
    """Both kinds of copies among ``generated`` (g, d) and ``held_out`` (h, d) points, against ``train`` (n, d).

    Args:
        space: features in which distances are taken, such as ``pixels`` or a network's; none for the points themselves.

    Returns:
        one row per set (generated, held-out) and threshold: the columns set, threshold, r_mem (1), interpolated (3,
        copies by (1) left out), count and knn (2).
    """
    space = space or np.asarray
    index = Index(distinct(space(train)))
    parts = []
    for name, points in {"generated": generated, "held-out": held_out}.items():
        features = space(points)
        distance = index.nearest(features, 3).distance
        score, between = second(distance), interpolation(features, index)
        for threshold in THRESHOLDS:
            copied = score < threshold
            row = {"set": name, "threshold": threshold, "r_mem": copied.mean(), "count": len(points)}
            row["interpolated"] = np.mean((between < threshold) & ~copied)
            parts.append({**row, "knn": knn_distance(distance, dimension=features.shape[1])})
    return pd.DataFrame(parts)


def interpolation(points: np.ndarray, index: Index) -> np.ndarray:
    """d_12 / d_3 of (3) for ``points`` (g, d): shape (g,); missing where there are fewer than three locations."""
    found = index.nearest(points, 3)
    first, other = (index.positions[found.location[:, i]] + index.centre for i in (0, 1))
    return second(np.stack([segment_distance(points, first, other), found.distance[:, 2]], axis=1))


def segment_distance(points: np.ndarray, first: np.ndarray, other: np.ndarray) -> np.ndarray:
    """d_12 of (3): distance of ``points`` (g, d) from the segments between ``first`` and ``other`` (g, d)."""
    along = other - first
    length = np.square(along).sum(1)
    part = ((points - first) * along).sum(1) / np.where(length > 0, length, 1)
    return np.linalg.norm(points - first - np.clip(part, 0, 1)[:, None] * along, axis=1)
