r"""What others call a copy: one score per generated point and criterion, its threshold, and one test of the whole set.

d_1 <= d_2 <= ... are the distances from a generated point to its nearest training locations, d_test that to its nearest
held-out location, and e the distance from its nearest training location to the nearest other one. Neighbours are
sought among locations, so that exact duplicates are neither each other's second neighbour nor a spacing of zero.
Distances are rounded to float32, as in the neighbour table: what is equal on a lattice then stays equal.

    quotient        q = d_test / d_1                              copy if q > r                        (1)
    second          d_1 / d_2                                     copy if < 1/3                        (2)
    local           d_1 / (1/2 mean(d_1, ..., d_50))              copy if < 1                          (3)
    authenticity    d_1 / e                                       inauthentic if <= 1                  (4)
    p-value         p = rho / (rho + q^m), rho = n / n'           copy if on the Benjamini-Hochberg list
                                                                  of these p-values                    (5)
    rank test       Z = (U - g n' / 2) / sd(U), U = pairs of a generated and a held-out point of which the
                    generated one is farther from the training set; Z < 0 is copying                   (6)

(1) `strata.quotient`. (2) Yoon et al. 2023, https://openreview.net/forum?id=shciCbSk9h, and Gu et al. 2023,
https://arxiv.org/abs/2310.02664. (3) Carlini et al. 2023, https://arxiv.org/abs/2301.13188. (4) Alaa et al. 2022,
https://arxiv.org/abs/2102.08921. (5) is (1) of `chance`: the chance that a point that is independent of the labels has
a ratio of at least q. (6) Meehan et al. 2020, https://arxiv.org/abs/2004.05675, with a single cell.

A perfect generator is charged with copies too. Where the density hardly changes over these distances, the rate hangs on
the local dimension m alone: (2) at 3^-m; (4) at 1 / (2 - I), where I is the share of a ball that a ball of the same
radius around a point of its surface covers; (3) at what a Poisson process gives:

    m            1      2      3      5      10     20
    (2)          .33    .11    .037   .004   2e-5   3e-10
    (3)          1.00   1.00   .945   .46    .016   2e-5
    (4)          .67    .62    .59    .56    .52    .50

So (3) says nothing in the plane, and (4) suspects half of all points in any dimension (fewer where the density falls
off in all directions: .38 and .23 for Gaussian data with d = 10 and 32, n = 1000). (5) is uniform if m is right. Z is
about standard normal, and takes a generator that is too broad for one that avoids its training set.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from diffmem.locations import checked, distinct
from diffmem.measure.chance import chance, local_dimension
from diffmem.measure.strata import quotient
from diffmem.neighbours.index import Index

ONE_THIRD = 1 / 3
NEIGHBOURS, HALF = 50, 0.5  # n and alpha of (3)


# --- on distances -----------------------------------------------------------------------------------------------------


def second(distance: np.ndarray) -> np.ndarray:
    """Score (2), from the ascending ``distance`` (g, 2 or more) to training locations; missing if there is only one."""
    return _over(distance[:, 0], distance[:, 1])


def local(distance: np.ndarray) -> np.ndarray:
    """Score (3), from the ascending ``distance`` (g, 50), infinite where there are fewer locations."""
    exists = np.isfinite(distance)
    mean = np.where(exists, distance, 0).sum(1, dtype=float) / exists.sum(1)
    return _over(distance[:, 0], HALF * mean)


def authenticity(nearest: np.ndarray, spacing: np.ndarray) -> np.ndarray:
    """Score (4), from d_1 (g,) and the ``spacing`` (g,) of the location it leads to. A tie is inauthentic."""
    return _over(nearest, spacing)


def p_value(q: np.ndarray, *, dimension: float, rho: float = 1.0) -> np.ndarray:
    """(5), from the quotients ``q`` of any shape; 0 on a training location."""
    with np.errstate(over="ignore"):  # q^m of a near copy in many dimensions: p = 0 is what is meant
        return chance(q, dimension=dimension, rho=rho)


def discoveries(p: np.ndarray, *, rate: float = 0.05) -> np.ndarray:
    """Which of the p-values (g,) make a list of which at most a share ``rate`` is false in the mean; no missing one."""
    return stats.false_discovery_control(np.where(np.isnan(p), 1, p)) <= rate


def rank_z(*, generated: np.ndarray, held_out: np.ndarray) -> float:
    """Z of (6), from distances (g,) and (n',) to the nearest training location; ties count one half and lower sd(U).

    0 if all distances are equal, as between two exact copiers.
    """
    g, h = len(generated), len(held_out)
    rank = stats.rankdata(np.concatenate([generated, held_out]))
    u = rank[:g].sum() - g * (g + 1) / 2
    variance = g * h * (g + h + 1) / 12 * stats.tiecorrect(rank)
    return float((u - g * h / 2) / np.sqrt(variance)) if variance > 0 else 0.0


def spacing(positions: np.ndarray, index: Index | None = None) -> np.ndarray:
    """e of every one of the distinct ``positions`` (m, d): distance to the nearest other, of shape (m,), float32.

    ``index`` is one that is already there of the same positions.
    """
    found = (index or Index(positions)).nearest(positions, 2)
    itself = found.location[:, 0] == np.arange(len(positions))  # which an approximate index may overlook
    return np.where(itself, found.distance[:, 1], found.distance[:, 0]).astype(np.float32)


# --- on points --------------------------------------------------------------------------------------------------------


def scores(*, train: np.ndarray, test: np.ndarray, generated: np.ndarray) -> pd.DataFrame:
    """All scores of every point of ``generated`` (g, d) against ``train`` (n, d) and held-out ``test`` (n', d).

    The dimension m of (5) is that of ``chance.local_dimension``, from the held-out points' two nearest training
    locations.

    Returns:
        one row per generated point: quotient, second, local, authenticity, p_value.

    Raises:
        ValueError: if the arrays do not fit each other or hold values that are not finite.
    """
    found = _search(*checked(train=train, test=test, generated=generated))
    distance = found.table["train_distance"]
    q = quotient(found.table, "matched")
    columns = {
        "quotient": q,
        "second": second(distance),
        "local": local(distance),
        "authenticity": authenticity(distance[:, 0], found.spacing[found.table["train_location"]]),
        "p_value": p_value(q, dimension=local_dimension(found.held_out), rho=found.rho),
    }
    return pd.DataFrame(columns)


def verdicts(scored: pd.DataFrame, *, ratio: float = 2.0, rate: float = 0.05) -> pd.DataFrame:
    """Which points each criterion calls copies: the columns of ``scores`` as truth values. A missing score is no copy.

    ``ratio`` is r in (1); ``rate`` is the share of false discoveries allowed in (5).
    """
    columns = {
        "quotient": scored["quotient"] > ratio,
        "second": scored["second"] < ONE_THIRD,
        "local": scored["local"] < 1,
        "authenticity": scored["authenticity"] <= 1,
        "p_value": discoveries(scored["p_value"].to_numpy(), rate=rate),
    }
    return pd.DataFrame(columns)


def rank_test(*, train: np.ndarray, test: np.ndarray, generated: np.ndarray) -> float:
    """Z of (6) for points of shape (n, d), (n', d) and (g, d), each row of ``test`` and ``generated`` counting."""
    train, test, generated = checked(train=train, test=test, generated=generated)
    index = Index(distinct(train))
    nearest = [index.nearest(points, 1).distance[:, 0].astype(np.float32) for points in (generated, test)]
    return rank_z(generated=nearest[0], held_out=nearest[1])


@dataclass(frozen=True)
class _Searched:
    """One search for all criteria.

    Attributes:
        table: shape (g,), named and typed as in ``neighbours.table``, but with 50 distances.
        held_out: distances (n', 2) from held-out points to their two nearest training locations.
        spacing: e of every training location, of shape (m,).
        rho: training over held-out locations.
    """

    table: np.ndarray
    held_out: np.ndarray
    spacing: np.ndarray
    rho: float


def _search(train: np.ndarray, test: np.ndarray, generated: np.ndarray) -> _Searched:
    train, held_out = distinct(train), distinct(test)
    index = Index(train)
    found = index.nearest(generated, NEIGHBOURS)
    row = [("train_distance", np.float32, (NEIGHBOURS,)), ("train_location", np.int32), ("test_distance", np.float32)]
    table = np.empty(len(generated), dtype=row)
    table["train_distance"], table["train_location"] = found.distance, found.location[:, 0]
    table["test_distance"] = Index(held_out).nearest(generated, 1).distance[:, 0]
    return _Searched(table, index.nearest(held_out, 2).distance, spacing(train), len(train) / len(held_out))


def _over(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a / b, missing where b is zero or infinite: where there is nothing to compare with."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    return np.divide(a, b, out=np.full(a.shape, np.nan), where=(b > 0) & np.isfinite(b))
