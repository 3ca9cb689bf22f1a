r"""Effective model memorization: the largest training size at which a model still copies nine points in ten.

With R(n) the expected share of memorized points of the last snapshot, over replicates, of a model trained on n points,

    EMM = max {n : R(n) >= 0.9}.                                                                       (1)

Gu et al. 2023, https://arxiv.org/abs/2310.02664, equation for EMM with zeta = 0.1. Near the crossing the curve is a
logistic one in x = log n, bent by a second term, since neither the logistic nor any other one-parameter shape holds for
all data; c is the crossing itself, so that every c is a hypothesis with a fit of its own:

    logit R(x) = logit 0.9 + b (x - c) + a (x - c)^2.                                                  (2)

Sizes with R below 0.3 say nothing of the crossing and are left out, but for the two next above it. b and a are fitted
by binomial likelihood (half a point added to copies and others alike, so that shares of 0 and 1 have a fit). What is
left to decide on c is its efficient score: over the sizes, residuals times weights w that are orthogonal to b and a,

    T_r(c) = sum over sizes j of  w_j (y_jr - R_j),                                                    (3)
    w = d logit R / dc  less its projection, in the binomial metric, on d logit R / db and d logit R / da.

Replicates share their random streams across sizes and may lie on one side of the curve together: the replicate, not
the run, is the unit. The interval holds every c for which the R numbers T_r have a mean that Student's t test with
R - 1 degrees of freedom does not tell from zero (the rounding of shares to 1 / count added to their variance). It asks
nothing of the spread between replicates but that it is about normal. Where fewer than two sizes lie on the slope, its
shape is a guess, and the interval is no shorter than the bracket.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy import stats
from scipy.optimize import isotonic_regression
from scipy.special import expit, logit

LINE = 0.9
TAIL = 0.3  # shares below which a size is no part of the fit
FLAT = 0.02  # shares closer to 0 or 1 than this do not show a slope
GRID = 401  # crossings c that are tried, evenly over the log sizes
STEPS = 30  # of Newton's method


@dataclass(frozen=True)
class Estimate:
    """Effective model memorization of one arm.

    Attributes:
        emm: the crossing, or the size at which the sizes end without one.
        low, high: its interval; 0 and infinity where the sizes do not close it, missing with a single replicate.
        bracket: largest size above the line and next one, in a falling fit to the means; (0, first) or (last, inf).
        censored: ``">="`` if all sizes lie above the line, ``"<"`` if all lie below, else empty.
        slope: b and a of (2), none where there is no crossing.
        span: smallest and largest size of the fit.
        replicates: number of replicates.
    """

    emm: float
    low: float
    high: float
    bracket: tuple[float, float]
    censored: str = ""
    slope: np.ndarray = field(default_factory=lambda: np.empty(0))
    span: tuple[float, float] = (np.nan, np.nan)
    replicates: int = 0

    def curve(self, size: np.ndarray) -> np.ndarray:
        """Equation (2): the fitted share at every ``size`` (k,); missing outside ``span``."""
        u = np.log(size) - np.log(self.emm)
        value = expit(logit(LINE) + u[:, None] ** np.arange(1, len(self.slope) + 1) @ self.slope)
        inside = (size >= self.span[0]) & (size <= self.span[1]) & (len(self.slope) > 0)
        return np.where(inside, value, np.nan)


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
    falling, replicates = falling_means(values), values.shape[1]
    below = int((falling >= LINE).sum())  # position of the first size below the line
    bracket = (float(sizes[below - 1]) if below else 0.0, float(sizes[below]) if below < len(sizes) else np.inf)
    censored = "<" if not below else ">=" if below == len(sizes) else ""
    end = float(sizes[0 if censored == "<" else -1])
    if len(sizes) == 1:
        return Estimate(end, 0.0, np.inf, bracket, censored, replicates=replicates)
    kept = np.flatnonzero((falling >= TAIL) | (np.arange(len(sizes)) < below + 2))
    grid = np.linspace(*np.log(sizes[[0, -1]]), GRID)
    fit = _fit(np.log(sizes[kept]), values[kept], counts[kept], grid)
    best = {"<": 0, ">=": GRID - 1}.get(censored, int(fit.deviance.argmin()))
    low, high = _accepted(grid, fit.t, best, stats.t.ppf((1 + level) / 2, replicates - 1))
    if not censored and ((falling > FLAT) & (falling < 1 - FLAT)).sum() < 2:
        low, high = min(low, bracket[0]), max(high, bracket[1])
    if replicates == 1:
        low = high = np.nan
    if censored:
        ends = (0.0, high) if censored == "<" else (low, np.inf)
        return Estimate(end, *ends, bracket, censored, replicates=replicates)
    span = (float(sizes[kept[0]]), float(sizes[kept[-1]]))
    return Estimate(float(np.exp(grid[best])), low, high, bracket, censored, fit.slope[best], span, replicates)


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


# --- the fit ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Fit:
    """For every crossing on the grid (c,): deviance, t of (3), and slopes (c, 1 or 2)."""

    deviance: np.ndarray
    t: np.ndarray
    slope: np.ndarray


def _tables(size, replicate, share, count) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sizes ascending (j,), and shares and counts (j, r), missing and 0 where a replicate lacks a size."""
    sizes, row = np.unique(np.asarray(size, dtype=float), return_inverse=True)
    replicates, column = np.unique(replicate, return_inverse=True)
    values = np.full((len(sizes), len(replicates)), np.nan)
    counts = np.zeros(values.shape)
    values[row, column], counts[row, column] = share, count
    return sizes, values, counts


def _fit(x: np.ndarray, values: np.ndarray, counts: np.ndarray, grid: np.ndarray) -> _Fit:
    """Equations (2) and (3) for log sizes ``x`` (j,), shares and counts (j, r), and every crossing of ``grid`` (c,)."""
    run = counts > 0
    copies, number = np.where(run, values * counts + 0.5, 0), counts + run
    total = number.sum(1)
    share = copies.sum(1) / total
    terms = 2 if len(x) > 3 else 1
    design = (x - grid[:, None])[..., None] ** np.arange(1, terms + 1)
    slope, mean, weight = _newton(design, share, total)
    derivative = np.concatenate([np.ones_like(design[..., :1]), design[..., :-1]], axis=2) * np.arange(1, terms + 1)
    toward = -_times(derivative, slope)
    efficient = toward - _times(design, _solve(design, weight, toward))
    t = _student(efficient * total / run.sum(1), np.where(run, copies / np.maximum(number, 1), np.nan), mean, number)
    deviance = 2 * (total * _divergence(share, mean)).sum(1)
    return _Fit(np.where(slope[:, 0] < 0, deviance, np.inf), t, slope)


def _newton(design: np.ndarray, share: np.ndarray, total: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Likeliest slopes (c, terms), and shares and weights (c, j) at them, by reweighted least squares."""
    response = np.broadcast_to(logit(share) - logit(LINE), design.shape[:2])
    weight = np.broadcast_to(total * share * (1 - share), design.shape[:2])
    before = np.inf
    for _ in range(STEPS):
        slope = _solve(design, weight, response)
        eta = np.clip(_times(design, slope), -15, 15)
        mean = expit(logit(LINE) + eta)
        weight = total * mean * (1 - mean)
        response = eta + total * (share - mean) / weight
        if np.abs(slope - before).max() < 1e-8:
            break
        before = slope
    return slope, mean, weight


def _solve(design: np.ndarray, weight: np.ndarray, response: np.ndarray) -> np.ndarray:
    """Weighted least squares for every crossing: shape (c, terms)."""
    weighted = (design * weight[..., None]).swapaxes(1, 2)
    ridge = 1e-9 * np.eye(design.shape[2])
    return np.linalg.solve(weighted @ design + ridge, weighted @ response[..., None])[..., 0]


def _times(design: np.ndarray, slope: np.ndarray) -> np.ndarray:
    return (design @ slope[..., None])[..., 0]


def _student(weight: np.ndarray, share: np.ndarray, mean: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Student's t of (3) for every crossing (c,), from weights and means (c, j), shares (j, r) and points judged."""
    replicates = share.shape[1]
    residual = np.nan_to_num(share - mean[..., None])  # (c, j, r); a replicate without a run has no part in the sum
    score = np.einsum("cj,cjr->cr", weight, residual)
    rounding = np.divide(1, 12 * number**2, out=np.zeros(number.shape), where=number > 0).sum(1) / replicates**2
    error = score.var(1, ddof=1) / replicates if replicates > 1 else 0
    return score.mean(1) / np.sqrt(error + weight**2 @ rounding + 1e-300)


def _divergence(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Kullback-Leibler divergence between coins that fall with chance ``p`` and ``q``."""
    return p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))


def _accepted(grid: np.ndarray, t: np.ndarray, best: int, limit: float) -> tuple[float, float]:
    """Ends, as sizes, of the stretch around ``best`` in which |t| stays below ``limit``; 0 or inf if it runs out."""
    excess = np.abs(t) - limit
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
