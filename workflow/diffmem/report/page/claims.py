"""The rows of the table of claims on the page: verdict, effect as text, and a bar that shows the interval.

Bars of the same study and unit have a common scale, so that they can be compared. The scale is logarithmic, with 1 as
no effect, for ratios and places on an axis, and linear, with 0 as no effect, for all other units. An end of an interval
is open if it is infinite, or if it is 0 on the logarithmic scale.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from diffmem.report.page.numbers import estimate, number
from diffmem.report.page.papers import PAPERS, definition
from diffmem.studies.claims import CHANCE, EVERY, FEW, REFUTED, REPRODUCED, UNDECIDED, WITHHELD

# verdict -> its group on the page, in the order of sorting
GROUPS = {
    REPRODUCED: "reproduced",
    REFUTED: "not reproduced",
    CHANCE: "undecided",
    UNDECIDED: "undecided",
    FEW: "too few replicates",
    WITHHELD: "withheld",
}
BOUND = ">= "  # prefix of the unit of an effect that is a lower bound
RATIOS = ("ratio of", "factor on", "n / d", "n_mem / n_gen")  # beginnings of units on the logarithmic scale
NEEDED = (
    "study",
    "cell",
    "claim",
    "statement",
    "verdict",
    "effect",
    "low",
    "high",
    "unit",
    "p",
    "replicates",
    "figure",
)


@dataclass(frozen=True)
class Bar:
    """The bar of an interval. Positions are in percent of its width.

    Attributes:
        low, high: ends of the interval, or the effect if there is no interval.
        effect: the effect; None if it is infinite.
        none: position of no effect.
        open_low, open_high: whether the ends are open.
    """

    low: float
    high: float
    effect: float | None
    none: float
    open_low: bool
    open_high: bool


@dataclass(frozen=True)
class Row:
    """A row of the table on the page.

    Attributes:
        claim: number of the claim.
        defined: key of its definition in ``DEFINITIONS``, if there is one.
        study, question, cell: the study, the question of its paper, and the description of the cell.
        statement, details: the claim in words, and what it refers to.
        group, verdict, reason: group of the verdict, the verdict, and its reason.
        effect, unit, bar, p, replicates: the result.
        figure: name of the figure that shows it.
        order: column -> value by which the rows are sorted.
    """

    claim: str
    defined: str | None
    study: str
    question: str
    cell: str
    statement: str
    details: tuple[str, ...]
    group: str
    verdict: str
    reason: str
    effect: str
    unit: str
    bar: Bar | None
    p: str
    replicates: int
    figure: str
    order: dict[str, float]


def rows(table: pd.DataFrame, *, questions: dict[str, str], words: dict[str, dict[str, str]]) -> list[Row]:
    """The rows of the table on the page, in the order of the papers, and within a paper in the order of ``table``.

    Args:
        table: claims.csv, with the columns ``NEEDED`` and, optionally, holds_for, reference, reason and paper.
        questions: study -> its question, a key of ``PAPERS``.
        words: study -> cell -> its description.

    Raises:
        ValueError: if a column is missing, or if a verdict is not known.
    """
    if missing := [name for name in NEEDED if name not in table]:
        raise ValueError(f"the table of claims lacks the columns {', '.join(missing)}; make claims.csv again")
    if unknown := sorted(set(table["verdict"]) - set(GROUPS)):
        raise ValueError(f"verdict = {unknown[0]!r} in the table of claims: must be one of {', '.join(GROUPS)}")
    scales = {key: _Scale(part) for key, part in table.groupby(["study", "unit"])}
    papers = list(PAPERS)
    order = table["study"].map(lambda study: papers.index(questions[study])).argsort(kind="stable")
    records = table.iloc[order].to_dict("records")
    return [
        _row(record, at, scales[record["study"], record["unit"]], questions, words) for at, record in enumerate(records)
    ]


def tally(shown: list[Row]) -> dict[str, int]:
    """Group of verdicts -> number of claims in it, for all groups in the order of ``GROUPS``."""
    return {group: sum(row.group == group for row in shown) for group in dict.fromkeys(GROUPS.values())}


def _row(
    record: dict[str, Any], at: int, scale: "_Scale", questions: dict[str, str], words: dict[str, dict[str, str]]
) -> Row:
    study, claim = record["study"], record["claim"]
    cell = words.get(study, {}).get(record["cell"], str(record["cell"]))
    bound = record["unit"].startswith(BOUND)
    ends = (record["effect"], record["low"], record["high"])
    known = definition(claim)
    return Row(
        claim=claim,
        defined=known[0] if known else None,
        study=study,
        question=questions[study],
        cell=cell,
        statement=record["statement"],
        details=_details(record),
        group=GROUPS[record["verdict"]],
        verdict=record["verdict"],
        reason=_text(record, "reason"),
        effect=estimate(*ends, bound=bound),
        unit=record["unit"].removeprefix(BOUND),
        bar=scale.bar(*ends),
        p=number(record["p"]),
        replicates=int(record["replicates"]),
        figure=record["figure"].rpartition("/")[2].removesuffix(".png"),
        order={
            "claim": at,
            "verdict": list(dict.fromkeys(GROUPS.values())).index(GROUPS[record["verdict"]]),
            "effect": _sortable(record["effect"]),
            "p": _sortable(record["p"]),
            "replicates": int(record["replicates"]),
        },
    )


def _details(record: dict[str, Any]) -> tuple[str, ...]:
    """What a claim applies to, which test set is used, and what the paper reports."""
    found = [_text(record, "holds_for")]
    if reference := _text(record, "reference"):
        tests = {"plain": "held-out inliers only", "matched": "held-out set with twins of injected points", EVERY: ""}
        found.append(tests.get(reference, f"against {reference}"))
    if paper := _text(record, "paper"):
        found.append(f"Paper: {paper}")
    return tuple(text for text in found if text)


def _text(record: dict[str, Any], name: str) -> str:
    value = record.get(name)
    return value if isinstance(value, str) else ""


def _sortable(value: float) -> float:
    """``value`` as a finite number, by which JavaScript can sort; a missing value comes last."""
    return 1e300 if math.isnan(value) else float(np.clip(value, -1e290, 1e290))


class _Scale:
    """The common scale of the bars of one study and unit, from its rows of the table of claims."""

    def __init__(self, part: pd.DataFrame) -> None:
        self.is_ratio = part["unit"].iloc[0].removeprefix(BOUND).startswith(RATIOS)
        finite = [self._on(x) for name in ("effect", "low", "high") for x in part[name]]
        finite = [0.0, *(x for x in finite if math.isfinite(x))]
        margin = 0.08 * (max(finite) - min(finite)) or 1.0
        self.start, self.end = min(finite) - margin, max(finite) + margin

    def _on(self, value: float) -> float:
        if not self.is_ratio or math.isnan(value):
            return value
        return math.log(value) if value > 0 else -math.inf

    def _percent(self, value: float) -> float:
        return round(100 * min(max((value - self.start) / (self.end - self.start), 0), 1), 2)

    def bar(self, effect: float, low: float, high: float) -> Bar | None:
        effect, low, high = (self._on(x) for x in (effect, low, high))
        if math.isnan(effect) and math.isnan(low):
            return None
        ends = (effect, effect) if math.isnan(low) or math.isnan(high) else (low, high)
        return Bar(
            low=self._percent(ends[0]),
            high=self._percent(ends[1]),
            effect=self._percent(effect) if math.isfinite(effect) else None,
            none=self._percent(0),
            open_low=ends[0] == -math.inf,
            open_high=ends[1] == math.inf,
        )
