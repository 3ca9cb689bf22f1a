"""Intervals over replicates, the unit of every statement: one run is one draw of data, initialisation and noise.

Shares of independent trials have Wilson's.
"""

import numpy as np
import pandas as pd
from scipy import stats

EXACT = 12  # replicates up to which all 2^r assignments of signs are gone through


def over_replicates(table: pd.DataFrame, *, by: list[str], value: str, level: float = 0.95) -> pd.DataFrame:
    """Mean of ``value`` over replicates and Student's t interval, for every combination of the columns ``by``.

    Returns:
        a table with the columns ``by``, then mean, low, high and replicates (those with a number; missing values do not
        count). With one replicate low and high are missing: a single run has no interval.
    """
    groups = (
        table.groupby(by, observed=True, sort=False, dropna=False)[value].agg(["mean", "std", "count"]).reset_index()
    )
    half = stats.t.ppf((1 + level) / 2, groups["count"] - 1) * groups["std"] / np.sqrt(groups["count"])
    groups["low"], groups["high"] = groups["mean"] - half, groups["mean"] + half
    return groups.rename(columns={"count": "replicates"})[[*by, "mean", "low", "high", "replicates"]]


def mean_interval(values: np.ndarray, *, level: float = 0.95) -> tuple[float, float, float]:
    """Mean and Student's t interval of ``values`` (r,), one per replicate; no interval with a single one."""
    values = np.asarray(values, dtype=float)
    half = stats.t.ppf((1 + level) / 2, len(values) - 1) * stats.sem(values) if len(values) > 1 else np.nan
    return float(values.mean()), float(values.mean() - half), float(values.mean() + half)


def wilson(hits: int, count: int, *, level: float = 0.95) -> tuple[float, float]:
    """Wilson's interval for a share of which ``hits`` of ``count`` were seen; missing for none of none."""
    if count == 0:
        return np.nan, np.nan
    low, high = stats.binomtest(hits, count).proportion_ci(level, method="wilson")
    return float(low), float(high)


def share(hits: np.ndarray, *, level: float = 0.95) -> tuple[float, float, float]:
    """Share of true values among ``hits`` (n,) and Wilson's interval of it; missing for none."""
    count, total = int(np.sum(hits)), len(hits)
    return (count / total if total else np.nan, *wilson(count, total, level=level))


def sign_flip(differences: np.ndarray, *, seed: int = 0) -> float:
    """Two-sided p-value of the hypothesis that paired ``differences`` (r,) are symmetric around zero.

    All 2^r assignments of signs are gone through up to 12 replicates, 9,999 random ones beyond. With 5 replicates the
    smallest p is 0.06: no verdict at 5 % is possible below 6.
    """
    differences = np.asarray(differences, dtype=float)
    result = stats.permutation_test(
        (differences,),
        lambda x, axis: np.mean(x, axis=axis),
        permutation_type="samples",
        n_resamples=np.inf if len(differences) <= EXACT else 9_999,
        vectorized=True,
        rng=np.random.default_rng(seed),
    )
    return float(result.pvalue)


def band(values: np.ndarray, *, level: float = 0.95, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Simultaneous band for the mean of curves ``values`` (r, s): with probability ``level`` it holds the whole curve.

    The half width is c times the standard error, c being a quantile of the largest |t| over the curve when the signs of
    the replicates' residuals are flipped, each curve as a whole (a max-t band). Returns low and high, each (s,).
    """
    r, mean = len(values), values.mean(0)
    residuals = values - mean
    flips = _signs(r, seed)
    flipped = flips @ residuals / r  # (f, s)
    square = np.square(residuals).mean(0)
    error = np.sqrt(np.maximum(square - flipped**2, 0) / (r - 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        largest = np.nanmax(np.abs(flipped) / error, axis=1, initial=0)
    half = np.quantile(largest, level) * np.sqrt(square / (r - 1))
    return mean - half, mean + half


def _signs(r: int, seed: int) -> np.ndarray:
    """Assignments of signs (f, r): all of them for few replicates, else 4,096 random ones."""
    if r <= EXACT:
        return 1.0 - 2.0 * ((np.arange(2**r)[:, None] >> np.arange(r)) & 1)
    return np.random.default_rng(seed).choice([-1.0, 1.0], size=(4096, r))
