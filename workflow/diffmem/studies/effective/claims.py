r"""The claims of "On Memorization in Diffusion Models", put to the test arm by arm.

    E1    R_mem falls with the number of training points
    E2    EMM falls with the dimension of the data
    E3    EMM grows with the width of the network
    E4    EMM is not monotone in the depth of the network: it rises and falls
    E5    skip connections at high resolution matter more than those at low
    E6    random labels do as much as true ones
    E7    EMM grows with the number C of random labels
    E8    labels of one image each raise EMM most
    E9    a running mean of the weights changes nothing
    E10   weight decay lowers EMM
    E11   random labels act as a smaller training set: EMM with C of them is C times that without

E11 is a prediction of the closed-form optimum (each label has n / C training points of its own); the paper does not
report it.

E1 is judged by a mean over replicates (`studies.claims.judge_mean`), all others by ratios of EMMs (`pairs`). Directions
compare the two outer values of a factor, all other factors being those of the baseline. Claims about factors that were
not varied are absent.

E4 needs an inner depth whose EMM is above those of both outer ones, or below both; the table shows the less clear of
these two comparisons. The inner depth is chosen as the clearest of k depths and two signs, so that EMMs and ratios have
intervals at the level

    1 - 0.05 / (2 k).                                                                                  (1)

By Bonferroni's inequality, EMM that is monotone in depth is called not monotone in at most one study of forty. A
direction that does not exist is called reproduced equally rarely.

An arm whose samples are noise does not count, nor does an EMM that is only a bound where quality cannot be compared
(`evidence`). E2, E3, E4, E7 and E10 leave such noise out where enough values remain. Other claims on it are undecided.

E5 compares arms that keep equally many connections, all at one resolution, once for every such number: each arm at the
highest resolution with each at the lowest. All pairs must agree; the table shows the pair that supports E5 least.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise, product

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
    judge_mean,
    tabulate,
)  # fmt: skip
from diffmem.studies.effective.emm import Arms, chosen, estimates
from diffmem.studies.effective.evidence import counted, noisy, qualities, with_evidence
from diffmem.studies.effective.pairs import (
    Found,
    Pair,
    compare,
    direction,
    equal_claim,
    matching_arms,
    numeric_levels,
    ratio_claim,
)
from diffmem.studies.effective.reported import EFFECTIVE


@dataclass(frozen=True)
class Direction:
    """A claim that EMM rises (``sign`` 1) or falls (-1) with a factor, and the words for it."""

    claim: str
    factor: str
    sign: int
    statement: str


DIRECTIONS = (
    Direction("E2", "dimension", -1, "EMM falls with the dimension of the data"),
    Direction("E3", "width", 1, "EMM grows with the width of the network"),
    Direction("E7", "labels", 1, "EMM grows with the number of random labels"),
    Direction("E10", "weight_decay", -1, "weight decay lowers EMM"),
)


def claims(
    runs: pd.DataFrame,
    found: Found,
    *,
    arms: Arms,
    baseline: str,
    study: str,
    settings: dict[str, str],
    factors: pd.DataFrame,
    classes: int | None,
    resolutions: dict[str, int | None],
) -> pd.DataFrame:
    """One row per claim that the arms allow, with the columns of `studies.claims`.

    Args:
        runs, found: as in ``studies.effective.emm``.
        factors: result of ``studies.effective.factors.factors``.
        settings: arm -> what it holds for, in words.
        classes: number of true labels, with as many random ones of which E6 compares them; None where no arm has them.
        resolutions: arm -> height in pixels of the images at which all its skip connections are, None if not at one.
    """
    family = (arms, baseline, found)
    noise = noisy(runs, found)
    rows = [_falls(name, rows) for name, rows in chosen(runs, "last").groupby("arm", sort=False)]
    rows += [_direction(named, *family, noise=noise) for named in DIRECTIONS]
    rows.append(_not_monotone(runs, *family, noise=noise))
    rows += _skips(*family, resolutions, noise=noise)
    rows += _labels(*family, classes)
    rows += _running_means(*family)
    words = qualities(factors)
    bounds = {arm for arm, e in found.items() if e.censored}
    return tabulate(
        replace(
            with_evidence(row, noise=noise, bounds=bounds, comparable={baseline, *words}),
            study=study,
            holds_for=settings[row.cell] + words.get(row.cell, ""),
            paper=EFFECTIVE[row.claim],
        )
        for row in rows
        if row
    )


# --- single claims ----------------------------------------------------------------------------------------------------


def _falls(arm: str, runs: pd.DataFrame) -> Claim | None:
    """E1, from the last snapshot of every run of an arm."""
    wide = runs.pivot(index="replicate", columns="n", values="r_mem")
    if wide.shape[1] < 2:
        return None
    change = (wide.iloc[:, -1] - wide.iloc[:, 0]).dropna().to_numpy()
    steps = np.diff(wide.mean())
    ends = f"from {wide.columns[0]:,} to {wide.columns[-1]:,} points"
    return Claim(
        claim="E1",
        statement=f"R_mem falls {ends} ({(steps < 0).sum()} of {len(steps)} steps fall, {(steps > 0).sum()} rise)",
        unit="difference of R_mem",
        cell=arm,
        finding=judge_mean(change, NEGATIVE),
        figure="effective",
    )


def _direction(named: Direction, arms: Arms, baseline: str, found: Found, *, noise: dict[str, str]) -> Claim | None:
    levels = counted(numeric_levels(arms, baseline, found, named.factor), noise=noise, least=2)
    names = list(levels.arms.values())
    if len(names) < 2:
        return None
    steps = [np.sign(found[b].emm - found[a].emm) == named.sign for a, b in pairwise(names)]
    ends = f"from {min(levels.arms):g} to {max(levels.arms):g}{levels.without}"
    pair = compare(found, names[-1], names[0])
    statement = f"{named.statement} ({sum(steps)} of {len(steps)} steps {ends})"
    return levels.judged(ratio_claim(named.claim, pair, statement, pair.verdict(direction(named.sign))))


def _not_monotone(
    runs: pd.DataFrame, arms: Arms, baseline: str, found: Found, *, noise: dict[str, str]
) -> Claim | None:
    """E4: the inner depth that stands out most clearly above (sign 1) or below (-1) both outer ones."""
    levels = counted(numeric_levels(arms, baseline, found, "depth"), noise=noise, least=3)
    names = list(levels.arms.values())
    if len(names) < 3:
        return None
    level = 1 - ERROR / (2 * len(names[1:-1]))  # equation (1)
    wider = estimates(runs[runs["arm"].isin(names)], level=level)
    margin, pair = max(
        (_less_clear(wider, name, (names[0], names[-1]), sign, level) for name in names[1:-1] for sign in (1, -1)),
        key=lambda found: found[0],
    )
    few = compare(found, names[-1], names[0]).verdict(POSITIVE) == FEW
    verdict = FEW if few else REPRODUCED if margin > 0 else REFUTED if _monotone(found, names) else CHANCE
    of = f"{len(names)} depths, interval at {level:.2%}{levels.without}"
    return levels.judged(ratio_claim("E4", pair, f"EMM is not monotone in the depth of the network ({of})", verdict))


def _less_clear(found: Found, arm: str, ends: tuple[str, str], sign: int, level: float) -> tuple[float, Pair]:
    """Of the comparisons of an arm with both ``ends``, the one that supports the sign less, and its margin."""
    pair = min((compare(found, arm, end, level=level) for end in ends), key=lambda pair: pair.margin(sign))
    return pair.margin(sign), pair


def _monotone(found: Found, names: list[str]) -> bool:
    """Whether the outer EMMs differ and all steps between neighbours have one sign."""
    steps = {np.sign(found[b].emm - found[a].emm) for a, b in pairwise(names)}
    return len(steps) == 1 and compare(found, names[-1], names[0]).verdict(POSITIVE) in (REPRODUCED, REFUTED)


def _skips(
    arms: Arms, baseline: str, found: Found, resolutions: dict[str, int | None], *, noise: dict[str, str]
) -> list[Claim]:
    """E5, once for every number of connections that is kept at more than one resolution."""
    groups: dict[int, dict[int, list[str]]] = {}
    for kept, arm in matching_arms(arms, baseline, found, "skips").items():
        if height := resolutions[arm]:
            groups.setdefault(str(kept).count(",") + 1, {}).setdefault(height, []).append(arm)
    return [_resolved(number, at, found, noise) for number, at in sorted(groups.items()) if len(at) > 1]


def _resolved(number: int, at: dict[int, list[str]], found: Found, noise: Iterable[str]) -> Claim:
    """E5 for arms that keep ``number`` connections ``at`` each height; a pair with an arm of ``noise`` decides."""
    heights = sorted(at)
    steps = [found[b].emm > found[a].emm for pair in pairwise(heights) for a, b in product(*(at[h] for h in pair))]
    pairs = [compare(found, b, a) for a, b in product(at[heights[0]], at[heights[-1]])]
    verdicts = {pair.verdict(POSITIVE) for pair in pairs}
    verdict = FEW if FEW in verdicts else verdicts.pop() if len(verdicts) == 1 else CHANCE
    kept = f"{number} skip connection{'s' * (number > 1)}"
    statement = (
        f"with {kept}, EMM grows with the resolution at which they are kept "
        f"({sum(steps)} of {len(steps)} steps from {heights[0]} to {heights[-1]} pixels)"
    )
    shown = min(pairs, key=lambda pair: ({pair.arm, pair.other}.isdisjoint(noise), pair.logs[0]))
    return ratio_claim("E5", shown, statement, verdict)


def _labels(arms: Arms, baseline: str, found: Found, classes: int | None) -> list[Claim]:
    """E6, E8 and E11."""
    family = matching_arms(arms, baseline, found, "labels")
    random = numeric_levels(arms, baseline, found, "labels")
    rows = []
    if "class" in family and classes in random:
        statement = f"EMM with {classes} random labels is that with {classes} true ones"
        rows.append(equal_claim("E6", compare(found, random[classes], family["class"]), statement))
    if "unique" in family and random:
        pair = compare(found, family["unique"], random[max(random)])
        statement = f"labels of one image each raise EMM above that of {max(random):g} random ones"
        rows.append(ratio_claim("E8", pair, statement, pair.verdict(POSITIVE)))
    for number in random if "none" in family else ():
        statement = f"EMM with {number:g} random labels, over {number:g}, is that without"
        rows.append(equal_claim("E11", compare(found, random[number], family["none"], over=number), statement))
    return rows


def _running_means(arms: Arms, baseline: str, found: Found) -> list[Claim]:
    """E9, once for every other running mean than the baseline's."""
    rows = []
    for value, arm in matching_arms(arms, baseline, found, "ema").items():
        words = f"with a running mean of {value}" if value else "without a running mean"
        if arm != baseline:
            rows.append(equal_claim("E9", compare(found, arm, baseline), f"{words} EMM is the same"))
    return rows
