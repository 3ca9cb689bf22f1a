r"""Every criterion applied to one set of samples: an estimate of the share of copies, and whether it says "copies".

    criterion      estimates the share of copies by                       says "copies" if
    net r          A_r (`measure.net_fraction`)                           the lower end of the plain 95 % interval of
                                                                          `measure.net_interval` is above 0
    net-score r    A_r                                                    that of its score interval is
    raw r          share x with r d_train < d_test, beyond chance         x is above chance: one-sided binomial test
    closer         the same for r = 1, where chance is rho / (1 + rho)    the same
                   in any dimension
    third          share with d_1 / d_2 < 1/3, beyond 3^-m                the same against 3^-m
    authenticity   share of inauthentic points, beyond that of the        one-sided test of two proportions
                   held-out points
    local          share with d_1 < 1/2 mean(d_1, ..., d_50), beyond      the same
                   that of the held-out points
    rank           1 - 2 U / (g n')                                       Z < -1.64

"Beyond" turns a share x with chance level c into (x - c) / (1 - c), whose mean is pi for a mixture of a share pi of
exact copies and of fresh points. An interval of x is turned in the same way (Wilson's, as if only x were random). The
dimension m is estimated from the held-out points (`measure.chance`). An interval above 0 is a one-sided test at 2.5 %,
the tests are at 5 %. Definitions and references of the last four are in `measure.criteria`, that of raw in
`measure.rates`.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy

from diffmem.locations import distinct
from diffmem.measure import criteria, net_interval
from diffmem.measure.auditing import RATIOS
from diffmem.measure.chance import chance, local_dimension
from diffmem.neighbours.index import Index, Neighbours

ALPHA = 0.05


class Result(NamedTuple):
    """Estimated share of copies, whether the criterion says "copies", interval and p-value; NaN for what it lacks."""

    estimate: float
    copies: bool
    low: float = np.nan
    high: float = np.nan
    p_value: float = np.nan


@dataclass(frozen=True)
class Distances:
    """Distances to locations, which all criteria but the net fractions are computed from.

    Attributes:
        generated: the 50 training locations nearest to every generated point.
        held_out: the same for every held-out point.
        test: distance from every generated point to the nearest held-out location, of shape (g,).
        spacing: distance from every training location to the next one, of shape (m,).
        rho: training locations over held-out locations.
        dimension: local dimension m.
    """

    generated: Neighbours
    held_out: Neighbours
    test: np.ndarray
    spacing: np.ndarray
    rho: float
    dimension: float


def apply_criteria(
    *, train: np.ndarray, test: np.ndarray, generated: np.ndarray, permutations: int, rng: np.random.Generator
) -> dict[str, Result]:
    """The result of every criterion for ``generated`` (g, d), given training rows (n, d) and held-out points (n', d).

    Args:
        permutations: number of label permutations behind the intervals of net fractions, drawn from ``rng``.
    """
    ratios = np.array(RATIOS)
    spread = net_interval.spread(
        train=train,
        test=test,
        generated=generated,
        ratios=ratios,
        permutations=permutations,
        rng=rng,
    )
    intervals = {
        "net": net_interval.plain_interval(spread.net, spread.null, count=spread.count, level=1 - ALPHA),
        "net-score": net_interval.score_interval(spread, level=1 - ALPHA),
    }
    results = {
        f"{name} {ratio:g}": Result(float(net), bool(low > 0), float(low), float(high))
        for name, bounds in intervals.items()
        for ratio, net, low, high in zip(ratios, spread.net, *bounds, strict=True)
    }
    return results | apply_to_distances(find_distances(train=train, test=test, generated=generated))


def find_distances(*, train: np.ndarray, test: np.ndarray, generated: np.ndarray) -> Distances:
    """Search training and held-out locations, for arguments as in `apply_criteria`."""
    train_positions, test_positions = distinct(train), distinct(test)
    index = Index(train_positions)
    held_out = index.nearest(test, criteria.NEIGHBOURS)
    return Distances(
        generated=index.nearest(generated, criteria.NEIGHBOURS),
        held_out=held_out,
        test=Index(test_positions).nearest(generated, 1).distance[:, 0],
        spacing=criteria.spacing(train_positions),
        rho=len(train_positions) / len(test_positions),
        dimension=local_dimension(held_out.distance[:, :2]),
    )


def apply_to_distances(distances: Distances) -> dict[str, Result]:
    """Results of the criteria that need distances only. A new criterion is a line of this function."""
    generated, held_out, spacing = distances.generated, distances.held_out, distances.spacing
    nearest, dimension, rho = generated.distance[:, 0], distances.dimension, distances.rho
    return {
        "raw 1.5": compare_with_chance(1.5 * nearest < distances.test, chance(1.5, dimension=dimension, rho=rho)),
        "raw 2": compare_with_chance(2 * nearest < distances.test, chance(2.0, dimension=dimension, rho=rho)),
        "closer": compare_with_chance(nearest < distances.test, chance(1.0, dimension=dimension, rho=rho)),
        "third": compare_with_chance(
            criteria.second(generated.distance) < criteria.ONE_THIRD, criteria.ONE_THIRD**dimension
        ),
        "authenticity": compare_with_held_out(_inauthentic(generated, spacing), _inauthentic(held_out, spacing)),
        "local": compare_with_held_out(criteria.local(generated.distance) < 1, criteria.local(held_out.distance) < 1),
        "rank": compare_ranks(nearest, held_out.distance[:, 0]),
    }


# --- tests ------------------------------------------------------------------------------------------------------------


def compare_with_chance(copies: np.ndarray, level: float | np.ndarray) -> Result:
    """The share of points called ``copies`` (g,) against a chance ``level`` that is taken as known."""
    test = scipy.stats.binomtest(int(copies.sum()), len(copies), float(level), alternative="greater")
    shares = scipy.stats.binomtest(test.k, test.n).proportion_ci(1 - ALPHA, method="wilson")
    low, high = (_beyond(share, float(level)) for share in shares)
    return Result(_beyond(test.statistic, float(level)), test.pvalue < ALPHA, low, high, test.pvalue)


def compare_with_held_out(copies: np.ndarray, held_out: np.ndarray) -> Result:
    """The share of points called ``copies`` (g,) against that of ``held_out`` points (n',): score test, one-sided."""
    share, level = copies.mean(), held_out.mean()
    pooled = np.concatenate([copies, held_out]).mean()
    error = np.sqrt(pooled * (1 - pooled) * (1 / len(copies) + 1 / len(held_out)))
    p = float(scipy.stats.norm.sf((share - level) / error)) if error > 0 else 1.0
    return Result(_beyond(share, level), p < ALPHA, p_value=p)


def compare_ranks(generated: np.ndarray, held_out: np.ndarray) -> Result:
    """Rank test of the distances (g,) and (n',) to the training set, generated against held-out points."""
    u = scipy.stats.rankdata(np.concatenate([generated, held_out]))[: len(generated)].mean() - (len(generated) + 1) / 2
    p = float(scipy.stats.norm.cdf(criteria.rank_z(generated=generated, held_out=held_out)))
    return Result(1 - 2 * u / len(held_out), p < ALPHA, p_value=p)


def _inauthentic(points: Neighbours, spacing: np.ndarray) -> np.ndarray:
    """Which points (g,) are nearer to their training location than that is to the next one."""
    return criteria.authenticity(points.distance[:, 0], spacing[points.location[:, 0]]) <= 1


def _beyond(share: float, level: float) -> float:
    """Share beyond a chance level; missing if the chance level is 1."""
    return float((share - level) / (1 - level)) if level < 1 else np.nan
