r"""Effective model memorization: the largest training size at which a model still copies nine points in ten.

With R(n) the expected share of memorized points of the last snapshot, over replicates, of a model trained on n points,

    EMM = max {n : R(n) >= 0.9}.                                                                       (1)

Gu et al. 2023, https://arxiv.org/abs/2310.02664, equation for EMM with zeta = 0.1. The last size above the line and the
next one bracket the crossing. EMM is that of the monotone cubic (Fritsch and Butland 1984,
https://doi.org/10.1137/0905021) through y = logit R against x = log n at both and at the size on either side.

The interval is Fieller's (1954, https://doi.org/10.1111/j.2517-6161.1954.tb00159.x) for the straight line through the
two, that is for a logistic curve in log n. With y_jr the logit of replicate r's share at size j, linearised about that
of their mean, and the line's height at c in each replicate

    h_r(c) = ((x_2 - c) y_1r + (c - x_1) y_2r) / (x_2 - x_1) - logit 0.9,                              (2)

it holds every c for which Student's t test does not tell the mean of the h_r from zero (the rounding of shares to
1 / count added to their variance). Replicates share their random streams across sizes and may lie on one side of the
curve together: the replicate, not the run, is the unit. It asks nothing of the spread between replicates but that it is
about normal.

What R does between two sizes is not known. The interval is longer by the distance between the crossings of line and
cubic, and where fewer than two sizes lie on the slope it is no shorter than the bracket. Sizes further away have no
say, since measured curves bend both ways: a logistic curve with a second term, fitted to all sizes on the slope, missed
the crossing of such curves in up to half of all studies.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy import stats
from scipy.interpolate import PchipInterpolator
from scipy.optimize import isotonic_regression
from scipy.special import expit, logit

LINE = 0.9
FLAT = 0.02  # shares closer to 0 or 1 than this do not show a slope
GRID = 401  # crossings c that are tried, evenly over the log sizes


@dataclass(frozen=True)
class Estimate:
    """Effective model memorization of one arm.

    Attributes:
        emm: the crossing, or the size at which the sizes end without one.
        low, high: its interval; 0 and infinity where the sizes do not close it, missing with a single replicate.
        bracket: largest size above the line and next one, in a falling fit to the means; (0, first) or (last, inf).
        censored: ``">="`` if all sizes lie above the line, ``"<"`` if all lie below, else empty.
        sizes, shares: those that the cubic goes through, of shape (k,); none where there is no crossing.
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
        """The cubic's share at every ``size`` (k,); missing outside ``sizes``."""
        if not len(self.sizes):
            return np.full(len(size), np.nan)
        return expit(_cubic(self.sizes, self.shares)(np.log(size)))


def estimate(
    *, size: np.ndarray, replicate: np.ndarray, share: np.ndarray, count: np.ndarray, level: float = 0.95
) -> Estimate:
    """EMM of one arm from its runs.

    Args:
        size: number of training points of every run, of shape (k,).
        replicate: its replicate, of shape (k,); one run per size and replicate.
        share: its share of memorized points, of shape (k,).
        count: number of points that were judged, of shape (k,).
        level: of the interval.
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
    grid = np.linspace(*np.log(sizes[[0, -1]]), GRID)
    rounded = 0.5 / (counts.sum(1) + 1)
    shares = np.clip(falling, rounded, 1 - rounded)
    both = np.isfinite(values[pair]).all(0)
    t = _fieller(np.log(sizes[pair]), values[pair][:, both], shares[pair], counts[pair][:, both], grid)
    limit = stats.t.ppf((1 + level) / 2, both.sum() - 1)
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
    """The falling sequence (j,) nearest to the means of ``values`` (j, r), whose missing ones do not count."""
    weights = np.isfinite(values).sum(1)
    return isotonic_regression(np.nanmean(values, axis=1), weights=weights, increasing=False).x


def said(found: Estimate) -> str:
    """An estimate in words: ``1,070 [980, 1,150]``, ``>= 5,000`` or ``< 50``."""
    if found.censored:
        return f"{found.censored} {found.emm:,.0f}"
    high = f"{found.high:,.0f}" if np.isfinite(found.high) else "inf"
    return f"{found.emm:,.0f} [{found.low:,.0f}, {high}]" if np.isfinite(found.low) else f"{found.emm:,.0f}"


# --- the crossing -----------------------------------------------------------------------------------------------------


def _tables(size, replicate, share, count) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sizes ascending (j,), and shares and counts (j, r), missing and 0 where a replicate lacks a size."""
    sizes, row = np.unique(np.asarray(size, dtype=float), return_inverse=True)
    replicates, column = np.unique(replicate, return_inverse=True)
    values = np.full((len(sizes), len(replicates)), np.nan)
    counts = np.zeros(values.shape)
    values[row, column], counts[row, column] = share, count
    return sizes, values, counts


def _cubic(sizes: np.ndarray, shares: np.ndarray) -> PchipInterpolator:
    """The monotone cubic through the logits of falling ``shares`` (k,) against log ``sizes``; a line for k = 2."""
    return PchipInterpolator(np.log(sizes), logit(shares), extrapolate=False)


def _fieller(x: np.ndarray, values: np.ndarray, shares: np.ndarray, counts: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Student's t of (2) at every c of ``grid`` (c,).

    Args:
        x: both log sizes, of shape (2,).
        values, counts: shares and points judged, of shape (2, r).
        shares: between 0 and 1, about which logits are linearised, of shape (2,).
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
    """Ends, as sizes, of the stretch around ``crossing`` where |t| stays below ``limit``; 0 or inf if it runs out."""
    if np.isnan(limit):
        return np.nan, np.nan
    excess, best = np.abs(t) - limit, int(np.abs(grid - crossing).argmin())
    out = np.flatnonzero(excess > 0)
    left, right = out[out <= best], out[out >= best]
    low = _end(grid, excess, left[-1], 1) if len(left) else -np.inf
    high = _end(grid, excess, right[0], -1) if len(right) else np.inf
    return float(np.exp(low)), float(np.exp(high))


def _end(grid: np.ndarray, excess: np.ndarray, out: int, step: int) -> float:
    """The point between ``out`` and the next one inwards at which ``excess`` is zero."""
    inner = out + step
    if not 0 <= inner < len(grid) or excess[inner] > 0:
        return grid[out]
    part = excess[out] / (excess[out] - excess[inner])
    return grid[out] + part * (grid[inner] - grid[out])
