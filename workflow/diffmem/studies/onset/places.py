r"""Places: the sizes n, in units of d, at which the curves of a cell turn, with intervals over repetitions.

    l2, cs, matched, kl   P(Delta > 0) by this comparison crosses one half (`crossing`)
    peak                  E_OG = -log c_O / d is largest
    mem                   n_mem: the share of generated points nearer to training than to held-out points has come half
                          way down from its largest value to 1/2
    gen                   n_gen: the squared Wasserstein distance to the truth, as the geometric mean over repetitions,
                          has come down to a quarter of the truth's total variance
    ratio                 mem / gen

1/2 is the share in mem for every model that does not know its training half, by exchangeability. The whole variance is
the distance in gen of a model that knows only the mean. n_mem and n_gen are estimated from different curves, so that
neither is defined by the other. For both, the search starts at the largest value of the curve: a curve that never comes
down has an infinite place, one that begins below the level has the place 0.

Intervals are percentile intervals: repetitions are resampled with all of their sizes together.
"""

import numpy as np
import pandas as pd

from diffmem.studies.onset.crossing import find_crossings, spread_abrupt

RESAMPLES = 200
CROSSINGS = {"l2": "l2_sign", "cs": "delta_cs", "matched": "delta_matched", "kl": "delta_kl"}
CURVES = ("log_c_fresh", "near_share", "w2")
CHANCE = 0.5  # share of points nearer to training than to held-out points
QUARTER = 0.25  # of the total variance


def tabulate_places(table: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """Every place of every cell.

    Args:
        table: what ``simulate`` returns for all cells, with the columns study and cell.

    Returns:
        study, cell, dimension, place, value, low, high (95 %), in units of d.
    """
    rows = []
    for (study, cell, d), part in table[table["training"] == 0].groupby(["study", "cell", "dimension"], sort=False):
        places = resample_places(part, seed=seed)
        for place in places:
            known = places[place][1:].dropna()
            low, high = np.quantile(known, [0.025, 0.975], method="inverted_cdf") if len(known) else (np.nan, np.nan)
            same = {"study": study, "cell": cell, "dimension": d, "place": place}
            rows.append({**same, "value": places[place][0], "low": low, "high": high})
    return pd.DataFrame(rows)


def resample_places(part: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """Places of one cell, one column each: the first row from all repetitions, `RESAMPLES` further rows from resamples.

    Args:
        part: rows of the cell's first trainings, one per repetition and ratio.
    """
    rng = np.random.default_rng(seed)
    ratios, curves = _curves(part)
    count = len(curves["w2"])
    picks = np.concatenate([np.arange(count)[None], rng.integers(count, size=(RESAMPLES, count))])
    places = {}
    for place, column in CROSSINGS.items():
        if np.isnan(curves[column]).all():  # such as KL to a law that has no density
            places[place] = np.full(len(picks), np.nan)
            continue
        hits = (curves[column][picks] > 0).sum(1)
        fitted = find_crossings(ratios, hits, count=count)
        spread = spread_abrupt(fitted, ratios, hits, count=count, rng=rng)
        places[place] = np.append(fitted[0], spread[1:])
    near = curves["near_share"][picks].mean(1)
    distance = np.log(curves["w2"][picks]).mean(1)
    places["peak"] = ratios[curves["log_c_fresh"][picks].mean(1).argmin(1)]
    places["mem"] = np.array([find_descent(ratios, curve, level=(curve.max() + CHANCE) / 2) for curve in near])
    places["gen"] = np.array([find_descent(ratios, curve, level=np.log(QUARTER)) for curve in distance])
    with np.errstate(divide="ignore", invalid="ignore"):
        return pd.DataFrame({**places, "ratio": places["mem"] / places["gen"]})


def find_descent(ratios: np.ndarray, values: np.ndarray, *, level: float) -> float:
    """The ratio at which ``values`` (k,) first fall below ``level`` after their maximum, interpolated in log ratio."""
    first = int(np.argmax(values))
    below = np.flatnonzero(values[first:] < level)
    if not len(below):
        return np.inf
    if below[0] == 0:
        return 0.0
    j = first + below[0]
    share = (values[j - 1] - level) / (values[j - 1] - values[j])
    return float(np.exp((1 - share) * np.log(ratios[j - 1]) + share * np.log(ratios[j])))


def _curves(part: pd.DataFrame) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Ascending ratios (k,), and the values of every column that a place is read from, (repetitions, k)."""
    columns = (*CROSSINGS.values(), *CURVES)
    wide = {column: part.pivot(index="repetition", columns="ratio", values=column) for column in columns}
    return wide["w2"].columns.to_numpy(), {column: frame.to_numpy() for column, frame in wide.items()}
