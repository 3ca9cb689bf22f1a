"""The claims of "Outliers memorized last", put to the test cell by cell.

    M    the model memorizes: net copied fraction of all points at the last snapshot; and once more without any
         assumption (M-exact), as the raw fraction less that under permuted labels (`measure.permutation`)
    O1   outliers are memorized later than inliers
    O2   duplicates are memorized earlier or more than inliers
    O3   O1 holds at every ratio
    R    the rival of O1: the model puts less mass on outliers than the closed-form optimum does, through the same
         sampler (whose start, not the model, decides most of where mass goes when data are not centred on it)

O1 to O3 compare two strata within a replicate. The effect is the mean over training of v(stratum) - v(inlier), every
octave of epochs weighing the same (1), so that "later" and "less" both show. v is the net copied fraction of what falls
to the stratum (matched test set), or, as the paper draws it, the memorized share of all generated points in units of
what fresh points of the truth score (plain test set), which mixes copying with mass.

O1 and O2 are also asked of the last snapshot alone (O1-end, O2-end): have outliers caught up, are duplicates ahead?

A verdict needs six replicates, ``LEAST``, in the claims of this paper and of the next (`effective_claims`): with six,
flipping signs can give a p of 2 / 2^6 = .031, with five none below .0625, and an interval from fewer hangs on a normal
law that so few cannot show. "reproduced" and "not reproduced" need an interval off zero and a sign-flip p below 5 %.
Where neither stratum is copied at all by the last snapshot, against the matched test set, nothing can be earlier or
later: "not distinguishable from chance". Where the held-out points of a cell differ in law from its training points
(`measure.exchangeability`, p-values of the replicates combined by Fisher's method) verdicts are withheld.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from diffmem.measure.intervals import mean_interval, sign_flip

LEAST = 6  # replicates for a verdict
REPRODUCED, REFUTED = "reproduced", "not reproduced"
CHANCE, FEW = "not distinguishable from chance", "not enough replicates"
WITHHELD, DIFFERENT = "withheld: held-out points differ from training points", 0.001
KEY = {"plain": ("raw", "training"), "matched": ("net", "stratum")}
COLUMNS = [
    "study", "cell", "holds_for", "claim", "reference", "statement", "verdict", "effect", "low", "high", "unit", "p",
    "replicates", "figure",
]  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """A claim that v(stratum) - v(inlier) has the sign ``sign``, over training or at its end, and the words for it."""

    claim: str
    stratum: str
    sign: int
    statement: str
    end: bool = False


O1 = Comparison("O1", "outlier", -1, "outliers are memorized later than inliers")
COMPARISONS = (
    O1,
    Comparison("O1-end", "outlier", -1, "outliers are memorized less than inliers at the last snapshot", end=True),
    Comparison("O2", "duplicate", 1, "duplicates are memorized earlier than inliers"),
    Comparison("O2-end", "duplicate", 1, "duplicates are memorized more than inliers at the last snapshot", end=True),
)


def claims(rates: pd.DataFrame, *, ratios: dict[str, float], settings: dict[str, str]) -> pd.DataFrame:
    """One row per claim, cell and reference, with the columns ``COLUMNS``.

    Args:
        rates: the tables of all shards of a study, as ``measure.rates`` makes them.
        ratios: cell -> ratio of its main figures.
        settings: cell -> the settings it holds for, in words.
    """
    rows = []
    for cell, ratio in ratios.items():
        table = rates[rates["cell"] == cell]
        same = {"study": table["study"].iloc[0], "cell": cell, "holds_for": f"{settings[cell]}, r = {ratio:g}"}
        rows += [{**same, **row} for row in _cell(table, ratio)]
    return pd.DataFrame(rows).reindex(columns=COLUMNS)


def by_permutation(pooled: pd.DataFrame, *, ratios: dict[str, float], settings: dict[str, str]) -> pd.DataFrame:
    """M without assumptions, one row per cell, from the tables of ``measure.permutation`` of all shards of a study."""
    rows = []
    for cell, ratio in ratios.items():
        table = pooled[(pooled["cell"] == cell) & (pooled["threshold"] == ratio)]
        last = table[table["epoch"] == table["epoch"].max()]
        words = {
            "study": last["study"].iloc[0],
            "cell": cell,
            "holds_for": f"{settings[cell]}, r = {ratio:g}",
            "claim": "M-exact",
            "reference": "matched",
            "statement": "the model copies training points by the last snapshot, against permuted labels",
            "unit": "raw fraction less its mean under permuted labels",
            "figure": "memorized",
        }
        rows.append({**words, **verdict((last["raw"] - last["permuted"]).to_numpy(), sign=1)})
    return pd.DataFrame(rows).reindex(columns=COLUMNS)


def collected(claims: list[pd.DataFrame], tested: list[pd.DataFrame]) -> pd.DataFrame:
    """The ``claims`` of all studies, without verdicts where halves that were ``tested`` are not exchangeable.

    Studies of other papers than the first have no such test, so that there may be none.
    """
    table = pd.concat(claims)
    return withheld(table, pd.concat(tested)) if tested else table


def withheld(claims: pd.DataFrame, tested: pd.DataFrame) -> pd.DataFrame:
    """``claims`` without verdicts for cells and references whose halves are not exchangeable.

    Args:
        tested: columns study, cell, reference and p_value, one row per replicate.
    """
    key = ["study", "cell", "reference"]
    combined = tested.groupby(key)["p_value"].agg(lambda p: stats.combine_pvalues(p).pvalue).rename("differ")
    differ = claims[key].merge(combined.reset_index(), on=key, how="left")["differ"].to_numpy()
    return claims.assign(verdict=claims["verdict"].mask(differ < DIFFERENT, WITHHELD))


def verdict(values: np.ndarray, *, sign: int, real: bool = True) -> dict[str, object]:
    """Effect, interval, p and verdict on the claim that the mean of ``values`` (r,) has the sign ``sign``.

    ``real`` says whether anything was memorized that could be compared.
    """
    values = values[np.isfinite(values)]
    if len(values) < LEAST:
        return {"effect": values.mean() if len(values) else np.nan, "replicates": len(values), "verdict": FEW}
    mean, low, high = mean_interval(values)
    p = sign_flip(values)
    clear = real and p < 0.05 and low * high > 0
    name = CHANCE if not clear else REPRODUCED if np.sign(mean) == sign else REFUTED
    return {"effect": mean, "low": low, "high": high, "p": p, "replicates": len(values), "verdict": name}


def over_training(curves: pd.DataFrame) -> pd.Series:
    """Definition (1): mean over log epochs of every row of ``curves``, one column per epoch, untrained left out."""
    trained = curves[[epoch for epoch in curves.columns if epoch >= 1]]
    if trained.shape[1] == 1:
        return trained.iloc[:, 0]
    x = np.log(trained.columns.to_numpy(dtype=float))
    values = trained.interpolate(axis=1, limit_direction="both")  # a snapshot with no point in the stratum
    return pd.Series(np.trapezoid(values, x, axis=1) / (x[-1] - x[0]), index=trained.index)


def _at_the_end(curves: pd.DataFrame) -> pd.Series:
    return curves.iloc[:, -1]


def _cell(rates: pd.DataFrame, ratio: float) -> list[dict[str, object]]:
    """All rows of one cell."""
    present, references = set(rates["stratum"]), [r for r in KEY if r in set(rates["reference"])]
    best = references[-1]
    rows = [
        {
            **verdict(_last(rates, best, "all", ratio), sign=1),
            "claim": "M",
            "reference": best,
            "statement": "the model copies training points by the last snapshot",
            "unit": "net copied fraction",
            "figure": "net",
        }
    ]
    for reference in references:
        for claim in (c for c in COMPARISONS if c.stratum in present):
            rows.append(_compared(rates, claim, reference, ratio))
        if "outlier" in present:
            rows.append(_every_ratio(rates, reference))
    if "outlier" in present:
        rows.append(_rival(rates, best))
    return rows


def _compared(rates: pd.DataFrame, claim: Comparison, reference: str, ratio: float) -> dict[str, object]:
    strata = (claim.stratum, "inlier")
    summary = _at_the_end if claim.end else over_training
    one, other = (summary(_curves(rates, reference, stratum, ratio)) for stratum in strata)
    real = reference == "plain" or any(_copied(_last(rates, reference, s, ratio)) for s in strata)
    return {
        **verdict((one - other).to_numpy(), sign=claim.sign, real=real),
        "claim": claim.claim,
        "reference": reference,
        "statement": claim.statement,
        "unit": "net copied fraction" if reference == "matched" else "memorized share over its chance level",
        "figure": "net" if reference == "matched" else "memorized",
    }


def _every_ratio(rates: pd.DataFrame, reference: str) -> dict[str, object]:
    """O3: the ratio at which O1 has least support decides; with any ratio at which it fails, it fails."""
    ratios = sorted(rates.loc[rates["criterion"] == "raw", "threshold"].unique())
    found = pd.DataFrame([_compared(rates, O1, reference, r) for r in ratios])
    order = [REFUTED, FEW, CHANCE, REPRODUCED]
    weakest = found.iloc[found["verdict"].map(order.index).to_numpy().argmin()]
    held = int((found["verdict"] == REPRODUCED).sum())
    statement = f"O1 at every ratio from {ratios[0]:g} to {ratios[-1]:g} (reproduced at {held} of {len(ratios)})"
    return {**weakest.to_dict(), "claim": "O3", "statement": statement, "figure": "thresholds"}


def _rival(rates: pd.DataFrame, reference: str) -> dict[str, object]:
    mass, most = (_wide(rates, reference, "outlier", "mass", "training", None, v) for v in ("value", "ceiling"))
    return {
        **verdict(over_training(mass - most).to_numpy(), sign=-1),
        "claim": "R",
        "reference": reference,
        "statement": "rival of O1: the model puts less mass on outliers than the closed-form optimum",
        "unit": "mass over training share, less the optimum's",
        "figure": "mass",
    }


def _copied(values: np.ndarray) -> bool:
    """Whether a net copied fraction over replicates is distinguishable from zero."""
    return verdict(values, sign=1)["verdict"] == REPRODUCED


def _last(rates: pd.DataFrame, reference: str, stratum: str, ratio: float) -> np.ndarray:
    """Net copied fraction of every replicate at the last snapshot."""
    return _wide(rates, reference, stratum, "net", "stratum", ratio).iloc[:, -1].to_numpy()


def _curves(rates: pd.DataFrame, reference: str, stratum: str, ratio: float) -> pd.DataFrame:
    """v of the definition: one row per replicate, one column per epoch."""
    if reference == "matched":
        return _wide(rates, reference, stratum, "net", "stratum", ratio)
    memorized, floor = (_wide(rates, reference, stratum, "raw", "generated", ratio, v) for v in ("value", "floor"))
    return memorized / np.nanmean(floor)


def _wide(
    rates: pd.DataFrame,
    reference: str,
    stratum: str,
    criterion: str,
    normalisation: str,
    ratio: float | None,
    column: str = "value",
) -> pd.DataFrame:
    """One ``column`` of the rates, one row per replicate and one column per epoch."""
    keep = (rates["reference"] == reference) & (rates["stratum"] == stratum) & (rates["criterion"] == criterion)
    keep &= rates["normalisation"] == normalisation
    if ratio is not None:
        keep &= rates["threshold"] == ratio
    return rates[keep].pivot(index="replicate", columns="epoch", values=column)
