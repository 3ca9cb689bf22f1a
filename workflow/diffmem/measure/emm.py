r"""Effective model memorization (EMM): the largest training size at which a model still copies 90 % of its samples.

Let R(n) be the expected share of memorized points, over replicates, at the last snapshot of a model trained on n
points. Then

    EMM = max {n : R(n) >= 0.9}.                                                                       (1)

This is the EMM of Gu et al. 2023, https://arxiv.org/abs/2310.02664, with zeta = 0.1. The largest size with R(n) >= 0.9
and the next size bracket the crossing of the line R = 0.9. The estimate is the crossing of a monotone cubic (Fritsch
and Butland 1984, https://doi.org/10.1137/0905021) through y = logit R against x = log n, at these two sizes and at the
next smaller and the next larger size.

The interval is Fieller's (1954, https://doi.org/10.1111/j.2517-6161.1954.tb00159.x) for the straight line through the
two sizes, which is a logistic curve in log n. Let y_jr be the logit of replicate r's share at size j, linearised at the
mean share. In each replicate the height of the straight line above logit 0.9 at c is

    h_r(c) = ((x_2 - c) y_1r + (c - x_1) y_2r) / (x_2 - x_1) - logit 0.9,                              (2)

The interval contains every c at which Student's t test does not reject that the mean of h_r is zero. The variance of
rounding the shares to multiples of 1 / count is added to the variance of h_r. The unit is the replicate and not the
run: a replicate uses the same random streams at all sizes, so that its runs may all deviate in the same direction. The
only assumption about the deviations of replicates is that they are approximately normal.

R is not known between two sizes. The interval is therefore extended by the distance between the crossings of the
straight line and of the cubic. If fewer than two sizes lie on the slope, it is at least as long as the bracket. Sizes
further away are not used, since measured curves have no common shape: a logistic curve with a second term, fitted to
all sizes on the slope, missed the crossing of such curves in up to half of all simulated studies.
"""

from dataclasses import dataclass, field

import numpy as np
import scipy
from scipy.interpolate import PchipInterpolator
from scipy.optimize import isotonic_regression
from scipy.special import expit, logit

LINE = 0.9  # share of copies that defines EMM
FLAT = 0.02  # shares closer than this to 0 or 1 are not on the slope
GRID = 401  # number of values of c that are tested, equally spaced in log n


@dataclass(frozen=True)
class Estimate:
    """Effective model memorization of one arm.

    Attributes:
        emm: the crossing; without a crossing, the largest size if censored is ``">="``, the smallest if it is ``"<"``.
        low, high: its interval; 0 or infinity where the sizes do not limit it, NaN with a single replicate.
        bracket: the largest size above the line and the next size, by a decreasing fit to the mean shares; (0, smallest
            size) or (largest size, inf) without a crossing.
        censored: ``">="`` if all sizes lie above the line, ``"<"`` if all lie below it, else empty.
        sizes, shares: the points of the cubic, each of shape (k,); empty without a crossing.
        replicates: number of replicates.
    """

    emm: float
    low: float
    high: float
    bracket: tuple[float, float]
    censored: str = ""
    sizes: np.ndarray = field(default_factory=lambda: np.empty(0))
    shares: np.ndarray = field(default_factory=lambda: np.empty(0))
    replicates: int = 0

    def curve(self, size: np.ndarray) -> np.ndarray:
        """Share by the cubic at every ``size`` (k,), of shape (k,); NaN outside the range of ``sizes``."""
        if not len(self.sizes):
            return np.full(len(size), np.nan)
        return expit(_cubic(self.sizes, self.shares)(np.log(size)))


def estimate(
    *, size: np.ndarray, replicate: np.ndarray, share: np.ndarray, count: np.ndarray, level: float = 0.95
) -> Estimate:
    """EMM of one arm, from its k runs.

    Args:
        size: number of training points of every run, of shape (k,).
        replicate: replicate of every run, of shape (k,); at most one run per size and replicate.
        share: share of memorized points of every run, of shape (k,).
        count: number of generated points from which the share was computed, of shape (k,).
        level: confidence level of the interval.
    """
    sizes, values, counts = _tables(size, replicate, share, count)
    falling = falling_means(values)
    below = int((falling >= LINE).sum())  # position of the first size below the line
    open_end = "<" if not below else ">=" if below == len(sizes) else ""
    bracket = (0.0 if open_end == "<" else float(sizes[below - 1]), np.inf if open_end == ">=" else float(sizes[below]))
    found = dict(bracket=bracket, censored=open_end, replicates=values.shape[1])
    end = float(sizes[0 if open_end == "<" else -1])
    if len(sizes) == 1:
        return Estimate(end, 0.0, np.inf, **found)
    pair = min(max(below - 1, 0), len(sizes) - 2) + np.arange(2)
    smallest, largest = np.log(sizes[[0, -1]])
    grid = np.linspace(smallest, largest, GRID)
    rounded = 0.5 / (counts.sum(1) + 1)
    shares = np.clip(falling, rounded, 1 - rounded)
    both = np.isfinite(values[pair]).all(0)
    t = _fieller(np.log(sizes[pair]), values[pair][:, both], shares[pair], counts[pair][:, both], grid)
    limit = scipy.special.stdtrit(both.sum() - 1, (1 + level) / 2)
    if open_end:
        low, high = _accepted(grid, t, np.log(end), limit)
        return Estimate(end, *((0.0, high) if open_end == "<" else (low, np.inf)), **found)
    near = np.arange(max(below - 2, 0), min(below + 2, len(sizes)))
    line, cubic = (float(_cubic(sizes[rows], shares[rows]).solve(logit(LINE))[0]) for rows in (pair, near))
    low, high = _accepted(grid, t, line, limit)
    longer = np.exp(cubic - line)
    low, high = min(low, low * longer), max(high, high * longer)
    if ((falling > FLAT) & (falling < 1 - FLAT)).sum() < 2:
        low, high = min(low, bracket[0]), max(high, bracket[1])
    return Estimate(float(np.exp(cubic)), low, high, **found, sizes=sizes[near], shares=shares[near])


def falling_means(values: np.ndarray) -> np.ndarray:
    """Decreasing sequence (j,) nearest to the row means of ``values`` (j, r), by isotonic regression.

    Missing values are left out, and a mean has the number of its values as weight.
    """
    weights = np.isfinite(values).sum(1)
    return isotonic_regression(np.nanmean(values, axis=1), weights=weights, increasing=False).x


def describe(found: Estimate) -> str:
    """An estimate as text, such as ``1,070 [980, 1,150]``, ``>= 5,000`` or ``< 50``."""
    if found.censored:
        return f"{found.censored} {found.emm:,.0f}"
    high = f"{found.high:,.0f}" if np.isfinite(found.high) else "inf"
    return f"{found.emm:,.0f} [{found.low:,.0f}, {high}]" if np.isfinite(found.low) else f"{found.emm:,.0f}"


# --- the crossing -----------------------------------------------------------------------------------------------------


def _tables(
    size: np.ndarray, replicate: np.ndarray, share: np.ndarray, count: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ascending sizes (j,), shares (j, r) and counts (j, r); NaN and 0 where a replicate has no run of a size."""
    sizes, row = np.unique(np.asarray(size, dtype=float), return_inverse=True)
    replicates, column = np.unique(replicate, return_inverse=True)
    values = np.full((len(sizes), len(replicates)), np.nan)
    counts = np.zeros(values.shape)
    values[row, column], counts[row, column] = share, count
    return sizes, values, counts


def _cubic(sizes: np.ndarray, shares: np.ndarray) -> PchipInterpolator:
    """Monotone cubic through the logits of decreasing ``shares`` (k,) against log ``sizes`` (k,); linear for k = 2."""
    return PchipInterpolator(np.log(sizes), logit(shares), extrapolate=False)


def _fieller(x: np.ndarray, values: np.ndarray, shares: np.ndarray, counts: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Student's t of the mean of (2) at every c of ``grid`` (c,), of shape (c,).

    Args:
        x: logarithms of both sizes, of shape (2,).
        values, counts: shares of r replicates, and numbers of generated points, of shape (2, r).
        shares: shares strictly between 0 and 1 at which the logits are linearised, of shape (2,).
        grid: values of c, in log n.
    """
    slope = 1 / (shares * (1 - shares))[:, None]
    height = (logit(shares) - logit(LINE))[:, None] + (values - values.mean(1, keepdims=True)) * slope
    part = (grid - x[0]) / (x[1] - x[0])
    weight = np.stack([1 - part, part], 1)  # (c, 2)
    h = weight @ height
    rounding = np.square(slope / counts).mean(1) / 12
    spread = h.var(1, ddof=1) if h.shape[1] > 1 else np.nan
    return h.mean(1) / np.sqrt((spread + weight**2 @ rounding) / h.shape[1])


def _accepted(grid: np.ndarray, t: np.ndarray, crossing: float, limit: float) -> tuple[float, float]:
    """Ends, as sizes, of the interval around ``crossing`` in which |t| is at most ``limit``.

    An end is 0 or infinite if the interval reaches the end of the ``grid``.
    """
    if np.isnan(limit):
        return np.nan, np.nan
    excess, best = np.abs(t) - limit, int(np.abs(grid - crossing).argmin())
    out = np.flatnonzero(excess > 0)
    left, right = out[out <= best], out[out >= best]
    low = _end(grid, excess, left[-1], 1) if len(left) else -np.inf
    high = _end(grid, excess, right[0], -1) if len(right) else np.inf
    return float(np.exp(low)), float(np.exp(high))


def _end(grid: np.ndarray, excess: np.ndarray, out: int, step: int) -> float:
    """Where ``excess`` is zero between the grid point ``out`` and its neighbour ``out + step``, by interpolation."""
    inner = out + step
    if not 0 <= inner < len(grid) or excess[inner] > 0:
        return grid[out]
    part = excess[out] / (excess[out] - excess[inner])
    return grid[out] + part * (grid[inner] - grid[out])
