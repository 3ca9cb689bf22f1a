r"""Logarithms of overlaps of densities: is a generated density closer to the training points or to the true ones?

A set A of points in d dimensions represents the density rho_A(x) = mean_a N(x; a, eps_A^2 I). With the generated
density rho_G, training points T and points O of the true distribution (Halder and Pehlevan, eq. 10 and 19),

    E_AG = int (rho_G - rho_A)^2 = g + p_A - 2 c_A,   p_A = int rho_A^2,   c_A = int rho_A rho_G,           (1)
    Delta = E_TG - E_OG = (p_T - p_O) - 2 (c_T - c_O).                                                  (2)

where g = int rho_G^2 cancels in (2). The integral of a product of Gaussian densities is a value of a Gaussian density.
With rho_G = N(mu, Sigma),

    c_A = mean_a N(a; mu, Sigma + eps_A^2 I),   p_A = mean_{ab} N(a - b; 0, 2 eps_A^2 I).                (3)

If rho_G is a kernel density of samples x with width h, c_A = mean_{xa} N(x - a; 0, (eps_A^2 + h^2) I).

In 100 dimensions c is about 1e-20 times p, and the pairs of a point with itself contribute all of p except a share of
1e-14. With equal bandwidths this contribution is the same for T and O. All overlaps are therefore computed as
logarithms, and p in two parts: pairs of a point with itself, and pairs of different points. In addition to the sign of
(2) there is the Cauchy-Schwarz form, which does not depend on the norms of the densities,

    Delta_CS = (log p_T - log p_O) / 2 - (log c_T - log c_O).                                           (4)

It is the difference of -log(c_A / sqrt(g p_A)) between T and O, where this term is zero for proportional densities; g
cancels in (4) too.

The paper's bandwidth is eps = s n^(-1/d). The capacity bandwidth solves (1/2) log det(I + C / eps^2) = log n. With this
bandwidth, n kernels fill the same volume as the distribution N(m, C) (Biroli et al. 2024,
https://arxiv.org/abs/2402.18491).
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import logsumexp

from diffmem.gaussian import Normal, Parts

BLOCK = 2000  # rows of a block of distances of pairs
ROUNDING = 1e-9  # two logarithms that differ by no more count as equal


class SelfOverlap(NamedTuple):
    """log p_A in two parts.

    Attributes:
        diagonal: logarithm of the contribution of the pairs of a point with itself.
        rest: logarithm of the contribution of the pairs of different points.
    """

    diagonal: float
    rest: float

    @property
    def total(self) -> float:
        """log p_A."""
        return float(np.logaddexp(self.diagonal, self.rest))


class Overlaps(NamedTuple):
    """log p_A and log c_A of one set A."""

    p: SelfOverlap
    c: float


# --- bandwidths -------------------------------------------------------------------------------------------------------


def bandwidth(count: int, *, scale: float, dimension: int, factor: float = 1.0) -> float:
    """The paper's kernel width, times ``factor``.

    Args:
        count: number of points n.
        scale: square root of the mean variance of the distribution, s.
        dimension: d.
        factor: by which the width is multiplied.

    Raises:
        ValueError: if the width is not positive.
    """
    width = factor * scale * count ** (-1 / dimension)
    if not width > 0:
        raise ValueError(f"bandwidth = {width:g}: must be positive; give a positive factor and points that differ")
    return width


def capacity_bandwidth(count: int, variances: np.ndarray) -> float:
    """The capacity bandwidth for ``count`` points of a Gaussian with principal ``variances`` (d,), d >= 1.

    Raises:
        ValueError: if ``count`` is 1, since the bandwidth is then infinite.
    """
    if count < 2:
        raise ValueError(f"n = {count}: a single point has an infinite capacity bandwidth; give at least two")

    def excess(log_square: float) -> float:
        return 0.5 * np.log1p(variances / np.exp(log_square)).sum() - np.log(count)

    top = np.log(variances.sum() / np.log(count))  # an upper bound of the root, from log(1 + x) <= x
    return float(np.exp(brentq(excess, top - 200, top) / 2))


# --- overlaps ---------------------------------------------------------------------------------------------------------


def overlaps(generated: Normal | np.ndarray, points: np.ndarray, *, width: float, sample_width: float) -> Overlaps:
    """Both overlaps (3) of ``points`` (n, d). The arguments are those of `log_cross`."""
    c = log_cross(generated, points, width=width, sample_width=sample_width)
    return Overlaps(log_self(points, width=width), c)


def log_self(points: np.ndarray, *, width: float) -> SelfOverlap:
    """log p_A of (3) for ``points`` (n, d) with kernels of the given ``width``."""
    n, d = points.shape
    rest = log_mean_kernel(points, points, variance=2 * width**2, distinct=True)
    return SelfOverlap(_log_diagonal(n, d, width), rest)


def log_cross(generated: Normal | np.ndarray, points: np.ndarray, *, width: float, sample_width: float = 0.0) -> float:
    """log c_A of (3).

    Args:
        generated: the generated distribution, or samples of it, of shape (m, d).
        points: the set A, of shape (n, d).
        width: kernel width of ``points``.
        sample_width: kernel width of the samples; not used for a ``Normal``.
    """
    if isinstance(generated, Normal):
        logs = generated.log_density(points, extra=width**2)
        return float(_log_sum(logs) - np.log(len(points)))
    return log_mean_kernel(generated, points, variance=width**2 + sample_width**2)


def log_self_expected(parts: Parts, *, count: int | None, width: float) -> SelfOverlap:
    """log of the expectation of p_A over sets of ``count`` points of a mixture, in two parts.

    Args:
        parts: weight and law of every component.
        count: number of points; None stands for the limit of infinitely many.
        width: kernel width.
    """
    pairs = [np.log(v * w) + _log_normal_overlap(a, b, 2 * width**2) for v, a in parts for w, b in parts]
    rest = float(logsumexp(pairs))
    if count is None:
        return SelfOverlap(-np.inf, rest)
    return SelfOverlap(_log_diagonal(count, len(parts[0][1].mean), width), rest + np.log1p(-1 / count))


def log_cross_expected(
    generated: Normal | np.ndarray, parts: Parts, *, width: float, sample_width: float = 0.0
) -> float:
    """log of the expectation of c_A over points of a mixture, which is also its limit for infinitely many points.

    Args:
        generated, width, sample_width: as in `log_cross`.
        parts: weight and law of every component.
    """
    logs = [np.log(weight) + _log_part_overlap(generated, part, width, sample_width) for weight, part in parts]
    return float(logsumexp(logs))


def log_unit(*, scale: float, dimension: int) -> float:
    """log int rho^2 of the isotropic Gaussian with standard deviation ``scale``, the unit of reported overlaps."""
    return -0.5 * dimension * np.log(4 * np.pi * scale**2)


# --- comparisons of two sets ------------------------------------------------------------------------------------------


def delta_cs(train: Overlaps, truth: Overlaps) -> float:
    """Delta_CS (4): positive if the generated density is closer to the set ``truth`` than to ``train``."""
    return (train.p.total - truth.p.total) / 2 - (train.c - truth.c)


def delta_l2_sign(train: Overlaps, truth: Overlaps) -> float:
    """Sign of Delta (2): 1, -1 or 0. Diagonal parts that differ by rounding only are left out, since they cancel."""
    terms = [train.p.rest, truth.p.rest, train.c + np.log(2), truth.c + np.log(2)]
    signs = [1.0, -1.0, -1.0, 1.0]
    if abs(train.p.diagonal - truth.p.diagonal) > ROUNDING:
        terms, signs = [*terms, train.p.diagonal, truth.p.diagonal], [*signs, 1.0, -1.0]
    return float(logsumexp(terms, b=signs, return_sign=True)[1])


# --- kernel densities -------------------------------------------------------------------------------------------------


def log_mean_kernel(x: np.ndarray, y: np.ndarray, *, variance: float, distinct: bool = False) -> float:
    """log mean_ij N(x_i - y_j; 0, variance I) for ``x`` (m, d) and ``y`` (n, d).

    With ``distinct``, the terms i = j are left out of the sum, which is still divided by m n.
    """
    return _log_sum(log_kernel_density(x, y, variance=variance, distinct=distinct)) - np.log(len(x))


def log_kernel_density(x: np.ndarray, y: np.ndarray, *, variance: float, distinct: bool = False) -> np.ndarray:
    """log mean_j N(x_i - y_j; 0, variance I) for every row of ``x`` (m, d) and ``y`` (n, d), of shape (m,).

    With ``distinct``, the terms i = j are left out of the sum, which is still divided by n.
    """
    centre = y.mean(0)
    x, y = ((a - centre) / np.sqrt(2 * variance) for a in (x, y))
    squares = np.square(y).sum(1)
    logs = np.empty(len(x))
    for start in range(0, len(x), BLOCK):
        block = x[start : start + BLOCK]
        exponent = 2 * block @ y.T
        exponent -= np.square(block).sum(1)[:, None]
        exponent -= squares
        np.minimum(exponent, 0, out=exponent)
        if distinct:
            np.fill_diagonal(exponent[:, start:], -np.inf)
        largest = np.maximum(exponent.max(1), np.finfo(float).min)  # not -inf, for a single point without pairs
        with np.errstate(divide="ignore"):
            logs[start : start + BLOCK] = np.log(np.exp(exponent - largest[:, None]).sum(1)) + largest
    return logs - np.log(len(y)) - 0.5 * x.shape[1] * np.log(2 * np.pi * variance)


def log_mixture_density(points: np.ndarray, parts: Parts) -> np.ndarray:
    """log density of a mixture with components ``parts`` at ``points`` (n, d), of shape (n,)."""
    return logsumexp([np.log(weight) + part.log_density(points) for weight, part in parts], axis=0)


def _log_diagonal(count: int, d: int, width: float) -> float:
    return -np.log(count) - 0.5 * d * np.log(4 * np.pi * width**2)


def _log_part_overlap(generated: Normal | np.ndarray, part: Normal, width: float, sample_width: float) -> float:
    if isinstance(generated, Normal):
        return _log_normal_overlap(generated, part, width**2)
    return float(_log_sum(part.log_density(generated, extra=width**2 + sample_width**2)) - np.log(len(generated)))


def _log_normal_overlap(a: Normal, b: Normal, extra: float) -> float:
    """log N(a.mean - b.mean; 0, C_a + C_b + extra I) with the covariances C_a and C_b."""
    factor = np.linalg.cholesky(a.covariance + b.covariance + extra * np.eye(len(a.mean)))
    between = np.linalg.solve(factor, a.mean - b.mean)
    return float(-0.5 * (between @ between + len(between) * np.log(2 * np.pi)) - np.log(np.diag(factor)).sum())


def _log_sum(logs: np.ndarray) -> float:
    """log of the sum of the exponentials of ``logs``; several times faster than scipy's logsumexp."""
    largest = logs.max()
    return float(largest) if not np.isfinite(largest) else float(np.log(np.exp(logs - largest).sum()) + largest)
