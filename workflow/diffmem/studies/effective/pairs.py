"""Two arms of a study next to each other: the ratio of their EMMs, and the verdict that its interval allows.

A claim that EMM rises or falls is a claim on the sign of the log ratio. A claim that two EMMs are equal is reproduced
by an interval within a factor ``SAME`` of 1, not reproduced by one that excludes 1, and otherwise undecided.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from diffmem.measure.emm import Estimate
from diffmem.measure.emm_ratio import Ratio, ratio
from diffmem.studies.claims import NEGATIVE, POSITIVE, UNDECIDED, Claim, Finding, Region, decide, within_factor
from diffmem.studies.effective.emm import Arms, changed

SAME = 1.25  # EMMs within this factor count as equal
EQUAL = within_factor(SAME)

Found = dict[str, Estimate]  # arm -> EMM


@dataclass(frozen=True)
class Pair:
    """The EMM of an arm over that of another, and the smaller of their numbers of replicates."""

    arm: str
    other: str
    ratio: Ratio
    replicates: int

    @property
    def logs(self) -> tuple[float, float]:
        """Interval of the log ratio."""
        with np.errstate(divide="ignore"):
            return float(np.log(self.ratio.low)), float(np.log(self.ratio.high))

    def margin(self, sign: int) -> float:
        """How far the interval of the log ratio lies above zero (``sign`` 1) or below it (-1); negative: not at all."""
        return min(sign * end for end in self.logs)

    def verdict(self, region: Region) -> str:
        """Verdict on the claim that the log ratio lies in a ``region``."""
        return decide(*self.logs, region, replicates=self.replicates)


def direction(sign: int) -> Region:
    """The claim that EMM rises (1) or falls (-1)."""
    return POSITIVE if sign > 0 else NEGATIVE


def matching_arms(arms: Arms, baseline: str, found: Iterable[str], factor: str) -> dict[object, str]:
    """Value of the factor -> arm of those ``found`` that has it and matches the baseline in all else.

    Of several such arms it is the baseline, or else the first.
    """
    same = [arm for arm in found if set(changed(arms[arm], arms[baseline])) <= {factor} and factor in arms[arm]]
    matching: dict[object, str] = {}
    for arm in sorted(same, key=lambda arm: arm != baseline):
        matching.setdefault(arms[arm][factor], arm)
    return matching


def numeric_levels(arms: Arms, baseline: str, found: Found, factor: str) -> dict[float, str]:
    """The same for values that are numbers, or numbers of random labels, in ascending order."""
    found_at = matching_arms(arms, baseline, found, factor)
    matches = {value: re.fullmatch(r"(?:random-)?([\d.]+(?:e-?\d+)?)", str(value)) for value in found_at}
    return dict(sorted((float(match[1]), found_at[value]) for value, match in matches.items() if match))


def compare(found: Found, arm: str, other: str, *, over: float = 1.0, level: float = 0.95) -> Pair:
    """The EMM of ``arm`` over that of ``other``, and over a number that is known, with intervals at ``level``."""
    of = ratio(found[arm], found[other], level=level)
    of = Ratio(of.value / over, of.low / over, of.high / over, of.censored)
    return Pair(arm, other, of, min(found[arm].replicates, found[other].replicates))


def ratio_claim(claim: str, pair: Pair, statement: str, verdict: str) -> Claim:
    """A claim on the ratio of two EMMs; undecided where both crossings lie outside the sizes."""
    ratio = pair.ratio
    verdict = UNDECIDED if np.isnan(ratio.value) else verdict
    return Claim(
        claim=claim,
        statement=statement,
        unit=f"{ratio.censored} ratio of EMMs".strip(),
        cell=pair.arm,
        reference=pair.other,
        finding=Finding(verdict, ratio.value, ratio.low, ratio.high, replicates=pair.replicates),
        figure="factors",
    )


def equal_claim(claim: str, pair: Pair, statement: str) -> Claim:
    """The claim that two EMMs are equal, with the factor within which they count as equal."""
    return ratio_claim(claim, pair, f"{statement} within a factor of {SAME:g}", pair.verdict(EQUAL))
