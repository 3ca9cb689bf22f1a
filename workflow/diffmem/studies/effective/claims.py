r"""The claims of "On Memorization in Diffusion Models", put to the test arm by arm.

    E1    R_mem falls with the number of training points
    E2    EMM falls with the dimension of the data
    E3    EMM grows with the width of the network
    E4    its depth has no such direction: EMM rises and falls
    E5    skip connections at high resolution matter more than those at low
    E6    random labels do as much as true ones
    E7    EMM grows with the number C of random labels
    E8    labels of one image each raise it most
    E9    a running mean of the weights changes nothing
    E10   weight decay lowers it
    E11   random labels act as a smaller training set: EMM with C of them is C times that without

E11 is what the closed-form optimum says (each label has a set of n / C of its own), not what the paper reports.

E1 is judged like the claims on outliers (`claims.verdict`), all others by ratios of EMMs (`arm_pairs`). Directions
compare the two outer values of a factor, all other factors being those of the baseline. Claims about factors that were
not varied are absent.

E4 needs an inner depth whose EMM is above those of both outer ones, or below both; shown is the less clear of these two
comparisons. It is the clearest of k inner depths and two signs, so that EMMs and ratios have intervals at the level

    1 - 0.05 / (2 k).                                                                                  (1)

By Bonferroni's inequality a truth that is monotone is called not so in at most one study of forty, as often as any
direction is called reproduced where there is none.

E5 compares arms that keep equally many connections, all at one resolution, for every such number: each arm at the
highest resolution with each at the lowest, of which all must agree; shown is the pair that supports it least.
"""

from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np
import pandas as pd

from diffmem.studies.effective.emm import Arms, chosen, estimates
from diffmem.studies.effective.pairs import UNDECIDED, Found, Pair, alike, compared, decided, equal, numbered
from diffmem.studies.effective.reported import EFFECTIVE
from diffmem.studies.outliers.claims import CHANCE, COLUMNS, FEW, REFUTED, REPRODUCED, verdict

ERROR = 0.05  # of an interval, or of all that E4 compares together
FIGURE = {"curves": "effective", "factors": "factors"}


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
    settings: str,
    factors: pd.DataFrame,
    classes: int | None,
    resolutions: dict[str, int | None],
) -> pd.DataFrame:
    """One row per claim that the arms allow, with the columns ``claims.COLUMNS`` and paper, its own number.

    Args:
        runs, found, factors: as in ``studies.effective.emm``.
        settings: what the study holds for, in words.
        classes: number of true labels, with as many random ones of which E6 compares them; None where no arm has them.
        resolutions: arm -> height in pixels of the images at which all its skip connections are, None if not at one.
    """
    rows = [_falls(name, rows) for name, rows in chosen(runs, "last").groupby("arm", sort=False)]
    rows += [_direction(claim, arms, baseline, found) for claim in DIRECTIONS]
    rows.append(_no_direction(runs, arms, baseline, found))
    rows += _skips(arms, baseline, found, resolutions)
    rows += _labels(arms, baseline, found, classes)
    rows += [
        _equal("E9", compared(found, arm, baseline), f"a running mean of {value} instead changes nothing")
        for value, arm in alike(arms, baseline, found, "ema").items()
        if arm != baseline
    ]
    table = pd.DataFrame([row for row in rows if row])
    words = _qualities(factors)
    table["holds_for"] = [settings + words.get(cell, "") for cell in table["cell"]]
    return table.assign(study=study, paper=table["claim"].map(EFFECTIVE)).reindex(columns=[*COLUMNS, "paper"])


# --- single claims ----------------------------------------------------------------------------------------------------


def _falls(arm: str, runs: pd.DataFrame) -> dict[str, object] | None:
    """E1, from the last snapshot of every run of an arm."""
    wide = runs.pivot(index="replicate", columns="n", values="r_mem")
    if wide.shape[1] < 2:
        return None
    change = (wide.iloc[:, -1] - wide.iloc[:, 0]).dropna().to_numpy()
    steps = np.diff(wide.mean())
    ends = f"from {wide.columns[0]:,} to {wide.columns[-1]:,} points"
    return {
        "claim": "E1",
        "cell": arm,
        "statement": f"R_mem falls {ends} ({(steps < 0).sum()} of {len(steps)} steps fall, {(steps > 0).sum()} rise)",
        "unit": "difference of R_mem",
        "figure": FIGURE["curves"],
        **verdict(change, sign=-1),
    }


def _direction(claim: Direction, arms: Arms, baseline: str, found: Found) -> dict[str, object] | None:
    levels = numbered(arms, baseline, found, claim.factor)
    if len(levels) < 2:
        return None
    names = [levels[value] for value in sorted(levels)]
    steps = [np.sign(found[b].emm - found[a].emm) == claim.sign for a, b in pairwise(names)]
    statement = f"{claim.statement} ({sum(steps)} of {len(steps)} steps from {min(levels):g} to {max(levels):g})"
    pair = compared(found, names[-1], names[0])
    return _row(claim.claim, pair, statement, decided(*pair.logs, sign=claim.sign, replicates=pair.replicates))


def _no_direction(runs: pd.DataFrame, arms: Arms, baseline: str, found: Found) -> dict[str, object] | None:
    """E4: the inner depth that stands out most clearly above (sign 1) or below (-1) both outer ones."""
    levels = numbered(arms, baseline, found, "depth")
    if len(levels) < 3:
        return None
    first, *inner, last = names = [levels[value] for value in sorted(levels)]
    level = 1 - ERROR / (2 * len(inner))  # equation (1)
    wider = estimates(runs[runs["arm"].isin(names)], level=level)
    legs = [
        _weaker(*(compared(wider, name, end, level=level) for end in (first, last)), sign)
        for name in inner
        for sign in (1, -1)
    ]
    clear, pair = max(legs, key=lambda leg: leg[0])
    along = compared(found, last, first)
    ends = decided(*along.logs, sign=1, replicates=along.replicates)
    steps = {np.sign(found[b].emm - found[a].emm) for a, b in pairwise(names)}
    straight = ends in (REPRODUCED, REFUTED) and len(steps) == 1
    name = FEW if ends == FEW else REPRODUCED if clear > 0 else REFUTED if straight else CHANCE
    statement = f"EMM is not monotone in the depth of the network ({len(names)} depths, interval at {level:.2%})"
    return _row("E4", pair, statement, name)


def _weaker(one: Pair, other: Pair, sign: int) -> tuple[float, Pair]:
    """The pair whose log ratio times ``sign`` is less clearly above zero, and the lower end of that."""
    ends = [min(sign * np.array(pair.logs)) for pair in (one, other)]
    return (ends[0], one) if ends[0] <= ends[1] else (ends[1], other)


def _skips(arms: Arms, baseline: str, found: Found, resolutions: dict[str, int | None]) -> list[dict[str, object]]:
    """E5, once for every number of connections that is kept at more than one resolution."""
    groups: dict[int, dict[int, list[str]]] = {}
    for kept, arm in alike(arms, baseline, found, "skips").items():
        if height := resolutions[arm]:
            groups.setdefault(str(kept).count(",") + 1, {}).setdefault(height, []).append(arm)
    return [_resolved(number, at, found) for number, at in sorted(groups.items()) if len(at) > 1]


def _resolved(number: int, at: dict[int, list[str]], found: Found) -> dict[str, object]:
    """E5 for arms that keep ``number`` connections ``at`` each height."""
    heights = sorted(at)
    steps = [found[b].emm > found[a].emm for pair in pairwise(heights) for a, b in product(*(at[h] for h in pair))]
    pairs = [compared(found, b, a) for a, b in product(at[heights[0]], at[heights[-1]])]
    verdicts = {decided(*pair.logs, sign=1, replicates=pair.replicates) for pair in pairs}
    name = FEW if FEW in verdicts else verdicts.pop() if len(verdicts) == 1 else CHANCE
    kept = f"{number} skip connection{'s' * (number > 1)}"
    statement = (
        f"with {kept}, EMM grows with the resolution at which they are kept "
        f"({sum(steps)} of {len(steps)} steps from {heights[0]} to {heights[-1]} pixels)"
    )
    return _row("E5", min(pairs, key=lambda pair: pair.logs[0]), statement, name)


def _labels(arms: Arms, baseline: str, found: Found, classes: int | None) -> list[dict[str, object]]:
    """E6, E8 and E11."""
    family = alike(arms, baseline, found, "labels")
    random = numbered(arms, baseline, found, "labels")
    rows = []
    if "class" in family and classes in random:
        statement = f"{classes} random labels do as much as {classes} true ones"
        rows.append(_equal("E6", compared(found, random[classes], family["class"]), statement))
    if "unique" in family and random:
        pair = compared(found, family["unique"], random[max(random)])
        statement = f"labels of one image each raise EMM above that of {max(random):g} random ones"
        name = decided(*pair.logs, sign=1, replicates=pair.replicates)
        rows.append(_row("E8", pair, statement, name))
    for number in sorted(random) if "none" in family else ():
        statement = f"EMM with {number:g} random labels is {number:g} times that without (shown: over {number:g})"
        rows.append(_equal("E11", compared(found, random[number], family["none"], over=number), statement))
    return rows


def _equal(claim: str, pair: Pair, statement: str) -> dict[str, object]:
    return _row(claim, pair, statement, equal(pair))


# --- rows -------------------------------------------------------------------------------------------------------------


def _row(claim: str, pair: Pair, statement: str, verdict: str) -> dict[str, object]:
    return {
        "claim": claim,
        "cell": pair.arm,
        "reference": pair.other,
        "statement": statement,
        "verdict": UNDECIDED if np.isnan(pair.ratio.value) else verdict,  # both crossings lie outside the sizes
        "effect": pair.ratio.value,
        "low": pair.ratio.low,
        "high": pair.ratio.high,
        "unit": f"{pair.ratio.censored} ratio of EMMs".strip(),
        "replicates": pair.replicates,
        "figure": FIGURE["factors"],
    }


def _qualities(factors: pd.DataFrame) -> dict[str, str]:
    """Arm -> its quality beside the baseline's, in words."""
    words = {}
    for row in factors[factors["quality"].notna()].itertuples():
        both = f"{row.quality:.3g} against {row.quality_baseline:.3g} at n = {row.quality_n:,.0f}"
        words[row.arm] = f"; {row.measure.replace('_', ' ')} {both}"
    return words
