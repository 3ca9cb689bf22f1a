"""Claims of the papers as rows of one table, and the rule that gives each of them a verdict.

A claim says that a number lies in a region: it is positive, it equals 1 within a factor, it lies between 1/2 and 2. Its
95 % interval decides:

    reproduced        the interval lies within the region that is claimed
    not reproduced    the interval has nothing in common with what the claim allows
    otherwise         "not distinguishable from chance" for a direction, "undecided" for a place or equality

With fewer than ``LEAST`` replicates there is no verdict. With as many, of which fewer know the number, it is that of
the last line, and its reason says so.

A claim of equality allows the one value 1 and is reproduced by an interval near it. A wide interval around 1 leaves it
undecided, since it does not show equality.

A mean over replicates needs a sign-flip p below 5 % as well (`measure.intervals.sign_flip`), and both need ``LEAST``
replicates: with six, flipping signs can give a p of 2 / 2^6 = .031, with five none below .0625, and an interval from
fewer rests on a normal distribution that so few values cannot confirm.

Where the held-out points of a cell differ in law from its training points (`measure.exchangeability`, p-values of the
replicates combined by Fisher's method), verdicts are withheld.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

import numpy as np
import pandas as pd
import scipy

from diffmem.measure.intervals import mean_interval, sign_flip

LEAST = 6  # replicates for a verdict
ERROR = 0.05  # of an interval and of a test
REPRODUCED, REFUTED, UNDECIDED = "reproduced", "not reproduced", "undecided"
CHANCE, FEW = "not distinguishable from chance", "not enough replicates"
WITHHELD, DIFFERENT = "withheld: held-out points differ from training points", 0.001
COLUMNS = [
    "study", "cell", "holds_for", "claim", "reference", "statement", "verdict", "reason", "effect", "low", "high",
    "unit", "p", "replicates", "figure", "paper",
]  # fmt: skip


@dataclass(frozen=True)
class Region:
    """What a claim says of a number: closed intervals of the values that it claims and of those that it allows.

    Attributes:
        claimed: an interval within it reproduces the claim.
        allowed: an interval that lies outside it refutes the claim.
        otherwise: the verdict in all other cases.
    """

    claimed: tuple[float, float]
    allowed: tuple[float, float]
    otherwise: str = UNDECIDED


_LEAST_POSITIVE = float(np.nextafter(0, 1))
POSITIVE = Region((_LEAST_POSITIVE, np.inf), (0, np.inf), CHANCE)
NEGATIVE = Region((-np.inf, -_LEAST_POSITIVE), (-np.inf, 0), CHANCE)


FEWER, MORE = Region((0, 1), (0, 1), CHANCE), Region((1, np.inf), (1, np.inf), CHANCE)  # of a factor


EVERY = "every size"  # the reference of a claim about all cells of a study


def between(low: float, high: float) -> Region:
    """The claim that a number lies between two others: a place."""
    return Region((low, high), (low, high))


def within_factor(factor: float) -> Region:
    """The claim that a ratio is 1, reproduced within a ``factor`` of it; of the logarithm of the ratio."""
    return Region((-np.log(factor), np.log(factor)), (0, 0))


@dataclass(frozen=True)
class Finding:
    """What was found about a claim: effect, 95 % interval, sign-flip p, number of replicates, verdict.

    ``reason`` says why a verdict was withheld, where the interval alone does not show it.
    """

    verdict: str
    effect: float = np.nan
    low: float = np.nan
    high: float = np.nan
    p: float = np.nan
    replicates: int = 0
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A row of the table of claims.

    Attributes:
        claim: its number, such as O1.
        statement: what is claimed, in words.
        unit: of the effect.
        cell: cell or arm that the row is about.
        finding: effect, interval and verdict.
        figure: that shows it.
        reference: what it is compared with: a test set, another arm, the truth.
        study: where it was tested.
        holds_for: the settings of the cell, in words.
        paper: what the paper reports, in words.
    """

    claim: str
    statement: str
    unit: str
    cell: str
    finding: Finding
    figure: str
    reference: str | None = None
    study: str = ""
    holds_for: str = ""
    paper: str | None = None


def tabulate(claims: Iterable[Claim]) -> pd.DataFrame:
    """The table of ``claims``, one row each, with the columns ``COLUMNS``."""
    rows = [asdict(claim) for claim in claims]
    return pd.DataFrame([{**row, **row.pop("finding")} for row in rows], columns=COLUMNS)


def decide(low: float, high: float, region: Region, *, replicates: int, least: int = LEAST) -> str:
    """Verdict on the claim that a number, of which (``low``, ``high``) is the interval, lies in a ``region``.

    Where the interval is not known, and there are enough replicates, the verdict is the ``otherwise`` of the region.
    """
    if replicates < least:
        return FEW
    if np.isnan([low, high]).any():
        return region.otherwise
    if region.claimed[0] <= low and high <= region.claimed[1]:
        return REPRODUCED
    return REFUTED if high < region.allowed[0] or low > region.allowed[1] else region.otherwise


def judge_mean(values: np.ndarray, region: Region, *, comparable: bool = True) -> Finding:
    """Finding on the claim that the mean of ``values`` (r,), one per replicate, lies in a ``region``.

    Args:
        values: missing or infinite where a replicate does not know the number.
        comparable: whether anything was memorized that could be compared; if not, the claim stays open.
    """
    replicates, values = len(values), values[np.isfinite(values)]
    if len(values) < LEAST:
        effect = values.mean() if len(values) else np.nan
        return replace(too_few(len(values), region, replicates=replicates), effect=effect)
    mean, low, high = mean_interval(values)
    p = sign_flip(values)
    verdict = decide(low, high, region, replicates=len(values))
    reason = _disagreement(clear=verdict in (REPRODUCED, REFUTED), significant=p < ERROR)
    if not comparable:
        reason = "neither of the two is copied, so that there is nothing to compare"
    return Finding(region.otherwise if reason else verdict, mean, low, high, p, len(values), reason)


def too_few(known: int, region: Region, *, replicates: int) -> Finding:
    """Finding on a number that fewer than ``LEAST`` replicates know, ``known`` of all ``replicates``."""
    if replicates < LEAST:
        return Finding(FEW, replicates=known)
    found = f"{known} of {replicates} replicates" if known else f"none of {replicates} replicates"
    return Finding(region.otherwise, replicates=known, reason=f"known in {found}, and a verdict needs {LEAST}")


def judge_interval(numbers: tuple[float, float, float], region: Region, *, known: int, replicates: int) -> Finding:
    """Finding on the claim that a number lies in a ``region``, by its interval alone.

    Args:
        numbers: effect, low and high.
        known: so many of all ``replicates`` know the number.
    """
    effect, low, high = numbers
    if known < LEAST:
        return replace(too_few(known, region, replicates=replicates), effect=effect, low=low, high=high)
    return Finding(decide(low, high, region, replicates=known), effect, low, high, replicates=known)


def seen_in(statement: str, known: int, *, replicates: int) -> str:
    """The ``statement``, with the number of replicates that see its event where not all ``replicates`` do."""
    return statement if known == replicates else f"{statement} (seen in {known} of {replicates} replicates)"


def shared_words(settings: Iterable[str]) -> str:
    """What the ``settings`` of all cells have in common: of "a, b, c" and "a, d, c" it is "a, c"."""
    first, *others = (words.split(", ") for words in settings)
    return ", ".join(part for part in first if all(part in other for other in others))


def _disagreement(*, clear: bool, significant: bool) -> str:
    """If interval and sign-flip test disagree, the one that withholds the verdict, in words."""
    if clear and not significant:
        return f"the interval excludes zero, but the sign-flip p is not below {ERROR:g}"
    if significant and not clear:
        return f"the sign-flip p is below {ERROR:g}, but the interval includes zero"
    return ""


def collect(claims: list[pd.DataFrame], tested: list[pd.DataFrame]) -> pd.DataFrame:
    """The ``claims`` of all studies, without verdicts where halves that were ``tested`` are not exchangeable.

    Only studies of the first paper have such a test, and audits have no claims; the table may be empty.
    """
    table = pd.concat(claims) if claims else tabulate([])
    return withhold(table, pd.concat(tested)) if tested else table


def withhold(claims: pd.DataFrame, tested: pd.DataFrame) -> pd.DataFrame:
    """``claims`` without verdicts for cells and references whose halves are not exchangeable.

    A claim whose reference was not tested is held to the smallest p-value of its cell, one about all cells (``EVERY``)
    to that of its study.

    Args:
        tested: columns study, cell, reference and p_value, one row per replicate.
    """
    key = ["study", "cell", "reference"]
    combined = tested.groupby(key)["p_value"].agg(lambda p: scipy.stats.combine_pvalues(p).pvalue).rename("differ")
    least = combined.groupby(key[:2]).min().rename("least").reset_index()
    found = claims[key].merge(combined.reset_index(), on=key, how="left").merge(least, on=key[:2], how="left")
    of_study = claims["study"].map(least.groupby("study")["least"].min()).to_numpy()
    differ = np.where(claims["reference"] == EVERY, of_study, found["differ"].fillna(found["least"]))
    return claims.assign(verdict=claims["verdict"].mask(differ < DIFFERENT, WITHHELD))
