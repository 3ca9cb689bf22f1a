"""Points added to a training set: clusters of outliers, exact and near duplicates.

Lengths of outlier clusters are in units of the inliers' standard deviation, per coordinate. Lengths of near-duplicates
are in units of the distance from the original to the nearest other inlier.
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

CLEAR = 3.0  # a cluster is clear if no inlier is within this many of the cluster's standard deviations


@dataclass(frozen=True)
class Outliers:
    """Outliers of shape (count, d), and their distance from the inliers.

    ``clearance`` is the smallest distance from a cluster's centre to an inlier or an earlier centre, in standard
    deviations of the cluster.
    """

    points: np.ndarray
    clearance: float


def outliers(
    inliers: np.ndarray, rng: np.random.Generator, *, count: int, clusters: int, distance: float, spread: float
) -> Outliers:
    """Draw ``count`` points in Gaussian clusters outside the inliers.

    A centre is ``distance`` standard deviations of the ``inliers`` (n, d) away from their mean. Its direction is the
    first of 1,000 random ones in which the cluster is clear of the inliers and of earlier centres. If there is none,
    the direction with the largest clearance is used.
    """
    mean, scale = inliers.mean(0), np.where(np.ptp(inliers, axis=0) > 0, inliers.std(0), 0)
    occupied = (inliers - mean) / np.where(scale > 0, scale, 1)  # a constant feature stays constant
    centres, clearance = [], np.inf
    for _ in range(clusters):
        centre, found = _clear_centre(cKDTree(occupied), rng, distance=distance, spread=spread)
        centres.append(centre)
        clearance = min(clearance, found)
        occupied = np.vstack([occupied, centre])
    # row i belongs to cluster i modulo the number of clusters, so that sizes differ by at most one
    chosen = np.array(centres)[np.arange(count) % clusters]
    cloud = chosen + spread * rng.standard_normal((count, inliers.shape[1]))
    return Outliers(points=mean + scale * cloud, clearance=clearance)


def _clear_centre(
    occupied: cKDTree, rng: np.random.Generator, *, distance: float, spread: float, tries: int = 1000
) -> tuple[np.ndarray, float]:
    """The first clear centre of ``tries``, or the one with the largest clearance; and its clearance."""
    directions = rng.standard_normal((tries, occupied.m))
    centres = distance * directions / np.linalg.norm(directions, axis=1, keepdims=True)
    clearance = occupied.query(centres)[0] / spread
    best = int(np.argmax(clearance >= CLEAR)) if clearance.max() >= CLEAR else int(np.argmax(clearance))
    return centres[best], float(clearance[best])


def near_duplicates(
    originals: np.ndarray, rng: np.random.Generator, *, inliers: np.ndarray, copies: int, jitter: float
) -> np.ndarray:
    """Draw ``copies`` noisy copies of each of the ``originals`` (m, d), of shape (copies * m, d).

    The first m rows are one copy of each original, and so on. The noise is Gaussian. Its root mean square length is
    ``jitter`` times the distance from the original to the nearest other point of ``inliers`` (n, d), which contain the
    originals.
    """
    spacing = cKDTree(inliers).query(originals, k=2)[0][:, 1]
    scale = jitter * np.tile(spacing, copies)[:, None] / np.sqrt(originals.shape[1])
    return np.tile(originals, (copies, 1)) + scale * rng.standard_normal((copies * len(originals), originals.shape[1]))
