"""Curves of the onset study over n / d, from repetitions.

Probabilities P(Delta > 0) have Wilson's interval over repetitions, means Student's t interval. Medians (w2, gap) have
that of their order statistics. Places where the curves turn are in `places`.
"""

import numpy as np
import pandas as pd

from diffmem.measure.intervals import mean_interval, median_interval, share
from diffmem.settings.onset import OnsetCell
from diffmem.studies.onset.theory import closed_forms

RESAMPLES = 200
SHARES = {"l2": "l2_sign", "cs": "delta_cs", "matched": "delta_matched", "null": "delta_null", "kl": "delta_kl"}
PER_DIMENSION = {  # measure -> column and sign
    "e_train": ("log_c_train", -1),
    "e_fresh": ("log_c_fresh", -1),
    "kl_d": ("kl", 1),
    "gap": ("nll_gap", 1),
}
MEANS = ("bc_root", "energy", "near_share", "third")
MEDIANS = {"w2": "w2", "gap": "nll_gap"}  # near n = d a few repetitions make up most of the mean
COLUMNS = (
    "study",
    "cell",
    "repetition",
    "training",
    "dimension",
    "n",
    "ratio",
    "delta_cs",
    "log_c_fresh",
    "near_share",
)
KEY = ["study", "cell", "dimension", "n", "ratio"]


def tabulate_curves(table: pd.DataFrame, *, cells: dict[str, OnsetCell]) -> pd.DataFrame:
    """Curves of a study.

    Args:
        table: what ``simulate`` returns for all cells, with the columns study and cell.
        cells: cell -> its settings.

    Returns:
        study, cell, dimension, n, ratio, measure, mean, low, high (95 %), repetitions, and theory, the closed form or
        the limit of many points. Measures are ``P(...)`` of `SHARES`; e_train, e_fresh (-log c / d) and kl_d, in nats
        per dimension, `MEANS`, and the medians of `MEDIANS` (gap in nats per dimension); sets_share, the share of the
        variance of delta_cs that lies between training sets, where each was trained on several times. What is infinite
        or unknown has no interval.
    """
    rows = []
    for key, part in table.groupby(KEY, sort=False):
        same = dict(zip(KEY, key, strict=True))
        known = closed_forms(cells[same["cell"]], n=same["n"], d=same["dimension"])
        theory = {measure: value for measure, value in known.items() if measure not in MEDIANS}  # it is of means
        for measure, summary in _summarise(part).items():
            rows.append({**same, "measure": measure, **summary, "theory": theory.get(measure, np.nan)})
    return pd.DataFrame(rows)


def compute_sets_share(values: np.ndarray) -> float:
    """Share of the variance of ``values`` (r, t) between rows, by the mean squares of a one-way layout."""
    within = values.var(1, ddof=1).mean()
    between = max(values.mean(1).var(ddof=1) - within / values.shape[1], 0)
    return float(between / (between + within))


def _summarise(part: pd.DataFrame) -> dict[str, dict[str, float]]:
    """All measures of one cell and size."""
    first, d = part[part["training"] == 0], part["dimension"].iloc[0]
    measures = {f"P({name})": _summarise_share(first[column]) for name, column in SHARES.items()}
    measures |= {name: _summarise_mean(sign * first[column] / d) for name, (column, sign) in PER_DIMENSION.items()}
    measures |= {name: _summarise_mean(first[name]) for name in MEANS}
    measures |= {
        name: _summarise_median(first[column] / (1 if name == "w2" else d)) for name, column in MEDIANS.items()
    }
    if part["training"].max() > 0:
        wide = part.pivot(index="repetition", columns="training", values="delta_cs")
        measures["sets_share"] = _summarise_sets_share(wide.to_numpy())
    return measures


def _summarise_share(values: pd.Series) -> dict[str, float]:
    """Share of positive values; a known value is never exactly zero."""
    known = values.dropna()
    return _entry(share(known > 0), len(known))


def _summarise_mean(values: pd.Series) -> dict[str, float]:
    finite = np.isfinite(values).all()
    return _entry(mean_interval(values) if finite else (values.mean(), np.nan, np.nan), len(values))


def _summarise_median(values: pd.Series) -> dict[str, float]:
    """Median and its interval of order statistics, without one where values are infinite."""
    finite = np.isfinite(values).all()
    return _entry(median_interval(values) if finite else (np.median(values), np.nan, np.nan), len(values))


def _summarise_sets_share(values: np.ndarray) -> dict[str, float]:
    """`compute_sets_share` of ``values`` (r, t) with its percentile interval over training sets."""
    rng = np.random.default_rng(0)
    resampled = [compute_sets_share(values[rng.integers(len(values), size=len(values))]) for _ in range(RESAMPLES)]
    low, high = np.quantile(resampled, [0.025, 0.975])
    return _entry((compute_sets_share(values), low, high), len(values))


def _entry(estimate: tuple[float, float, float], repetitions: int) -> dict[str, float]:
    return {**dict(zip(("mean", "low", "high"), estimate, strict=True)), "repetitions": repetitions}
