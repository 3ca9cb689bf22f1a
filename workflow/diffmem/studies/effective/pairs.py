"""Two arms of a study beside each other: the ratio of their EMMs, and the verdict that its 95 % interval allows.

A claim that EMM rises or falls is reproduced, or not, by an interval off 1. A claim that two EMMs are equal is
reproduced by an interval within a factor ``SAME`` of 1, not reproduced by one off 1 that is no such thing, and else
undecided: what was not seen is not thereby absent. How many replicates a verdict needs is said in `claims`.
"""

import re
from dataclasses import dataclass

import numpy as np

from diffmem.measure.emm import Estimate
from diffmem.measure.emm_ratio import Ratio, ratio
from diffmem.studies.effective.emm import Arms, changed
from diffmem.studies.outliers.claims import CHANCE, FEW, LEAST, REFUTED, REPRODUCED

SAME = 1.25  # EMMs within this factor count as equal
UNDECIDED = "undecided"

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


def decided(low: float, high: float, *, sign: int, replicates: int) -> str:
    """Verdict on the claim that a number, of which this is the interval, has the sign ``sign``."""
    if replicates < LEAST or np.isnan([low, high]).any():
        return FEW
    if low <= 0 <= high:
        return CHANCE
    return REPRODUCED if (low > 0) == (sign > 0) else REFUTED


def equal(pair: Pair) -> str:
    """Verdict on the claim that a ratio is 1."""
    low, high = pair.logs
    if decided(low, high, sign=1, replicates=pair.replicates) == FEW:
        return FEW
    if max(-low, high) < np.log(SAME):
        return REPRODUCED
    return REFUTED if low > 0 or high < 0 else UNDECIDED


def alike(arms: Arms, baseline: str, found: Found, factor: str) -> dict[object, str]:
    """Value of the factor -> arm that has it and is like the baseline in all else."""
    same = [arm for arm in found if set(changed(arms[arm], arms[baseline])) <= {factor}]
    return {arms[arm][factor]: arm for arm in same if factor in arms[arm]}


def numbered(arms: Arms, baseline: str, found: Found, factor: str) -> dict[float, str]:
    """The same for values that are numbers, or numbers of random labels."""
    found_at = alike(arms, baseline, found, factor)
    matches = {value: re.fullmatch(r"(?:random-)?([\d.]+(?:e-?\d+)?)", str(value)) for value in found_at}
    return {float(match[1]): found_at[value] for value, match in matches.items() if match}


def compared(found: Found, arm: str, other: str, *, over: float = 1.0, level: float = 0.95) -> Pair:
    """The EMM of ``arm`` over that of ``other``, and over a number that is known, with intervals at ``level``."""
    of = ratio(found[arm], found[other], level=level)
    of = Ratio(of.value / over, of.low / over, of.high / over, of.censored)
    return Pair(arm, other, of, min(found[arm].replicates, found[other].replicates))
