r"""Is a generated density closer to the training points or to the truth? Overlaps of densities, as logarithms.

A set A of points in d dimensions stands for the density rho_A(x) = mean_a N(x; a, eps_A^2 I). With the generated
density rho_G, training points T and points O of the truth (Halder and Pehlevan, eq. 10 and 19),

    E_AG = int (rho_G - rho_A)^2 = g + p_A - 2 c_A,   p_A = int rho_A^2,   c_A = int rho_A rho_G,           (1)
    Delta = E_TG - E_OG = (p_T - p_O) - 2 (c_T - c_O).                                                  (2)

The integral of a product of Gaussians is a Gaussian. With rho_G = N(mu, Sigma),

    c_A = mean_a N(a; mu, Sigma + eps_A^2 I),   p_A = mean_{ab} N(a - b; 0, 2 eps_A^2 I).                (3)

For a generator known by samples g with kernels of width h, c_A = mean_{ga} N(g - a; 0, (eps_A^2 + h^2) I).

In 100 dimensions c is 1e-20 times p, and the pairs of a point with itself make up all of p but 1e-14. They are the
same for T and O by the choice of bandwidth. So all overlaps are logarithms, and p is kept in two parts: the pairs of a
point with itself, and the pairs of different points. Besides the sign of (2) there is the form of Cauchy and Schwarz,
which does not depend on the norm of the densities,

    Delta_CS = (log p_T - log p_O) / 2 - (log c_T - log c_O),                                           (4)

the difference of the two -log(c_A / sqrt(g p_A)), each of which is zero for proportional densities. g cancels in (2)
and in (4).

The paper's bandwidth is eps = s n^(-1/d). The capacity bandwidth solves (1/2) log det(I + C / eps^2) = log n: at this
noise, n points fill as much volume as the law N(m, C) (Biroli et al. 2024, https://arxiv.org/abs/2402.18491).
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import logsumexp

from diffmem.gaussian import Normal, Parts

BLOCK = 2000  # rows of a block of pair distances
ROUNDING = 1e-9  # two logarithms that differ by less are equal


class SelfOverlap(NamedTuple):
    """log p_A in two parts: the pairs of a point with itself, and the pairs of different points."""

    diagonal: float
    rest: float

    @property
    def total(self) -> float:
        """log p_A."""
        return float(np.logaddexp(self.diagonal, self.rest))


class Overlaps(NamedTuple):
    """log p_A and log c_A of one set."""

    p: SelfOverlap
    c: float


# --- bandwidths -------------------------------------------------------------------------------------------------------


def bandwidth(count: int, *, scale: float, dimension: int, factor: float = 1.0) -> float:
    """The paper's kernel width for ``count`` points of a law with root mean variance ``scale``, times ``factor``.

    Raises:
        ValueError: if it is not positive.
    """
    width = factor * scale * count ** (-1 / dimension)
    if not width > 0:
        raise ValueError(f"bandwidth = {width:g}: must be positive; give a positive factor and points that differ")
    return width


def capacity_bandwidth(count: int, variances: np.ndarray) -> float:
    """The capacity bandwidth for ``count`` points of a law with these ``variances`` (d,), d >= 1.

    Raises:
        ValueError: for a single point, whose bandwidth is infinite.
    """
    if count < 2:
        raise ValueError(f"n = {count}: a single point has an infinite capacity bandwidth; give at least two")

    def excess(log_square: float) -> float:
        return 0.5 * np.log1p(variances / np.exp(log_square)).sum() - np.log(count)

    top = np.log(variances.sum() / np.log(count))  # log(1 + x) <= x puts the root below this
    return float(np.exp(brentq(excess, top - 200, top) / 2))


# --- overlaps ---------------------------------------------------------------------------------------------------------


def overlaps(generated: Normal | np.ndarray, points: np.ndarray, *, width: float, sample_width: float) -> Overlaps:
    """Both overlaps (3) of ``points`` (n, d); arguments as those of `log_cross`."""
    c = log_cross(generated, points, width=width, sample_width=sample_width)
    return Overlaps(log_self(points, width=width), c)


def log_self(points: np.ndarray, *, width: float) -> SelfOverlap:
    """log p_A of (3) for ``points`` (n, d) with kernels of this ``width``."""
    n, d = points.shape
    rest = log_mean_kernel(points, points, variance=2 * width**2, distinct=True)
    return SelfOverlap(_log_diagonal(n, d, width), rest)


def log_cross(generated: Normal | np.ndarray, points: np.ndarray, *, width: float, sample_width: float = 0.0) -> float:
    """log c_A of (3) for ``points`` (n, d) with kernels of this ``width``.

    Args:
        generated: the generated law, or samples of it of shape (m, d), with kernels of ``sample_width``.
    """
    if isinstance(generated, Normal):
        logs = generated.log_density(points, extra=width**2)
        return float(_log_sum(logs) - np.log(len(points)))
    return log_mean_kernel(generated, points, variance=width**2 + sample_width**2)


def log_self_expected(parts: Parts, *, count: int | None, width: float) -> SelfOverlap:
    """log of the mean of p_A over sets of ``count`` points of a mixture; None stands for infinitely many points."""
    pairs = [np.log(v * w) + _log_normal_overlap(a, b, 2 * width**2) for v, a in parts for w, b in parts]
    rest = float(logsumexp(pairs))
    if count is None:
        return SelfOverlap(-np.inf, rest)
    return SelfOverlap(_log_diagonal(count, len(parts[0][1].mean), width), rest + np.log1p(-1 / count))


def log_cross_expected(
    generated: Normal | np.ndarray, parts: Parts, *, width: float, sample_width: float = 0.0
) -> float:
    """log of the mean of c_A over points of a mixture, which is its limit for many points at this kernel ``width``."""
    logs = [np.log(weight) + _log_part_overlap(generated, part, width, sample_width) for weight, part in parts]
    return float(logsumexp(logs))


def log_unit(*, scale: float, dimension: int) -> float:
    """log int rho^2 of the isotropic law of this ``scale``, the unit in which overlaps are reported."""
    return -0.5 * dimension * np.log(4 * np.pi * scale**2)


# --- comparisons of two sets ------------------------------------------------------------------------------------------


def delta_cs(train: Overlaps, truth: Overlaps) -> float:
    """Equation (4): positive where the generated density is nearer to the set ``truth`` than to ``train``."""
    return (train.p.total - truth.p.total) / 2 - (train.c - truth.c)


def delta_l2_sign(train: Overlaps, truth: Overlaps) -> float:
    """Sign of (2): 1, -1 or 0. Diagonal parts that agree to rounding cancel exactly, as their formulas do."""
    terms = [train.p.rest, truth.p.rest, train.c + np.log(2), truth.c + np.log(2)]
    signs = [1.0, -1.0, -1.0, 1.0]
    if abs(train.p.diagonal - truth.p.diagonal) > ROUNDING:
        terms, signs = [*terms, train.p.diagonal, truth.p.diagonal], [*signs, 1.0, -1.0]
    return float(logsumexp(terms, b=signs, return_sign=True)[1])


# --- kernel densities -------------------------------------------------------------------------------------------------


def log_mean_kernel(x: np.ndarray, y: np.ndarray, *, variance: float, distinct: bool = False) -> float:
    """log mean_ij N(x_i - y_j; 0, variance I) for x (m, d) and y (n, d).

    With ``distinct``, the terms i = j are left out of the sum; it is divided by m n all the same.
    """
    return _log_sum(log_kernel_density(x, y, variance=variance, distinct=distinct)) - np.log(len(x))


def log_kernel_density(x: np.ndarray, y: np.ndarray, *, variance: float, distinct: bool = False) -> np.ndarray:
    """log mean_j N(x_i - y_j; 0, variance I) at every row of x (m, d), of shape (m,). ``distinct`` leaves out j = i."""
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
        largest = np.maximum(exponent.max(1), np.finfo(float).min)  # a single point has no pair
        with np.errstate(divide="ignore"):
            logs[start : start + BLOCK] = np.log(np.exp(exponent - largest[:, None]).sum(1)) + largest
    return logs - np.log(len(y)) - 0.5 * x.shape[1] * np.log(2 * np.pi * variance)


def log_mixture_density(points: np.ndarray, parts: Parts) -> np.ndarray:
    """log density of a mixture at ``points`` (n, d), of shape (n,)."""
    return logsumexp([np.log(weight) + part.log_density(points) for weight, part in parts], axis=0)


def _log_diagonal(count: int, d: int, width: float) -> float:
    return -np.log(count) - 0.5 * d * np.log(4 * np.pi * width**2)


def _log_part_overlap(generated: Normal | np.ndarray, part: Normal, width: float, sample_width: float) -> float:
    if isinstance(generated, Normal):
        return _log_normal_overlap(generated, part, width**2)
    return float(_log_sum(part.log_density(generated, extra=width**2 + sample_width**2)) - np.log(len(generated)))


def _log_normal_overlap(a: Normal, b: Normal, extra: float) -> float:
    """log N(a.mean - b.mean; 0, C_a + C_b + extra I)."""
    factor = np.linalg.cholesky(a.covariance + b.covariance + extra * np.eye(len(a.mean)))
    between = np.linalg.solve(factor, a.mean - b.mean)
    return float(-0.5 * (between @ between + len(between) * np.log(2 * np.pi)) - np.log(np.diag(factor)).sum())


def _log_sum(logs: np.ndarray) -> float:
    """log of the sum of exponentials; several times faster than scipy's logsumexp, which takes weights and axes."""
    largest = logs.max()
    return float(largest) if not np.isfinite(largest) else float(np.log(np.exp(logs - largest).sum()) + largest)
