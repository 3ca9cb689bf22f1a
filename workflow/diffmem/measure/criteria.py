r"""Published criteria for copies: a score and a threshold for each generated point, and a test of the whole set.

d_1 <= d_2 <= ... are the distances from a generated point to its nearest training locations, d_test is the distance to
its nearest held-out location, and e is the distance from its nearest training location to the nearest other training
location. Neighbours are searched among locations, so that an exact duplicate is neither a second neighbour nor the
cause of e = 0. Distances are rounded to float32, as in the neighbour table, so that distances that are equal in exact
arithmetic, as on a lattice, are equal.

    quotient        q = d_test / d_1                              copy if q > r                        (1)
    second          d_1 / d_2                                     copy if < 1/3                        (2)
    local           d_1 / (1/2 mean(d_1, ..., d_50))              copy if < 1                          (3)
    authenticity    d_1 / e                                       inauthentic if <= 1                  (4)
    p-value         p = rho / (rho + q^m), rho = n / n'           copy if on the Benjamini-Hochberg list
                                                                  of these p-values                    (5)
    rank test       Z = (U - g n' / 2) / sd(U), where U is the number of pairs of a generated and a
                    held-out point in which the generated one is farther from the training set;
                    Z < 0 indicates copies                                                             (6)

(1) is `strata.quotient`. (2) Yoon et al. 2023, https://openreview.net/forum?id=shciCbSk9h, and Gu et al. 2023,
https://arxiv.org/abs/2310.02664. (3) Carlini et al. 2023, https://arxiv.org/abs/2301.13188. (4) Alaa et al. 2022,
https://arxiv.org/abs/2102.08921. (5) is (1) of `chance`: the probability that a point that is independent of the
labels has a ratio of at least q. (6) Meehan et al. 2020, https://arxiv.org/abs/2004.05675, with a single cell.

Each criterion also calls some samples of a perfect generator copies. If the density is nearly constant over these
distances, this false positive rate depends on the local dimension m only. It is 3^-m for (2). For (4) it is
1 / (2 - I), where I is the share of the volume of a ball that is covered by a ball of the same radius centred on its
surface. For (3) it is that of a Poisson process. The values are

    m            1      2      3      5      10     20
    (2)          .33    .11    .037   .004   2e-5   3e-10
    (3)          1.00   1.00   .945   .46    .016   2e-5
    (4)          .67    .62    .59    .56    .52    .50

Therefore (3) is not informative in two dimensions, and (4) calls at least half of all points copies in any dimension.
(The rate is lower where the density decreases in all directions: .38 and .23 for Gaussian data with d = 10 and 32,
n = 1000.) The p-values (5) are uniform if m is correct. Z is approximately standard normal. A generator with a variance
that is too large has the same effect on Z as one that avoids its training set.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from diffmem.locations import check_points, distinct
from diffmem.measure.chance import chance, local_dimension
from diffmem.measure.strata import quotient
from diffmem.neighbours.index import Index, Search

ONE_THIRD = 1 / 3
NEIGHBOURS, HALF = 50, 0.5  # n and alpha of (3)


# --- on distances -----------------------------------------------------------------------------------------------------


def second(distance: np.ndarray) -> np.ndarray:
    """Score (2) of shape (g,), from the ascending ``distance`` (g, k) to training locations, k >= 2.

    NaN if there is only one training location.
    """
    return _over(distance[:, 0], distance[:, 1])


def local(distance: np.ndarray) -> np.ndarray:
    """Score (3) of shape (g,), from the ascending ``distance`` (g, 50), which is infinite beyond the last location."""
    exists = np.isfinite(distance)
    mean = np.where(exists, distance, 0).sum(1, dtype=float) / exists.sum(1)
    return _over(distance[:, 0], HALF * mean)


def authenticity(nearest: np.ndarray, spacing: np.ndarray) -> np.ndarray:
    """Score (4) of shape (g,), from d_1 (g,) and the ``spacing`` e (g,) of the nearest training location.

    A tie (score 1) counts as inauthentic.
    """
    return _over(nearest, spacing)


def p_value(q: np.ndarray, *, dimension: float, rho: float = 1.0) -> np.ndarray:
    """P-values (5) of the quotients ``q`` of any shape, of the same shape; 0 for a point on a training location."""
    with np.errstate(over="ignore"):  # q^m of a near copy may overflow in many dimensions; p = 0 is then correct
        return chance(q, dimension=dimension, rho=rho)


def discoveries(p: np.ndarray, *, rate: float = 0.05) -> np.ndarray:
    """Which of the p-values ``p`` (g,) are discoveries at a false discovery rate of ``rate``: booleans of shape (g,).

    The procedure is that of Benjamini and Hochberg. A missing p-value is no discovery.
    """
    return scipy.stats.false_discovery_control(np.where(np.isnan(p), 1, p)) <= rate


def rank_z(*, generated: np.ndarray, held_out: np.ndarray) -> float:
    """Z of (6), from the distances (g,) and (n',) to the nearest training location.

    A tie counts one half in U, and sd(U) is corrected for ties. Z is 0 if all distances are equal.
    """
    g, h = len(generated), len(held_out)
    rank = scipy.stats.rankdata(np.concatenate([generated, held_out]))
    u = rank[:g].sum() - g * (g + 1) / 2
    variance = g * h * (g + h + 1) / 12 * scipy.stats.tiecorrect(rank)
    return float((u - g * h / 2) / np.sqrt(variance)) if variance > 0 else 0.0


def spacing(positions: np.ndarray, index: Search | None = None) -> np.ndarray:
    """e of each of the distinct ``positions`` (m, d): distance to the nearest other one, of shape (m,), float32.

    Args:
        positions: of shape (m, d).
        index: an index of the same positions, if one has been built.
    """
    found = (index or Index(positions)).nearest(positions, 2)
    itself = found.location[:, 0] == np.arange(len(positions))  # false if an approximate index misses it
    return np.where(itself, found.distance[:, 1], found.distance[:, 0]).astype(np.float32)


# --- on points --------------------------------------------------------------------------------------------------------


def scores(*, train: np.ndarray, test: np.ndarray, generated: np.ndarray) -> pd.DataFrame:
    """All scores of every point of ``generated`` (g, d) against ``train`` (n, d) and held-out ``test`` (n', d).

    The dimension m of (5) is computed by ``chance.local_dimension`` from the distances of the held-out points to their
    two nearest training locations.

    Returns:
        a table with one row per generated point and the columns quotient, second, local, authenticity and p_value.

    Raises:
        ValueError: if the arrays have other shapes or values that are not finite.
    """
    found = _search(*check_points(train=train, test=test, generated=generated))
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
    """Which points each criterion calls copies.

    Args:
        scored: a table of ``scores``.
        ratio: r of (1).
        rate: false discovery rate of (5).

    Returns:
        a table with the same rows and columns and boolean values. A point with a missing score is no copy.
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
    """Z of (6) for points of shape (n, d), (n', d) and (g, d). Every row of ``test`` and ``generated`` counts.

    Raises:
        ValueError: if the arrays have other shapes or values that are not finite.
    """
    train, test, generated = check_points(train=train, test=test, generated=generated)
    index = Index(distinct(train))
    nearest = [index.nearest(points, 1).distance[:, 0].astype(np.float32) for points in (generated, test)]
    return rank_z(generated=nearest[0], held_out=nearest[1])


@dataclass(frozen=True)
class _Searched:
    """The distances from which all criteria are computed.

    Attributes:
        table: of shape (g,), with fields as in ``neighbours.table``, but with 50 distances per point.
        held_out: distances from held-out points to their two nearest training locations, of shape (n', 2).
        spacing: e of every training location, of shape (m,).
        rho: number of training locations over number of held-out locations.
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
    """a / b; NaN where b is zero, infinite or NaN."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    return np.divide(a, b, out=np.full(a.shape, np.nan), where=(b > 0) & np.isfinite(b))
