r"""From repetitions to curves over n / d, and to the places where they turn.

Probabilities P(Delta > 0) have Wilson's interval over repetitions, means Student's t, and medians (w2, gap) that of
their order statistics. P crosses one half where

    P(n) = plateau / (1 + exp(-slope (log n - centre))),                                                 (1)

does, fitted by likelihood with the plateau free: where P stays at .7, a curve that must reach one crosses far too late.
The crossing is 0 where P lies above one half at the smallest n already, and infinite where it does not by the largest.

"Memorizing" and "generalizing" are dated apart, so that the one is not defined by the other:

    n_mem   the share of generated points nearer to training than to held-out points has come half way down from its
            largest value to 1/2, which it has, by exchangeability, for every model that does not know its training half
    n_gen   the squared Wasserstein distance to the truth has come down to a quarter of the truth's total variance; the
            whole of it is what the mean alone scores (geometric mean over repetitions)

Both are sought from the largest value on; a curve that never comes down has an infinite place, one that begins below
the level the place 0.

All intervals of places are percentile intervals over repetitions, resampled with all of their sizes together.
"""

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit

from diffmem.measure.intervals import mean_interval, wilson
from diffmem.studies.onset import theory as onset_theory

RESAMPLES = 200
GRID = 200
SHARES = {"l2": "l2_sign", "cs": "delta_cs", "matched": "delta_matched", "null": "delta_null", "kl": "delta_kl"}
CROSSINGS = ("l2", "cs", "matched", "kl")
PER_DIMENSION = {
    "e_train": ("log_c_train", -1),
    "e_other": ("log_c_other", -1),
    "kl_d": ("kl", 1),
    "gap": ("nll_gap", 1),
}
PLAIN = ("bc_root", "energy", "near_share", "third")
HEAVY = {"w2": "w2", "gap": "nll_gap"}  # near n = d a few repetitions hold most of the mean: medians
COLUMNS = (
    "study",
    "cell",
    "repetition",
    "training",
    "dimension",
    "n",
    "ratio",
    "delta_cs",
    "log_c_other",
    "near_share",
)
KEY = ["study", "cell", "dimension", "n", "ratio"]


def points(table: pd.DataFrame, *, cells: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """Curves of a study.

    Args:
        table: what ``onset.simulate`` returns for all cells, with the columns study and cell.
        cells: cell -> its settings.

    Returns:
        study, cell, dimension, n, ratio, measure, mean, low, high (95 %), repetitions, and theory, the closed form or
        the limit of many points. Measures are ``P(...)`` of `SHARES`; e_train, e_other (-log c / d) and kl_d, in nats
        per dimension, `PLAIN`, and the medians `HEAVY` (gap in nats per dimension); sets_share, the share of the
        variance of delta_cs that lies between training sets, where each was trained on several times. What is infinite
        or unknown has no interval.
    """
    rows = []
    for key, part in table.groupby(KEY, sort=False):
        same = dict(zip(KEY, key, strict=True))
        known = onset_theory.curves(cells[same["cell"]], n=same["n"], d=same["dimension"])
        for name, found in _levels(part).items():
            rows.append({**same, "measure": name, **found, "theory": known.get(name, np.nan)})
    return pd.DataFrame(rows)


def onsets(table: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """Places where curves turn, one row per cell and place, in units of d.

    Returns:
        study, cell, dimension, place, value, low, high. Places are the crossings of `CROSSINGS`, peak (of e_other),
        mem, gen, and ratio, mem over gen.
    """
    rows = []
    for (study, cell, d), part in table[table["training"] == 0].groupby(["study", "cell", "dimension"], sort=False):
        drawn = resampled(part, seed=seed)
        for place in drawn.columns:
            low, high = np.quantile(drawn[place][1:].dropna(), [0.025, 0.975], method="inverted_cdf")
            same = {"study": study, "cell": cell, "dimension": d, "place": place}
            rows.append({**same, "value": drawn[place][0], "low": low, "high": high})
    return pd.DataFrame(rows)


def resampled(part: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """Places of one cell: in the first row as they are, then of `RESAMPLES` resamples of its repetitions."""
    columns = {**{name: SHARES[name] for name in CROSSINGS}, "e": "log_c_other", "near": "near_share", "w2": "w2"}
    wide = {name: part.pivot(index="repetition", columns="ratio", values=column) for name, column in columns.items()}
    ratios, count = wide["e"].columns.to_numpy(), len(wide["e"])
    rng = np.random.default_rng(seed)
    picks = np.concatenate([np.arange(count)[None], rng.integers(count, size=(RESAMPLES, count))])
    values = {name: frame.to_numpy()[picks] for name, frame in wide.items()}  # (b, r, k)
    hits = {name: (values[name] > 0).sum(1) for name in CROSSINGS}
    found = {name: _blurred(crossings(ratios, h, count), ratios, h, count, rng) for name, h in hits.items()}
    near, wasserstein = values["near"].mean(1), np.log(values["w2"]).mean(1)
    mem = np.array([comes_down(ratios, curve, level=(curve.max() + 0.5) / 2) for curve in near])
    gen = np.array([comes_down(ratios, curve, level=np.log(0.25)) for curve in wasserstein])
    peak = ratios[values["e"].mean(1).argmin(1)]
    with np.errstate(divide="ignore", invalid="ignore"):
        return pd.DataFrame({**found, "peak": peak, "mem": mem, "gen": gen, "ratio": mem / gen})


def crossings(ratios: np.ndarray, hits: np.ndarray, count: int) -> np.ndarray:
    """The ratio at which (1), fitted to ``hits`` (b, k) of ``count`` at ascending ``ratios`` (k,), is one half: (b,).

    The likelihood is maximised over a grid, which all rows share: `GRID` steps in log n, 14 slopes, 20 plateaus.
    """
    x = np.log(ratios)
    axes = np.linspace(x[0], x[-1], GRID), np.geomspace(0.5, 40, 14), np.append(np.linspace(0.4, 0.97, 19), 1)
    centre, slope, plateau = (axis.ravel() for axis in np.meshgrid(*axes))
    p = np.clip(plateau * expit(slope * (x[:, None] - centre)), 1e-6, 1 - 1e-6)  # (k, grid)
    best = (hits @ np.log(p) + (count - hits) @ np.log1p(-p)).argmax(1)
    reaches = plateau[best] > 0.5
    half = centre[best] - np.log(np.where(reaches, 2 * plateau[best] - 1, 1)) / slope[best]
    inside = reaches & (half <= x[-1])
    return np.where(hits[:, 0] > count / 2, 0.0, np.where(inside, np.exp(half), np.inf))


def _blurred(
    found: np.ndarray, ratios: np.ndarray, hits: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """``found`` (b,), but drawn from the whole gap between two sizes, from the second row on, where all of a resample's
    repetitions change sign in it: nothing is known of where then."""
    never, always = hits[:, :-1] == 0, hits[:, 1:] == count
    abrupt = (never & always).any(1) & (np.arange(len(found)) > 0)
    j = (never & always).argmax(1)
    within = np.exp(rng.uniform(np.log(ratios[j]), np.log(ratios[j + 1])))
    return np.where(abrupt, within, found)


def comes_down(ratios: np.ndarray, values: np.ndarray, *, level: float) -> float:
    """Where ``values`` (k,) first fall below ``level`` after their largest, interpolated in log ratio."""
    first = int(np.argmax(values))
    below = np.flatnonzero(values[first:] < level)
    if not len(below):
        return np.inf
    if below[0] == 0:
        return 0.0
    j = first + below[0]
    share = (values[j - 1] - level) / (values[j - 1] - values[j])
    return float(np.exp((1 - share) * np.log(ratios[j - 1]) + share * np.log(ratios[j])))


def sets_share(values: np.ndarray) -> float:
    """Share of the variance of ``values`` (r, t) between rows, by the mean squares of a one-way layout."""
    within = values.var(1, ddof=1).mean()
    between = max(values.mean(1).var(ddof=1) - within / values.shape[1], 0)
    return float(between / (between + within))


def _levels(part: pd.DataFrame) -> dict[str, dict[str, float]]:
    """All measures of one cell and size."""
    first, d = part[part["training"] == 0], part["dimension"].iloc[0]
    found = {f"P({name})": _share(first[column]) for name, column in SHARES.items()}
    found |= {name: _mean(sign * first[column] / d) for name, (column, sign) in PER_DIMENSION.items()}
    found |= {name: _mean(first[name]) for name in PLAIN}
    found |= {name: _median(first[column] / (1 if name == "w2" else d)) for name, column in HEAVY.items()}
    if part["training"].max() > 0:
        found["sets_share"] = _sets_share(part.pivot(index="repetition", columns="training", values="delta_cs"))
    return found


def _share(values: pd.Series) -> dict[str, float]:
    """Share of positive values, which are never exactly zero where they are known."""
    known = values.dropna()
    hits, count = int((known > 0).sum()), len(known)
    low, high = wilson(hits, count)
    return {"mean": hits / count if count else np.nan, "low": low, "high": high, "repetitions": count}


def _mean(values: pd.Series) -> dict[str, float]:
    if not np.isfinite(values).all():
        return {"mean": values.mean(), "low": np.nan, "high": np.nan, "repetitions": len(values)}
    return {**dict(zip(("mean", "low", "high"), mean_interval(values), strict=True)), "repetitions": len(values)}


def _median(values: pd.Series) -> dict[str, float]:
    """Median and the order statistics between which it lies in 95 % of samples."""
    ordered, count = np.sort(values), len(values)
    rank = max(int(stats.binom.ppf(0.025, count, 0.5)) - 1, 0)
    low, high = (ordered[rank], ordered[-rank - 1]) if np.isfinite(ordered).all() else (np.nan, np.nan)
    return {"mean": np.median(ordered), "low": low, "high": high, "repetitions": count}


def _sets_share(wide: pd.DataFrame) -> dict[str, float]:
    values, rng = wide.to_numpy(), np.random.default_rng(0)
    drawn = [sets_share(values[rng.integers(len(values), size=len(values))]) for _ in range(RESAMPLES)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return {"mean": sets_share(values), "low": low, "high": high, "repetitions": len(values)}
