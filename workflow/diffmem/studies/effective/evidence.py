"""Which arms are evidence for a claim on effective memorization, and what is said of their samples.

An arm whose network cannot generate its data has no copies at any size. Its EMM is then an upper bound, which says
nothing of memorization, and the arm does not count. Its samples are called noise (`measure.noise`) by the means over
replicates at the last snapshot, at the smallest size that was run, from which the bound comes. An arm with a crossing
or a lower bound has at least 90 % copies at some size, so that its network works.

Any other bound on EMM counts as evidence if the qualities of both arms can be compared (`comparable`), and otherwise
leaves the claim undecided.
"""

from dataclasses import dataclass, replace

import pandas as pd

from diffmem.measure.noise import MEASURES, is_noise
from diffmem.studies.claims import UNDECIDED, Claim
from diffmem.studies.effective.emm import chosen
from diffmem.studies.effective.pairs import Found

NAMES = {"frechet_beyond_fresh": "Frechet distance minus that of fresh points"}


def noisy(runs: pd.DataFrame, found: Found) -> dict[str, str]:
    """Arm -> a sentence that its samples are noise, for the arms that are no evidence.

    Args:
        runs: the table of runs, with density, coverage and the same of fresh points (density_floor, coverage_floor).
        found: arm -> EMM.
    """
    last, sentences = chosen(runs, "last"), {}
    for arm in (arm for arm, e in found.items() if e.censored == "<"):
        own = last[last["arm"] == arm]
        n = own["n"].min()
        mean = own.loc[own["n"] == n].mean(numeric_only=True)
        if is_noise(mean, {name: mean[f"{name}_floor"] for name in MEASURES}):
            values = " and ".join(f"{name} {mean[name]:.2f} ({mean[f'{name}_floor']:.2f})" for name in MEASURES)
            sentences[arm] = f"samples of {arm} are close to noise at n = {n:,}: {values}, in brackets of fresh points"
    return sentences


@dataclass(frozen=True)
class Levels:
    """The arms of one factor that a claim compares.

    Attributes:
        arms: value -> arm, in ascending order.
        without: words for the statement of the claim, which values are left out.
        reason: why the claim has no verdict, or empty.
    """

    arms: dict[float, str]
    without: str = ""
    reason: str = ""

    def judged(self, claim: Claim) -> Claim:
        """The ``claim`` on these arms, undecided if there is a reason."""
        return _undecided(claim, self.reason) if self.reason else claim


def counted(levels: dict[float, str], *, noise: dict[str, str], least: int) -> Levels:
    """The ``levels`` (value -> arm) without ``noise``; all of them, and the reason, if fewer than ``least`` remain."""
    working = {value: arm for value, arm in levels.items() if arm not in noise}
    if len(working) == len(levels):
        return Levels(levels)
    left_out = {value: arm for value, arm in levels.items() if arm in noise}
    if len(working) < least:
        return Levels(levels, reason=noise[min(left_out.values())])
    return Levels(
        working, without=f"; without {', '.join(f'{value:g}' for value in left_out)}, since samples are noise"
    )


def with_evidence(claim: Claim, *, noise: dict[str, str], bounds: set[str], comparable: set[str]) -> Claim:
    """A claim on a ratio of EMMs, undecided where an arm is ``noise``, or a bound that cannot be compared by quality.

    Args:
        noise: result of ``noisy``.
        bounds: the arms whose EMM is a bound.
        comparable: the arms whose quality can be compared with the baseline's, and the baseline.
    """
    arms = {claim.cell, str(claim.reference)}
    if claim.figure != "factors" or not arms & bounds:
        return claim
    if named := sorted(arms & noise.keys()):
        return _undecided(claim, noise[named[0]])
    if arms <= comparable:
        return claim
    return _undecided(claim, f"EMM of {min(arms & bounds)} is only a bound, and the arms cannot be compared by quality")


def _undecided(claim: Claim, reason: str) -> Claim:
    """The ``claim`` without a verdict, for a ``reason`` in words."""
    return replace(claim, finding=replace(claim.finding, verdict=UNDECIDED, reason=reason))


def qualities(factors: pd.DataFrame) -> dict[str, str]:
    """Arm -> its quality next to the baseline's, in words."""
    words = {}
    for row in factors[factors["quality"].notna()].itertuples():
        name = NAMES.get(row.measure, row.measure.replace("_", " "))
        own, other = (f"{value:#.3g}".rstrip(".") for value in (row.quality, row.quality_baseline))
        words[row.arm] = f"; {name}: {own}, baseline {other}, at n = {row.quality_n:,.0f}"
    return words
