"""The claims of "Outliers memorized last", put to the test cell by cell.

    M    the model memorizes: net copied fraction of all points at the last snapshot; and once more without any
         assumption (M-exact), as the raw fraction less that under permuted labels (`measure.permutation`)
    O1   outliers are memorized later or less than inliers, over training
    O2   duplicates are memorized earlier or more than inliers, over training
    O3   O1 holds at every ratio
    R    the rival of O1: the model puts less mass on outliers than the closed-form optimum does, through the same
         sampler (whose start, not the model, decides most of where mass goes when data are not centred on it)

O1 to O3 compare two strata within a replicate. The effect is the mean over training of v(stratum) - v(inlier), every
octave of epochs weighing the same (1), so that "later" and "less" both show. v is the net copied fraction of what falls
to the stratum (matched test set), or, as the paper draws it, the memorized share of all generated points in units of
what fresh points of the truth score (plain test set), which mixes copying with mass.

O1-end and O2-end are the same for the last snapshot alone: do outliers stay behind, and duplicates ahead, to the end?

If neither stratum is copied by the last snapshot, against the matched test set, there is no time to compare, and the
verdict is "not distinguishable from chance". So it is against the plain test set at a ratio at which no fresh point is
near enough to a training point, since the unit is 0 there; O3 is judged at the other ratios. The other verdicts are
those of `studies.claims`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from diffmem.studies.claims import (
    CHANCE,
    ERROR,
    FEW,
    LEAST,
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
from diffmem.studies.outliers.strata import (
    best_reference,
    curves,
    has_levels,
    headline,
    net_at_end,
    over_training,
    wide,
)

REFERENCES = ("plain", "matched")
NO_LEVEL = "no fresh point is so near at this ratio, so that there is no chance level"
UNTRAINED = "training ended before its first epoch"
UNTWINNED = "outliers have no held-out twins, so that every sample near one counts as a copy"


@dataclass(frozen=True)
class Comparison:
    """A claim that v(stratum) - v(inlier) lies in a region, over training or at its end, and the words for it."""

    claim: str
    stratum: str
    region: Region
    statement: str
    end: bool = False


O1 = Comparison("O1", "outlier", NEGATIVE, "outliers are memorized later or less than inliers, over training")
COMPARISONS = (
    O1,
    Comparison(
        "O1-end", "outlier", NEGATIVE, "outliers are memorized less than inliers at the last snapshot", end=True
    ),
    Comparison("O2", "duplicate", POSITIVE, "duplicates are memorized earlier or more than inliers, over training"),
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
            finding=_judged(net_at_end(rates, best, "all", ratio), reason=UNTWINNED if without_twins(rates) else ""),
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
    return Claim(
        claim=comparison.claim,
        statement=comparison.statement,
        unit="net copied fraction" if reference == "matched" else "memorized share over its chance level",
        cell=cell,
        reference=reference,
        finding=_difference(rates, comparison, reference, ratio),
        figure="net" if reference == "matched" else "memorized",
    )


def _difference(rates: pd.DataFrame, comparison: Comparison, reference: str, ratio: float) -> Finding:
    """Finding on v(stratum) - v(inlier) at one ratio."""
    strata, replicates = (comparison.stratum, "inlier"), rates["replicate"].nunique()
    if replicates >= LEAST and not has_levels(rates, strata, reference, ratio):
        return Finding(comparison.region.otherwise, replicates=replicates, reason=NO_LEVEL)
    one, other = (curves(rates, reference, stratum, ratio) for stratum in strata)
    ends = (judge_mean(net_at_end(rates, reference, stratum, ratio), POSITIVE) for stratum in strata)
    copied = reference == "plain" or any(end.verdict == REPRODUCED for end in ends)
    if comparison.end:
        return judge_mean((one - other).iloc[:, -1].to_numpy(), comparison.region, comparable=copied)
    return _over_training(one - other, comparison.region, comparable=copied)


def _over_training(differences: pd.DataFrame, region: Region, *, comparable: bool = True) -> Finding:
    """Finding on the mean over training of ``differences``, one row per replicate and one column per epoch."""
    finding = judge_mean(over_training(differences).to_numpy(), region, comparable=comparable)
    untrained = finding.verdict != FEW and max(differences.columns) < 1
    return replace(finding, reason=UNTRAINED) if untrained else finding


def _at_every_ratio(rates: pd.DataFrame, cell: str, reference: str) -> Claim:
    """O3: the verdict at the ratio at which O1 has the least support, of those that have a chance level.

    O3 fails if O1 fails at any ratio, at the level of 5 % divided by the number of ratios (Bonferroni).
    """
    ratios = sorted(rates.loc[rates["criterion"] == "raw", "threshold"].unique())
    judged = [ratio for ratio in ratios if has_levels(rates, (O1.stratum, "inlier"), reference, ratio)]
    found = [_unless_chance(_compare(rates, O1, cell, reference, ratio), len(judged)) for ratio in judged or ratios]
    order = [REFUTED, FEW, CHANCE, REPRODUCED]
    weakest = min(found, key=lambda claim: order.index(claim.finding.verdict))
    held = sum(claim.finding.verdict == REPRODUCED for claim in found)
    without = f"; at {len(ratios) - len(judged)} more there is no chance level" if len(judged) < len(ratios) else ""
    counts = f"reproduced at {held} of {len(judged)}{without}"
    statement = f"O1 at every ratio from {ratios[0]:g} to {ratios[-1]:g} ({counts})"
    return replace(weakest, claim="O3", statement=statement, figure="thresholds")


def _unless_chance(claim: Claim, tests: int) -> Claim:
    """The ``claim``, of as many ``tests``, not refuted by a sign-flip p that is not small enough for one of them."""
    finding = claim.finding
    if finding.verdict != REFUTED or finding.p * tests < ERROR:
        return claim
    reason = f"one of {tests} ratios, whose sign-flip p is not below {ERROR / tests:.2g}"
    return replace(claim, finding=replace(finding, verdict=CHANCE, reason=reason))


def _rival(rates: pd.DataFrame, cell: str, reference: str) -> Claim:
    mass, most = (wide(rates, reference, "outlier", "mass", "training", None, v) for v in ("value", "ceiling"))
    return Claim(
        claim="R",
        statement="rival of O1: the model puts less mass on outliers than the closed-form optimum",
        unit="mass over training share, less the optimum's",
        cell=cell,
        reference=reference,
        finding=_over_training(mass - most, NEGATIVE),
        figure="mass",
    )
