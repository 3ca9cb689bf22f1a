r"""Copies by the rule of Gu et al. 2023, "On Memorization in Diffusion Models", and interpolated copies.

d_1 <= d_2 <= d_3 are the distances from a point x to its nearest training locations a_1, a_2, a_3:

    R_mem = share of points with d_1 / d_2 < h,   h = 1/3 in the paper                                 (1)
    KNN distance = mean d_1 / sqrt(d)                                                                  (2)
    d_12 = min over t in [0, 1] of |x - a_1 - t (a_2 - a_1)|,   interpolated if d_12 / d_3 < h         (3)

(1) and (2) are from https://arxiv.org/abs/2310.02664. (2) is a root mean square difference per feature, in units of the
points. A blend of two training images has d_1 / d_2 near 1 and is not a copy by (1). (3) applies the rule to the
distance from the segment between the two images. Neighbours are searched among locations: if every training image
occurred twice among them, perfect copies would have d_1 / d_2 = 1.

Held-out images are no copies, but some of them satisfy (1) or (3). Their share is the null rate of the criterion (about
3^-m for (1), see `criteria`). `judged` reports it together with the share of the generated images.

The paper rounds images to whole numbers before it compares them. With x scaled to [-1, 1], the rounded value is

    u = clip(trunc(127.5 x + 128), 0, 255).                                                            (4)
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from diffmem.locations import distinct
from diffmem.measure.criteria import ONE_THIRD, second
from diffmem.neighbours.index import Index

THRESHOLDS = (1 / 5, 1 / 4, ONE_THIRD, 1 / 2, 2 / 3)  # values of h

Space = Callable[[np.ndarray], np.ndarray]  # points (n, d) -> features (n, f)


def pixels(points: np.ndarray, *, low: float, high: float) -> np.ndarray:
    """Round ``points`` of any shape by (4): whole numbers from 0 to 255, float64, of the same shape.

    Use it on both training and generated points before the search for neighbours.

    Args:
        points: coordinates of images.
        low, high: the coordinates of black and of white.
    """
    x = 2 * (np.asarray(points, dtype=np.float64) - low) / (high - low) - 1
    return np.clip(np.trunc(127.5 * x + 128), 0, 255)


def shares(distance: np.ndarray, thresholds: tuple[float, ...] = THRESHOLDS) -> np.ndarray:
    """R_mem (1) at each of the t ``thresholds``, of shape (t,), from the ``distance`` (g, 2) of a neighbour table."""
    score = second(distance)
    return np.array([np.mean(score < threshold) for threshold in thresholds])


def knn_distance(distance: np.ndarray, *, dimension: int) -> float:
    """KNN distance (2), from the ``distance`` (g, 2) of points of ``dimension`` features."""
    return float(np.mean(distance[:, 0], dtype=float) / np.sqrt(dimension))


def rates(tables: np.ndarray, *, fresh: np.ndarray, dimension: int) -> pd.DataFrame:
    """R_mem (1) and KNN distance (2) of every snapshot, from stored distances.

    Args:
        tables: distances of the generated points to their two nearest training locations, of shape (s, g, 2).
        fresh: the same distances of held-out points, of shape (f, 2).
        dimension: number of features.

    Returns:
        a table with one row per snapshot and threshold and the columns snapshot, threshold, r_mem, null (r_mem of the
        held-out points), count (number of generated points), knn (2) and knn_null (2 of the held-out points).
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
    """R_mem (1) of every snapshot in two parts: copies of repeated training images, and copies of single ones.

    A copy is assigned to its nearest training location. The two parts add up to R_mem. If a model copies
    every row equally often, the first part is R_mem times the share of repeated rows.

    Args:
        tables: neighbour tables with the fields train_distance and train_location, of shape (s, g).
        location: location of every training row, of shape (n,), numbered as in ``tables``.

    Returns:
        a table with one row per snapshot and threshold and the columns snapshot, threshold, r_mem_repeated,
        r_mem_single, repeated_locations and repeated_rows (the share of repeated images among the training locations
        and among the training rows).
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
    """Copies by (1) and interpolated copies by (3) of ``train`` among generated and among held-out points.

    Args:
        train, held_out, generated: points of shape (n, d), (h, d) and (g, d).
        space: converts points (n, d) to the features (n, f) in which distances are computed, such as ``pixels`` or the
            features of a network. None stands for the points themselves.

    Returns:
        a table with one row per set (generated, held-out) and threshold and the columns set, threshold, r_mem (1),
        interpolated (share by (3) that is not a copy by (1)), count and knn (2).
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
    """d_12 / d_3 of (3) for ``points`` (g, d): shape (g,); NaN if the ``index`` has fewer than three locations."""
    found = index.nearest(points, 3)
    first, other = (index.positions[found.location[:, i]] + index.centre for i in (0, 1))
    return second(np.stack([segment_distance(points, first, other), found.distance[:, 2]], axis=1))


def segment_distance(points: np.ndarray, first: np.ndarray, other: np.ndarray) -> np.ndarray:
    """d_12 of (3): distances (g,) of ``points`` (g, d) from the segments between ``first`` and ``other`` (g, d)."""
    along = other - first
    length = np.square(along).sum(1)
    part = ((points - first) * along).sum(1) / np.where(length > 0, length, 1)
    return np.linalg.norm(points - first - np.clip(part, 0, 1)[:, None] * along, axis=1)
