"""The findings at the top of the page, at most three. All numbers are from the table of claims.

There is one finding for each paper whose claims were tested. It gives the effect of the paper's main claim in every
cell, or the range of the effects if there are more than ``LISTED`` cells, and the number of reproduced claims. If fewer
than three papers were tested, the clearest reproduced claim and the clearest claim that is not reproduced follow.
"""

import math
from typing import Any, NamedTuple

import pandas as pd

from diffmem.report.page.numbers import estimate
from diffmem.report.page.papers import COPYING, PAPERS
from diffmem.studies.claims import REFUTED, REPRODUCED

LISTED = 3
SENTENCES = 3
# question -> main claim of its paper, and the beginning of the sentence about its effect
LEADS = {
    COPYING: ("M", "the net copied fraction of all generated points at the last snapshot is"),
    "outliers": ("M", "the net copied fraction of all generated points at the last snapshot is"),
    "effective": ("E1", "from the smallest to the largest training set the share of copies changes by"),
    "onset": ("T1", "the n / d from which on the generated density is nearer to the truth than to the training set is"),
}


class Finding(NamedTuple):
    """A finding.

    Attributes:
        about: its subject.
        sentence: one or two sentences.
    """

    about: str
    sentence: str


def findings(table: pd.DataFrame, *, questions: dict[str, str], words: dict[str, dict[str, str]]) -> list[Finding]:
    """At most ``SENTENCES`` findings; the arguments are those of ``claims.rows``."""
    asked = table["study"].map(questions)
    found = [
        Finding(PAPERS[question].title, f"{_lead(part, question, words)}{_tally(part)}")
        for question in PAPERS
        if len(part := table[asked == question])
    ]
    for verdict, about in ((REPRODUCED, "Clearest of the reproduced"), (REFUTED, "Clearest of those that do not hold")):
        part = table[(table["verdict"] == verdict) & table[["effect", "low", "high"]].abs().lt(math.inf).all(axis=1)]
        if len(part):
            found.append(Finding(about, _clearest(part, words, held=verdict == REPRODUCED)))
    return found[:SENTENCES]


def _lead(part: pd.DataFrame, question: str, words: dict[str, dict[str, str]]) -> str:
    claim, beginning = LEADS[question]
    rows = part[part["claim"] == claim]
    if not len(rows):
        return ""
    studies = rows["study"].nunique()
    told = [
        (row["effect"], f"{_value(row)} ({_cell(row, words, studies=studies)}{_few(row)})")
        for row in rows.to_dict("records")
    ]
    if len(told) <= LISTED:
        listed = " and ".join(filter(None, (", ".join(text for _, text in told[:-1]), told[-1][1])))
    else:
        known = sorted((effect, text) for effect, text in told if not math.isnan(effect)) or told
        listed = f"between {known[0][1]} and {known[-1][1]} in {len(told)} cells"
    return f"{beginning[0].upper()}{beginning[1:]} {listed}. "


def _value(row: dict[str, Any]) -> str:
    """The effect with its interval. A place at infinity is beyond the training sizes that were run."""
    if math.isinf(row["effect"]):
        return "beyond the sizes that were run"
    return estimate(row["effect"], row["low"], row["high"])


def _few(row: dict[str, Any]) -> str:
    """The number of replicates if there are too few for an interval, else nothing."""
    return f", {row['replicates']} replicates" if math.isnan(row["low"]) else ""


def _cell(row: dict[str, Any], words: dict[str, dict[str, str]], *, studies: int) -> str:
    cell = words.get(row["study"], {}).get(row["cell"], str(row["cell"]))
    return f"{row['study']}, {cell}" if studies > 1 and cell != row["study"] else cell


def _tally(part: pd.DataFrame) -> str:
    reproduced, refuted = (int((part["verdict"] == verdict).sum()) for verdict in (REPRODUCED, REFUTED))
    rest = len(part) - reproduced - refuted
    if len(part) == 1:
        return f"The one test of a claim: {part['verdict'].iloc[0]}."
    return f"Of {len(part)} tests of claims, {reproduced} are reproduced, {refuted} not reproduced, {rest} undecided."


def _clearest(part: pd.DataFrame, words: dict[str, dict[str, str]], *, held: bool) -> str:
    """The claim with the smallest p-value; of equal ones, that with the largest ratio of effect and interval length."""
    width = (part["high"] - part["low"]).clip(lower=1e-12)
    ranked = part.assign(wide=-part["effect"].abs() / width).sort_values(["p", "wide"], kind="stable")
    row = ranked.to_dict("records")[0]
    statement = row["statement"][0].upper() + row["statement"][1:] if held else f"Not so: {row['statement']}"
    return f"{statement} ({_cell(row, words, studies=2)}): {_value(row)}, {row['unit']}."
