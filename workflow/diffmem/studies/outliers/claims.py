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

O1-end and O2-end are the same for the last snapshot alone: do outliers stay behind, and duplicates ahead, to the end?

If neither stratum is copied by the last snapshot, against the matched test set, there is no time to compare, and the
verdict is "not distinguishable from chance". The other verdicts are those of `studies.claims`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from diffmem.studies.claims import (
    CHANCE,
    ERROR,
    FEW,
    NEGATIVE,
    POSITIVE,
    REFUTED,
    REPRODUCED,
    Claim,
    Finding,
    Region,
    judge_mean,
    tabulate,
)

REFERENCES = ("plain", "matched")
UNTWINNED = "outliers have no held-out twins, so that every sample near one counts as a copy"


@dataclass(frozen=True)
class Comparison:
    """A claim that v(stratum) - v(inlier) lies in a region, over training or at its end, and the words for it."""

    claim: str
    stratum: str
    region: Region
    statement: str
    end: bool = False


O1 = Comparison("O1", "outlier", NEGATIVE, "outliers are memorized later than inliers")
COMPARISONS = (
    O1,
    Comparison(
        "O1-end", "outlier", NEGATIVE, "outliers are memorized less than inliers at the last snapshot", end=True
    ),
    Comparison("O2", "duplicate", POSITIVE, "duplicates are memorized earlier than inliers"),
    Comparison(
        "O2-end", "duplicate", POSITIVE, "duplicates are memorized more than inliers at the last snapshot", end=True
    ),
)


def claims(rates: pd.DataFrame, *, settings: dict[str, str]) -> pd.DataFrame:
    """One row per claim, cell and reference, with the columns of `studies.claims`.

    Args:
        rates: the tables of all shards of a study, as ``measure.rates`` makes them.
        settings: cell -> the settings it holds for, in words.
    """
    rows = []
    for (study, cell), table in rates.groupby(["study", "cell"], sort=False):
        ratio = headline(table)
        holds_for = f"{settings[cell]}, r = {ratio:g}"
        rows += [replace(claim, study=study, holds_for=holds_for) for claim in _of_cell(table, cell, ratio)]
    return tabulate(rows)


def by_permutation(
    permutations: pd.DataFrame, *, settings: dict[str, str], untestable: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Claim M-exact, one row per cell, from the tables of ``measure.permutation`` of all shards of a study.

    ``untestable`` are the cells without a verdict, and why, as from `without_exact_test`.
    """
    rows = []
    for (study, cell), table in permutations[permutations["headline"]].groupby(["study", "cell"], sort=False):
        last = table[table["epoch"] == table["epoch"].max()]
        claim = Claim(
            claim="M-exact",
            statement="the model copies training points by the last snapshot, against permuted labels",
            unit="raw fraction less its mean under permuted labels",
            cell=cell,
            reference="matched",
            finding=_judged((last["raw"] - last["permuted"]).to_numpy(), reason=(untestable or {}).get(cell, "")),
            figure="memorized",
            study=study,
            holds_for=f"{settings[cell]}, r = {headline(last):g}",
        )
        rows.append(claim)
    return tabulate(rows)


def without_twins(rates: pd.DataFrame) -> set[str]:
    """The cells that have outliers without held-out twins, near which every sample counts as a copy."""
    cells = rates.groupby("cell", sort=False)
    return {
        str(cell)
        for cell, table in cells
        if "outlier" in set(table["stratum"]) and best_reference(table["reference"]) == "plain"
    }


def without_exact_test(rates: pd.DataFrame) -> dict[str, str]:
    """The cells whose labels cannot be permuted one by one, and why: no twins of outliers, or near duplicates.

    An original and its near duplicates are all training points, or all held-out; permuted one by one they are both.
    """
    found = {
        str(cell): "near duplicates always have the label of their original, so that labels cannot be permuted singly"
        for cell, table in rates.groupby("cell", sort=False)
        if "near-duplicate" in set(table["stratum"])
    }
    return found | dict.fromkeys(without_twins(rates), UNTWINNED)


def _judged(values: np.ndarray, *, reason: str) -> Finding:
    """Finding on copies among all samples, withheld where there is a ``reason``."""
    finding = judge_mean(values, POSITIVE)
    return replace(finding, verdict=CHANCE, reason=reason) if reason and finding.verdict != FEW else finding


def best_reference(references: Iterable[str]) -> str:
    """The test set that holds out twins of every stratum if it is one of ``references``, otherwise the plain one."""
    return "matched" if "matched" in set(references) else "plain"


def headline(table: pd.DataFrame) -> float:
    """The ratio of the main figures, of the rates of one cell."""
    return float(table.loc[table["headline"], "threshold"].iloc[0])


def over_training(curves: pd.DataFrame) -> pd.Series:
    """Definition (1): mean over log epochs of every row of ``curves``, one column per epoch, untrained left out.

    A row without a value at some epochs is interpolated between the others, and its mean is over their range. NaN
    where a row has no value, or where training ended before its first epoch.
    """
    trained = curves[[epoch for epoch in curves.columns if epoch >= 1]]
    if trained.shape[1] == 0:
        return pd.Series(np.nan, index=curves.index)
    x = np.log(trained.columns.to_numpy(dtype=float))
    return pd.Series([_mean_over(x, row) for row in trained.to_numpy(dtype=float)], index=trained.index)


def _mean_over(x: np.ndarray, values: np.ndarray) -> float:
    """Mean of ``values`` (k,) over ascending ``x`` (k,), from the first known value to the last."""
    known = np.isfinite(values)
    if known.sum() < 2:
        return float(values[known][0]) if known.any() else np.nan
    x, values = x[known], values[known]
    return float(np.trapezoid(values, x) / (x[-1] - x[0]))


def _at_the_end(curves: pd.DataFrame) -> pd.Series:
    return curves.iloc[:, -1]


def _of_cell(rates: pd.DataFrame, cell: str, ratio: float) -> list[Claim]:
    """All rows of one cell."""
    present, references = set(rates["stratum"]), [r for r in REFERENCES if r in set(rates["reference"])]
    best = best_reference(references)
    rows = [
        Claim(
            claim="M",
            statement="the model copies training points by the last snapshot",
            unit="net copied fraction",
            cell=cell,
            reference=best,
            finding=_judged(_last(rates, best, "all", ratio), reason=UNTWINNED if without_twins(rates) else ""),
            figure="net",
        )
    ]
    for reference in references:
        for comparison in (c for c in COMPARISONS if c.stratum in present):
            rows.append(_compare(rates, comparison, cell, reference, ratio))
        if "outlier" in present:
            rows.append(_at_every_ratio(rates, cell, reference))
    if "outlier" in present:
        rows.append(_rival(rates, cell, best))
    return rows


def _compare(rates: pd.DataFrame, comparison: Comparison, cell: str, reference: str, ratio: float) -> Claim:
    """O1 or O2 at one ratio."""
    strata = (comparison.stratum, "inlier")
    summary = _at_the_end if comparison.end else over_training
    one, other = (_curves(rates, reference, stratum, ratio) for stratum in strata)
    copied = reference == "plain" or any(_copied(_last(rates, reference, s, ratio)) for s in strata)
    return Claim(
        claim=comparison.claim,
        statement=comparison.statement,
        unit="net copied fraction" if reference == "matched" else "memorized share over its chance level",
        cell=cell,
        reference=reference,
        finding=judge_mean(summary(one - other).to_numpy(), comparison.region, comparable=copied),
        figure="net" if reference == "matched" else "memorized",
    )


def _at_every_ratio(rates: pd.DataFrame, cell: str, reference: str) -> Claim:
    """O3: the verdict at the ratio at which O1 has the least support.

    O3 fails if O1 fails at any ratio, at the level of 5 % divided by the number of ratios (Bonferroni).
    """
    ratios = sorted(rates.loc[rates["criterion"] == "raw", "threshold"].unique())
    found = [_unless_chance(_compare(rates, O1, cell, reference, ratio), len(ratios)) for ratio in ratios]
    order = [REFUTED, FEW, CHANCE, REPRODUCED]
    weakest = min(found, key=lambda claim: order.index(claim.finding.verdict))
    held = sum(claim.finding.verdict == REPRODUCED for claim in found)
    statement = f"O1 at every ratio from {ratios[0]:g} to {ratios[-1]:g} (reproduced at {held} of {len(ratios)})"
    return replace(weakest, claim="O3", statement=statement, figure="thresholds")


def _unless_chance(claim: Claim, tests: int) -> Claim:
    """The ``claim``, of as many ``tests``, not refuted by a sign-flip p that is not small enough for one of them."""
    finding = claim.finding
    if finding.verdict != REFUTED or finding.p * tests < ERROR:
        return claim
    reason = f"one of {tests} ratios, whose sign-flip p is not below {ERROR / tests:.2g}"
    return replace(claim, finding=replace(finding, verdict=CHANCE, reason=reason))


def _rival(rates: pd.DataFrame, cell: str, reference: str) -> Claim:
    mass, most = (_wide(rates, reference, "outlier", "mass", "training", None, v) for v in ("value", "ceiling"))
    return Claim(
        claim="R",
        statement="rival of O1: the model puts less mass on outliers than the closed-form optimum",
        unit="mass over training share, less the optimum's",
        cell=cell,
        reference=reference,
        finding=judge_mean(over_training(mass - most).to_numpy(), NEGATIVE),
        figure="mass",
    )


def _copied(values: np.ndarray) -> bool:
    """Whether a net copied fraction over replicates is distinguishable from zero."""
    return judge_mean(values, POSITIVE).verdict == REPRODUCED


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
