"""Claims about copying and local spacing, from the coefficients of `studies.outliers.density`.

Claims, at the last snapshot (-end) and as a mean over log epochs (`studies.outliers.claims.over_training`):

    D1    copying rises with local spacing: b > 0 in (3)
    D2    outliers are copied less than inliers of equal spacing: c_outlier < 0 in (3)
    D3    copying rises with local spacing among inliers alone: b > 0 in (5)
    D4    points near the centre are copied more than others of equal spacing: e < 0 in (4)
    D5    of two classes the wider one is copied more: v > 0 in (6)

D2 is the claim "outliers are memorized last" with density taken out. If O1 holds and D2 does not, density explains it.

The closed-form optimum copies every point. Where its samples have such a coefficient, too, the sampler's last noise
hides copies of some points more than of others. A claim therefore has a verdict only if it keeps it when the optimum's
coefficient is subtracted, replicate by replicate.
"""

from dataclasses import dataclass, replace

import pandas as pd

from diffmem.measure.intervals import over_replicates
from diffmem.studies.claims import (
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
from diffmem.studies.outliers.density import GENERATED, OPTIMUM, RADIUS, SPACING, WIDTH
from diffmem.studies.outliers.strata import over_training

KEY = ["study", "cell", "source", "epoch", "model", "term"]
PER = {
    SPACING: " per e-fold of spacing",
    RADIUS: " per standard deviation of distance from the centre",
    WIDTH: " per e-fold of the class's width",
}


@dataclass(frozen=True)
class Question:
    """A claim about one coefficient."""

    claim: str
    model: str
    term: str
    region: Region
    statement: str
    paper: str | None = None


QUESTIONS = (
    Question(
        "D1",
        "adjusted",
        SPACING,
        POSITIVE,
        "isolated points are copied more than crowded ones",
        "low coverage is copied more (arXiv 2606.14390); typical points come first (2605.30642)",
    ),
    Question("D2", "adjusted", "outlier", NEGATIVE, "outliers are copied less than inliers of equal spacing"),
    Question("D3", "inliers", SPACING, POSITIVE, "among inliers, isolated points are copied more than crowded ones"),
    Question(
        "D4",
        "radial",
        RADIUS,
        NEGATIVE,
        "points near the centre are copied more than others of equal spacing",
        "prototypes are memorized first (arXiv 2605.30642)",
    ),
    Question(
        "D5",
        "classes",
        WIDTH,
        POSITIVE,
        "of two classes the wider one is copied more",
        "classes of high variance are memorized first (arXiv 2605.06367)",
    ),
)


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Mean and 95 % interval over replicates of every coefficient: the columns ``KEY``, mean, low, high, replicates."""
    return over_replicates(table, by=KEY, value="value")


def claims(table: pd.DataFrame, *, settings: dict[str, str]) -> pd.DataFrame:
    """D1 to D5, over training and at its end, one row each per cell, with the columns of `studies.claims`.

    Args:
        table: rows of ``of_replicate`` with study, cell and replicate.
        settings: cell -> the settings it holds for, in words.
    """
    rows = [
        replace(claim, study=study, cell=cell, holds_for=settings[cell])
        for (study, cell), rows_of_cell in table.groupby(["study", "cell"], sort=False)
        for question in QUESTIONS
        for claim in _answers(question, rows_of_cell)
    ]
    return tabulate(rows)


def _answers(question: Question, table: pd.DataFrame) -> list[Claim]:
    """The rows of a question in one cell, over training and at its end; none where the coefficient is missing."""
    of_term = table[(table["model"] == question.model) & (table["term"] == question.term)]
    chosen = of_term[of_term["source"] == GENERATED]
    optimum = of_term[of_term["source"] == OPTIMUM].set_index("replicate")["value"]
    alone = set(table["term"]) <= {SPACING, RADIUS}  # there are inliers only, and (3) and (5) are one
    if chosen.empty or (alone and question.model == "inliers"):
        return []
    # a snapshot without enough points in the stratum has no value, also the last one
    curves = chosen.pivot(index="replicate", columns="epoch", values="value")
    curves = curves.reindex(columns=sorted(table.loc[table["source"] == GENERATED, "epoch"].unique()))
    summaries = {"": (over_training(curves), "over training"), "-end": (curves.iloc[:, -1], "at the end")}
    return [
        Claim(
            claim=question.claim + suffix,
            statement=f"{question.statement}, {when}",
            unit=f"net copied fraction{PER.get(question.term, '')}",
            cell="",
            reference="matched",
            finding=_judged(values, optimum, question.region),
            figure="density",
            paper=question.paper,
        )
        for suffix, (values, when) in summaries.items()
    ]


def _judged(values: pd.Series, optimum: pd.Series, region: Region) -> Finding:
    """Finding on coefficients by replicate; without a verdict where those of the ``optimum`` explain them."""
    finding = judge_mean(values.to_numpy(), region)
    beyond = judge_mean((values - optimum).to_numpy(), region)
    known = beyond.replicates >= LEAST  # the optimum's coefficient, in enough replicates
    if finding.verdict not in (REPRODUCED, REFUTED) or beyond.verdict == finding.verdict or not known:
        return finding
    reason = f"the closed-form optimum, which copies every point, has {optimum.mean():.2f} through the same sampler"
    return replace(finding, verdict=region.otherwise, reason=reason)
