"""Confidence intervals over replicates, and tests.

The unit of all statements is the replicate: one draw of data, initialisation and noise. Shares of independent trials
have Wilson's interval.
"""

import numpy as np
import pandas as pd
import scipy

EXACT = 12  # number of replicates r up to which all 2^r assignments of signs are used


def over_replicates(table: pd.DataFrame, *, by: list[str], value: str, level: float = 0.95) -> pd.DataFrame:
    """Mean over replicates with Student's t interval, for every combination of values of the columns ``by``.

    Args:
        table: one row per replicate and combination.
        by: columns that define the groups.
        value: column to average.
        level: confidence level.

    Returns:
        a table with one row per group and the columns ``by``, mean, low, high and replicates (number of values that are
        not missing). With a single replicate low and high are missing.
    """
    groups = (
        table.groupby(by, observed=True, sort=False, dropna=False)[value].agg(["mean", "std", "count"]).reset_index()
    )
    half = scipy.special.stdtrit(groups["count"] - 1, (1 + level) / 2) * groups["std"] / np.sqrt(groups["count"])
    groups["low"], groups["high"] = groups["mean"] - half, groups["mean"] + half
    return groups.rename(columns={"count": "replicates"})[[*by, "mean", "low", "high", "replicates"]]


def mean_interval(values: np.ndarray, *, level: float = 0.95) -> tuple[float, float, float]:
    """Mean, low and high of ``values`` (r,), one per replicate, with Student's t interval.

    With a single replicate low and high are NaN, with none all three.
    """
    values = np.asarray(values, dtype=float)
    if len(values) < 2:
        return float(values[0]) if len(values) else np.nan, np.nan, np.nan
    half = scipy.special.stdtrit(len(values) - 1, (1 + level) / 2) * values.std(ddof=1) / np.sqrt(len(values))
    return float(values.mean()), float(values.mean() - half), float(values.mean() + half)


def median_interval(values: np.ndarray, *, level: float = 0.95) -> tuple[float, float, float]:
    """Median, low and high of ``values`` (r,), which may be infinite, with an interval of order statistics.

    The interval from the k-th smallest to the k-th largest value contains the median with probability 1 - 2 P(B < k)
    for any distribution, where B is binomial (r, 1/2). k is the largest number for which this is at least ``level``.
    Fewer than six values have no interval at the level of 95 %; low and high are then NaN.
    """
    ordered = np.sort(np.asarray(values, dtype=float))
    r = len(ordered)
    middle = ordered[(r - 1) // 2], ordered[r // 2]
    median = middle[0] if middle[0] == middle[1] else float(np.mean(middle))
    k = int(scipy.stats.binom.ppf((1 - level) / 2, r, 0.5))
    if 2 * scipy.stats.binom.cdf(k - 1, r, 0.5) > 1 - level:
        k -= 1
    return float(median), *((float(ordered[k - 1]), float(ordered[r - k])) if k >= 1 else (np.nan, np.nan))


def wilson(hits: int, count: int, *, level: float = 0.95) -> tuple[float, float]:
    """Low and high of Wilson's interval for the probability of a hit, with ``hits`` in ``count`` trials.

    Both are NaN if ``count`` is 0.
    """
    if count == 0:
        return np.nan, np.nan
    low, high = scipy.stats.binomtest(hits, count).proportion_ci(level, method="wilson")
    return float(low), float(high)


def share(hits: np.ndarray, *, level: float = 0.95) -> tuple[float, float, float]:
    """Share of true values among ``hits`` (n,), low and high of its Wilson interval; all NaN if n is 0."""
    count, total = int(np.sum(hits)), len(hits)
    return (count / total if total else np.nan, *wilson(count, total, level=level))


def sign_flip(differences: np.ndarray, *, seed: int = 0) -> float:
    """Two-sided p-value of the hypothesis that paired ``differences`` (r,) are symmetric around zero.

    The test uses all 2^r assignments of signs for up to 12 replicates, and 9,999 random ones for more. With 5
    replicates the smallest possible p-value is 0.06, so that significance at 5 % needs at least 6 replicates.
    """
    differences = np.asarray(differences, dtype=float)
    result = scipy.stats.permutation_test(
        (differences,),
        lambda x, axis: np.mean(x, axis=axis),
        permutation_type="samples",
        n_resamples=np.inf if len(differences) <= EXACT else 9_999,
        vectorized=True,
        rng=np.random.default_rng(seed),
    )
    return float(result.pvalue)


def band(values: np.ndarray, *, level: float = 0.95, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Simultaneous confidence band for the mean of the curves ``values`` (r, s), one per replicate.

    The band contains the whole mean curve with probability ``level``. Its half width is c times the standard error. c
    is a quantile of the largest |t| over the curve when the signs of the replicates' residual curves are flipped at
    random (a max-t band).

    Returns:
        low and high, each of shape (s,).
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
    """Assignments of signs (f, r): all of them for up to ``EXACT`` replicates, else 4,096 random ones."""
    if r <= EXACT:
        return 1.0 - 2.0 * ((np.arange(2**r)[:, None] >> np.arange(r)) & 1)
    return np.random.default_rng(seed).choice([-1.0, 1.0], size=(4096, r))
