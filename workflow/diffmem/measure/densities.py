r"""Is what a model generates closer to its training points or to the truth? Overlaps of densities, in logarithms.

A set A of points in d dimensions stands for the density rho_A(x) = mean_a N(x; a, eps_A^2 I), and

    E_AG = int (rho_G - rho_A)^2 = g + p_A - 2 c_A,   p_A = int rho_A^2,   c_A = int rho_A rho_G,           (1)
    Delta = E_TG - E_OG = (p_T - p_O) - 2 (c_T - c_O),                                                  (2)

for training points T and points O of the truth (Halder and Pehlevan, eq. 10 and 19). All integrals of products of
Gaussians are Gaussians: with rho_G = N(mu, Sigma),

    c_A = mean_a N(a; mu, Sigma + eps_A^2 I),   p_A = mean_{ab} N(a - b; 0, 2 eps_A^2 I),                (3)

and c_A = mean_{ga} N(g - a; 0, (eps_A^2 + h^2) I) for a generator known by samples g of bandwidth h. In 100 dimensions
c is 1e-20 of p, whose diagonal part is the same for T and O by the choice of bandwidth: so everything is a logarithm,
diagonal and rest of p are kept apart, and beside the sign of (2) stands the scale-free form of Cauchy and Schwarz,

    Delta_CS = (log p_T - log p_O) / 2 - (log c_T - log c_O),                                           (4)

the difference of -log(c_A / sqrt(g p_A)), zero where densities are proportional. g cancels in both.

The paper's bandwidth is eps = s n^(-1/d). The capacity bandwidth solves (1/2) log det(I + C / eps^2) = log n: the noise
at which n points fill what the law N(m, C) fills (Biroli et al. 2024, https://arxiv.org/abs/2402.18491).
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import logsumexp

from diffmem.gaussian import Normal, Parts

BLOCK = 2000  # rows of a block of pair distances
SAME = 1e-9  # difference of two logarithms that is rounding


class Overlap(NamedTuple):
    """log p_A, as the pairs of a point with itself and the pairs of different points."""

    diagonal: float
    rest: float

    @property
    def total(self) -> float:
        """log p_A."""
        return float(np.logaddexp(self.diagonal, self.rest))


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
    """The capacity bandwidth for ``count`` points of a law with these ``variances`` (d,); in one dimension too.

    Raises:
        ValueError: for a single point, whose bandwidth is infinite.
    """
    if count < 2:
        raise ValueError(f"n = {count}: a single point has an infinite capacity bandwidth; give two at least")

    def excess(log_square: float) -> float:
        return 0.5 * np.log1p(variances / np.exp(log_square)).sum() - np.log(count)

    top = np.log(variances.sum() / np.log(count))  # log(1 + x) <= x puts the root below this
    return float(np.exp(brentq(excess, top - 200, top) / 2))


def log_unit(*, scale: float, dimension: int) -> float:
    """log int rho^2 of the isotropic law of this ``scale``: overlaps are given in units of it."""
    return -0.5 * dimension * np.log(4 * np.pi * scale**2)


def log_cross(generated: Normal | np.ndarray, points: np.ndarray, *, width: float, own: float = 0.0) -> float:
    """log c_A of (3) for ``points`` (n, d) with kernel ``width``.

    Args:
        generated: the generated law, or samples (m, d) of it with bandwidth ``own``.
    """
    if isinstance(generated, Normal):
        logs = generated.log_density(points, extra=width**2)
        return float(_log_sum(logs) - np.log(len(points)))
    return log_mean_kernel(generated, points, variance=width**2 + own**2)


def log_cross_expected(generated: Normal | np.ndarray, parts: Parts, *, width: float, own: float = 0.0) -> float:
    """log of the expectation of c_A over points of a mixture: its limit for many points at this kernel ``width``."""
    return float(logsumexp([np.log(w) + _overlap_with(generated, part, width, own) for w, part in parts]))


def log_self(points: np.ndarray, *, width: float) -> Overlap:
    """log p_A of (3) for ``points`` (n, d) with kernel ``width``."""
    n, d = points.shape
    rest = log_mean_kernel(points, points, variance=2 * width**2, distinct=True)
    return Overlap(_diagonal(n, d, width), rest)


def log_self_expected(parts: Parts, *, count: int | None, width: float) -> Overlap:
    """log of the expectation of p_A over sets of ``count`` points of a mixture; None stands for infinitely many."""
    pairs = [np.log(v * w) + _log_normal_overlap(one, other, 2 * width**2) for v, one in parts for w, other in parts]
    rest = float(logsumexp(pairs))
    if count is None:
        return Overlap(-np.inf, rest)
    return Overlap(_diagonal(count, len(parts[0][1].mean), width), rest + np.log1p(-1 / count))


def delta_cs(p_train: Overlap, p_other: Overlap, c_train: float, c_other: float) -> float:
    """Equation (4): positive where the generated density is nearer to the other set than to the training set."""
    return (p_train.total - p_other.total) / 2 - (c_train - c_other)


def delta_l2_sign(p_train: Overlap, p_other: Overlap, c_train: float, c_other: float) -> float:
    """Sign of (2): 1, -1 or 0. Diagonal parts that agree to rounding cancel exactly, as their formulas do."""
    terms = [p_train.rest, p_other.rest, c_train + np.log(2), c_other + np.log(2)]
    signs = [1.0, -1.0, -1.0, 1.0]
    if abs(p_train.diagonal - p_other.diagonal) > SAME:
        terms, signs = [*terms, p_train.diagonal, p_other.diagonal], [*signs, 1.0, -1.0]
    return float(logsumexp(terms, b=signs, return_sign=True)[1])


def log_mean_kernel(x: np.ndarray, y: np.ndarray, *, variance: float, distinct: bool = False) -> float:
    """log mean_ij N(x_i - y_j; 0, variance I) for x (m, d) and y (n, d), with i != j only (but m n in the mean) if
    ``distinct``."""
    return _log_sum(log_kernel_density(x, y, variance=variance, distinct=distinct)) - np.log(len(x))


def log_kernel_density(x: np.ndarray, y: np.ndarray, *, variance: float, distinct: bool = False) -> np.ndarray:
    """log mean_j N(x_i - y_j; 0, variance I) at every row of x (m, d): shape (m,). ``distinct`` leaves out j = i."""
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
        largest = np.maximum(exponent.max(1), np.finfo(float).min)  # a single point has no other
        with np.errstate(divide="ignore"):
            logs[start : start + BLOCK] = np.log(np.exp(exponent - largest[:, None]).sum(1)) + largest
    return logs - np.log(len(y)) - 0.5 * x.shape[1] * np.log(2 * np.pi * variance)


def log_mixture_density(points: np.ndarray, parts: Parts) -> np.ndarray:
    """log density of a mixture at ``points`` (n, d): shape (n,)."""
    return logsumexp([np.log(weight) + part.log_density(points) for weight, part in parts], axis=0)


def _diagonal(count: int, d: int, width: float) -> float:
    return -np.log(count) - 0.5 * d * np.log(4 * np.pi * width**2)


def _overlap_with(generated: Normal | np.ndarray, part: Normal, width: float, own: float) -> float:
    if isinstance(generated, Normal):
        return _log_normal_overlap(generated, part, width**2)
    return float(_log_sum(part.log_density(generated, extra=width**2 + own**2)) - np.log(len(generated)))


def _log_normal_overlap(one: Normal, other: Normal, extra: float) -> float:
    """log N(one.mean - other.mean; 0, C_1 + C_2 + extra I)."""
    factor = np.linalg.cholesky(one.covariance + other.covariance + extra * np.eye(len(one.mean)))
    between = np.linalg.solve(factor, one.mean - other.mean)
    return float(-0.5 * (between @ between + len(between) * np.log(2 * np.pi)) - np.log(np.diag(factor)).sum())


def _log_sum(logs: np.ndarray) -> float:
    """log of the sum of exponentials, several times faster than scipy's, which knows weights and axes."""
    largest = logs.max()
    return float(largest) if not np.isfinite(largest) else float(np.log(np.exp(logs - largest).sum()) + largest)
