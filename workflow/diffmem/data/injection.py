"""Points added to a training set: clusters of outliers, exact and near duplicates.

The unit of length of an outlier cluster is the inliers' standard deviation, coordinate by coordinate; that of a near
duplicate is the distance from its original to the nearest other inlier.
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

CLEAR = 3.0  # a cluster is clear of the inliers if none lies within this many of its own standard deviations


@dataclass(frozen=True)
class Outliers:
    """Points of shape (count, d), and by how many cluster standard deviations the nearest inlier is away."""

    points: np.ndarray
    clearance: float


def outliers(
    inliers: np.ndarray, rng: np.random.Generator, *, count: int, clusters: int, distance: float, spread: float
) -> Outliers:
    """Draw ``count`` points in Gaussian clusters outside the inliers.

    A centre lies ``distance`` standard deviations of the ``inliers`` (n, d) from their mean, in a random direction
    among those in which the cluster is clear of the inliers and of earlier clusters. If 1,000 directions hold no
    clear one, the clearest is taken; the clearance is part of the result.
    """
    mean, scale = inliers.mean(0), inliers.std(0)
    occupied = (inliers - mean) / np.where(scale > 0, scale, 1)  # a constant feature stays constant
    centres, clearance = [], np.inf
    for _ in range(clusters):
        centre, found = _clear_centre(cKDTree(occupied), rng, distance=distance, spread=spread)
        centres.append(centre)
        clearance = min(clearance, found)
        occupied = np.vstack([occupied, centre])
    # a row's cluster is its number modulo the number of clusters, so that sizes differ by at most one
    chosen = np.array(centres)[np.arange(count) % clusters]
    cloud = chosen + spread * rng.standard_normal((count, inliers.shape[1]))
    return Outliers(points=mean + scale * cloud, clearance=clearance)


def _clear_centre(
    occupied: cKDTree, rng: np.random.Generator, *, distance: float, spread: float, tries: int = 1000
) -> tuple[np.ndarray, float]:
    """First direction that is clear, or the clearest of ``tries``, and its clearance in units of ``spread``."""
    directions = rng.standard_normal((tries, occupied.m))
    centres = distance * directions / np.linalg.norm(directions, axis=1, keepdims=True)
    clearance = occupied.query(centres)[0] / spread
    best = int(np.argmax(clearance >= CLEAR)) if clearance.max() >= CLEAR else int(np.argmax(clearance))
    return centres[best], float(clearance[best])


def near_duplicates(
    originals: np.ndarray, rng: np.random.Generator, *, others: np.ndarray, copies: int, jitter: float
) -> np.ndarray:
    """``copies`` noisy copies of each of the ``originals`` (m, d), copy by copy: shape (copies * m, d).

    The noise is Gaussian; its root mean square length is ``jitter`` times the distance from the original to the
    nearest other of the points ``others`` (n, d), which contain the originals.
    """
    spacing = cKDTree(others).query(originals, k=2)[0][:, 1]
    scale = jitter * np.tile(spacing, copies)[:, None] / np.sqrt(originals.shape[1])
    return np.tile(originals, (copies, 1)) + scale * rng.standard_normal((copies * len(originals), originals.shape[1]))
