r"""Every criterion as a function of the same evidence: an estimate of the share of copies, and a verdict at 5 %.

    criterion      estimates the share of copies by                       says "copies" if
    net r          A_r (`measure.pool`)                                   the lower end of the plain 95 % interval of
                                                                          `measure.net_interval` is above 0
    travelling r   A_r                                                    that of its score interval is
    raw r          share x with r d_train < d_test, beyond chance         x is above chance: one-sided binomial test
    closer         the same for r = 1, where chance is rho / (1 + rho)    the same
                   whatever the dimension
    third          share with d_1 / d_2 < 1/3, beyond 3^-m                the same against 3^-m
    authenticity   share of inauthentic points, beyond that of the        one-sided test of two proportions
                   held-out points
    local          share with d_1 < 1/2 mean(d_1, ..., d_50), beyond      the same
                   that of the held-out points
    rank           1 - 2 U / (g n')                                       Z < -1.64

"Beyond" turns a share x with chance level c into (x - c) / (1 - c), which a mixture of a share pi of exact copies and
of fresh points leaves at pi, and an interval of x likewise (Wilson's, as if nothing but x were random). The dimension m
is estimated from the held-out points (`measure.chance`). An interval above 0 is a one-sided test at 2.5 %, the others
are at 5 %. Definitions and references of the last four are in `measure.criteria`, those of raw in `measure.rates`.

A new criterion is a line of ``CRITERIA``: a function from ``Evidence`` to a ``Verdict``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np
from scipy import stats

from diffmem.locations import distinct
from diffmem.measure import criteria, net_interval
from diffmem.measure.chance import chance, local_dimension
from diffmem.measure.pool import pool
from diffmem.neighbours.index import Index, Neighbours

RATIOS = np.array([1.0, 1.5, 2.0, 3.0])
ALPHA = 0.05


class Verdict(NamedTuple):
    """Estimated share of copies, verdict, interval and p-value; what a criterion does not give is missing."""

    estimate: float
    copies: bool
    low: float = np.nan
    high: float = np.nan
    p_value: float = np.nan


@dataclass(frozen=True)
class Evidence:
    """Three sets of points (n, d), (n', d), (g, d), and what criteria ask about them, computed once.

    Attributes:
        permutations: number of label permutations behind the intervals of net fractions, drawn from ``rng``.
    """

    train: np.ndarray
    test: np.ndarray
    generated: np.ndarray
    permutations: int
    rng: np.random.Generator

    @cached_property
    def net(self) -> net_interval.Spread:
        """Net copied fractions at ``RATIOS``, and their variances."""
        sets = {"train": self.train, "test": self.test}
        pooled = pool(**sets, generated=self.generated)
        return net_interval.spread(**sets, pooled=pooled, ratios=RATIOS, permutations=self.permutations, rng=self.rng)

    @cached_property
    def positions(self) -> np.ndarray:
        """Distinct training positions, shape (m, d)."""
        return distinct(self.train)

    @cached_property
    def rho(self) -> float:
        """Training locations over held-out locations."""
        return len(self.positions) / len(self.held_out_positions)

    @cached_property
    def held_out_positions(self) -> np.ndarray:
        """Distinct held-out positions, shape (m', d)."""
        return distinct(self.test)

    @cached_property
    def index(self) -> Index:
        """Index of the training positions."""
        return Index(self.positions)

    @cached_property
    def near(self) -> Neighbours:
        """The 50 training locations nearest to every generated point."""
        return self.index.nearest(self.generated, criteria.NEIGHBOURS)

    @cached_property
    def held_out(self) -> Neighbours:
        """The 50 training locations nearest to every held-out point."""
        return self.index.nearest(self.test, criteria.NEIGHBOURS)

    @cached_property
    def test_distance(self) -> np.ndarray:
        """Distance from every generated point to the nearest held-out location, shape (g,)."""
        return Index(self.held_out_positions).nearest(self.generated, 1).distance[:, 0]

    @cached_property
    def spacing(self) -> np.ndarray:
        """Distance from every training location to the next one, shape (m,)."""
        return criteria.spacing(self.positions)

    @cached_property
    def dimension(self) -> float:
        """Local dimension m."""
        return local_dimension(self.held_out.distance[:, :2])


# --- criteria: Evidence -> Verdict ------------------------------------------------------------------------------------


def net(evidence: Evidence, *, ratio: float) -> Verdict:
    """A_r with the plain interval."""
    spread = evidence.net
    return _at(
        ratio, spread, *net_interval.plain_interval(spread.net, spread.null, count=spread.count, level=1 - ALPHA)
    )


def travelling(evidence: Evidence, *, ratio: float) -> Verdict:
    """A_r with the score interval of ``measure.net_interval``."""
    return _at(ratio, evidence.net, *net_interval.score_interval(evidence.net, level=1 - ALPHA))


def raw(evidence: Evidence, *, ratio: float) -> Verdict:
    """Raw fraction against the formula's chance level."""
    called = ratio * evidence.near.distance[:, 0] < evidence.test_distance
    return _binomial(called, float(chance(ratio, dimension=evidence.dimension, rho=evidence.rho)))


def third(evidence: Evidence) -> Verdict:
    """The 1/3 rule over distinct training locations."""
    called = criteria.second(evidence.near.distance) < criteria.ONE_THIRD
    return _binomial(called, float(criteria.ONE_THIRD**evidence.dimension))


def authenticity(evidence: Evidence) -> Verdict:
    """Inauthentic points, against the share of the held-out points."""
    return _beyond_held_out(
        *(
            criteria.authenticity(found.distance[:, 0], evidence.spacing[found.location[:, 0]]) <= 1
            for found in (evidence.near, evidence.held_out)
        )
    )


def local(evidence: Evidence) -> Verdict:
    """Points closer than half the mean distance to the 50 nearest, against the share of the held-out points."""
    return _beyond_held_out(*(criteria.local(found.distance) < 1 for found in (evidence.near, evidence.held_out)))


def rank(evidence: Evidence) -> Verdict:
    """Rank test of the distances to the training set, generated against held-out."""
    generated, held_out = evidence.near.distance[:, 0], evidence.held_out.distance[:, 0]
    u = stats.rankdata(np.concatenate([generated, held_out]))[: len(generated)].mean() - (len(generated) + 1) / 2
    p = float(stats.norm.cdf(criteria.rank_z(generated=generated, held_out=held_out)))
    return Verdict(1 - 2 * u / len(held_out), p < ALPHA, p_value=p)


CRITERIA: dict[str, Callable[[Evidence], Verdict]] = {
    **{f"net {r:g}": partial(net, ratio=r) for r in RATIOS},
    **{f"travelling {r:g}": partial(travelling, ratio=r) for r in RATIOS},
    "raw 1.5": partial(raw, ratio=1.5),
    "raw 2": partial(raw, ratio=2.0),
    "closer": partial(raw, ratio=1.0),
    "third": third,
    "authenticity": authenticity,
    "local": local,
    "rank": rank,
}


def judge(
    *, train: np.ndarray, test: np.ndarray, generated: np.ndarray, permutations: int, rng: np.random.Generator
) -> dict[str, Verdict]:
    """What every criterion says of ``generated`` (g, d), given training rows (n, d) and held-out points (n', d)."""
    evidence = Evidence(train, test, generated, permutations, rng)
    return {name: criterion(evidence) for name, criterion in CRITERIA.items()}


# --- decision rules ---------------------------------------------------------------------------------------------------


def _at(ratio: float, spread: net_interval.Spread, low: np.ndarray, high: np.ndarray) -> Verdict:
    i = list(RATIOS).index(ratio)
    return Verdict(float(spread.net[i]), bool(low[i] > 0), float(low[i]), float(high[i]))


def _binomial(called: np.ndarray, level: float) -> Verdict:
    """The share of points ``called`` copies (g,) against a chance ``level`` that is taken as known."""
    test = stats.binomtest(int(called.sum()), len(called), level, alternative="greater")
    shares = stats.binomtest(test.k, test.n).proportion_ci(1 - ALPHA, method="wilson")
    low, high = (_excess(share, level) for share in shares)
    return Verdict(_excess(test.statistic, level), test.pvalue < ALPHA, low, high, test.pvalue)


def _beyond_held_out(called: np.ndarray, held_out: np.ndarray) -> Verdict:
    """The share of points ``called`` copies (g,) against that of ``held_out`` points (n',): score test, one-sided."""
    share, level = called.mean(), held_out.mean()
    pooled = np.concatenate([called, held_out]).mean()
    error = np.sqrt(pooled * (1 - pooled) * (1 / len(called) + 1 / len(held_out)))
    p = float(stats.norm.sf((share - level) / error)) if error > 0 else 1.0
    return Verdict(_excess(share, level), p < ALPHA, p_value=p)


def _excess(share: float, level: float) -> float:
    """Share beyond a chance level; missing where chance already calls everything a copy."""
    return float((share - level) / (1 - level)) if level < 1 else np.nan
