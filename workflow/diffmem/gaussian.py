"""Gaussian distributions, given by their mean and principal axes.

With the eigendecomposition Sigma = sum_j w_j v_j v_j^T of the covariance,

    log N(x; mean, Sigma + c I) = -1/2 sum_j [ (v_j.(x - mean))^2 / (w_j + c) + log 2 pi (w_j + c) ].       (1)

One decomposition serves all c > 0, and Sigma may be singular, as it is for a model fitted to fewer points than
features.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class Normal:
    """N(mean, Sigma).

    Attributes:
        mean: of shape (d,).
        variances: eigenvalues w of Sigma, of shape (d,), in any order, not negative.
        axes: the eigenvectors, one per column, of shape (d, d).
    """

    mean: np.ndarray
    variances: np.ndarray
    axes: np.ndarray

    @cached_property
    def covariance(self) -> np.ndarray:
        """Sigma, of shape (d, d)."""
        return (self.axes * self.variances) @ self.axes.T

    @property
    def scale(self) -> float:
        """Root of the mean variance per coordinate: s in the kernel bandwidths."""
        return float(np.sqrt(self.variances.mean()))

    def log_density(self, points: np.ndarray, *, extra: float = 0.0) -> np.ndarray:
        """Equation (1) with c = ``extra`` at ``points`` (n, d), of shape (n,); Sigma + c I must be invertible."""
        widened = self.variances + extra
        along = (points - self.mean) @ self.axes
        return -0.5 * (np.square(along) @ (1 / widened) + np.log(2 * np.pi * widened).sum())

    def sample(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Independent draws, of shape (count, d)."""
        return self.mean + (rng.standard_normal((count, len(self.mean))) * np.sqrt(self.variances)) @ self.axes.T


Parts = tuple[tuple[float, Normal], ...]  # weights that sum to one, and the Gaussians of a mixture


def normal(mean: np.ndarray, covariance: np.ndarray) -> Normal:
    """The distribution with ``mean`` (d,) and ``covariance`` (d, d)."""
    variances, axes = np.linalg.eigh(covariance)
    return Normal(np.asarray(mean, dtype=float), np.maximum(variances, 0), axes)


def diagonal(variances: np.ndarray) -> Normal:
    """The distribution of mean zero and independent coordinates with ``variances`` (d,)."""
    variances = np.asarray(variances, dtype=float)
    return Normal(np.zeros(len(variances)), variances, np.eye(len(variances)))


def fit_normal(points: np.ndarray) -> Normal:
    """The distribution with the mean and the unbiased covariance of ``points`` (n, d), n >= 2; singular for n <= d."""
    centre, d = points.mean(0), points.shape[1]
    law = normal(centre, (points - centre).T @ (points - centre) / (len(points) - 1))
    law.variances[: max(d - len(points) + 1, 0)] = 0  # ascending: the first ones are zero except for rounding errors
    return law


def match_moments(parts: Parts) -> Normal:
    """The Gaussian with the mean and the covariance of a mixture."""
    if len(parts) == 1:
        return parts[0][1]
    zero = parts[0][1]
    mean = sum((weight * part.mean for weight, part in parts), np.zeros_like(zero.mean))
    spread = (w * (p.covariance + np.outer(p.mean - mean, p.mean - mean)) for w, p in parts)
    return normal(mean, sum(spread, np.zeros_like(zero.covariance)))
