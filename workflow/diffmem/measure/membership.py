r"""Membership inference: a lower bound on epsilon from one training run, by guessing the training item of each pair.

Training items and held-out items are one sample that is split at random. Form m pairs of a training and a held-out
item at random. Given the two items of a pair, each is the training item with probability 1/2, so that the pairs are m
fair coins. Let d_train and d_test be the distances of the items to their nearest *generated* points. The statistic is
fixed in advance:

    s = log(d_test / d_train).                                                                         (1)

The guess is that the item with the smaller distance is the training item. It is correct if s > 0. Guesses are made for
the r pairs with the largest |s|, and no guess for the others; r is fixed in advance too. |s| does not depend on which
item is the training item, so that the choice of the pairs does not use the split. No guess is made for s = 0.

Suppose that training is (epsilon, delta)-differentially private with respect to replacing one item by its partner. Let
V be the number of correct guesses, B a binomial variable of r trials with probability q = e^epsilon / (1 + e^epsilon),
and f(v) = P(B >= v). Then

    P(V >= v) <= f(v) + 2 m delta max_{i = 1..m} [f(v - i) - f(v)] / i                                 (2)

(Steinke, Nasr and Jagielski, Privacy auditing with one (1) training run, 2023, https://arxiv.org/abs/2305.08846,
theorem 5.2, whose only assumptions are fair coins and a mechanism that is differentially private in each of them).
Every epsilon at which the right side is below 1 - confidence is rejected. The bound is the largest rejected epsilon. If
delta = 0, and p is the one-sided Clopper-Pearson limit of V / r, the bound is

    epsilon >= log(p / (1 - p)), or 0 if p <= 1/2.                                                     (3)

Differential privacy with respect to adding or removing one item, with epsilon', implies (2) with epsilon = 2 epsilon'.
Therefore epsilon' is at least half the bound. A bound of 0 is no evidence of privacy, since other attacks may succeed
where this one fails. The largest bound that r guesses can give is that of r correct ones: log(p / (1 - p)) with
p = (1 - confidence)^(1 / r).

Items whose location occurs more than once in the union of both sets are left out: if one row were replaced, its
duplicates would remain, and if the duplicates are in both sets, the training item cannot be identified. This rule
depends on the union and not on the split, so that the other coins remain fair. Near copies are left out too if the
caller gives them the same location (`neighbours.merge`).
"""

from dataclasses import dataclass

import numpy as np
import scipy
from scipy import optimize, special

from diffmem.locations import distinct
from diffmem.measure.intervals import wilson
from diffmem.neighbours.index import Index, MakeSearch, Search
from diffmem.neighbours.versions import Versions

STATISTIC = "log(d_test / d_train), distances to the nearest generated point"
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Pairs:
    """Pairs of a training row and a held-out row.

    Attributes:
        train, test: row of the training item and of the held-out item of each of the m pairs, of shape (m,).
        repeated: number of rows of both sets that are left out because their location occurs more than once.
    """

    train: np.ndarray
    test: np.ndarray
    repeated: int


@dataclass(frozen=True)
class Membership:
    """Result of the guesses on one set of generated points.

    Attributes:
        pairs: number of pairs, m.
        guesses: number of guesses made: the requested number r minus the pairs with s = 0 among them.
        right: number of correct guesses, V.
        accuracy: share of correct guesses; NaN without guesses.
        accuracy_low, accuracy_high: its 95 % interval by Wilson, for independent guesses.
        epsilon_low: lower bound on epsilon, from (2).
        largest_possible: the bound if all r requested guesses were made and correct.
        confidence: one-sided confidence level of the bound.
        delta: delta at which the bound holds.
        repeated: number of rows that are left out because their location occurs more than once.
        statistic: description of (1).
    """

    pairs: int
    guesses: int
    right: int
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    epsilon_low: float
    largest_possible: float
    confidence: float
    delta: float
    repeated: int
    statistic: str = STATISTIC


def pair(
    *,
    train_location: np.ndarray,
    test_location: np.ndarray,
    train_stratum: np.ndarray | None = None,
    test_stratum: np.ndarray | None = None,
    rng: np.random.Generator,
) -> Pairs:
    """Pair training rows with held-out rows at random, within strata if they are given.

    Args:
        train_location, test_location: location of every row, of shape (n,) and (n',), numbered over both sets together
            (``diffmem.locations.locations`` of the stacked points).
        train_stratum, test_stratum: stratum of every row, of the same shapes. Rows of one stratum are exchangeable.
        rng: draws the pairs.

    Returns:
        pairs in random order. In each stratum their number is the smaller number of rows, of the two sets, whose
        location occurs once.
    """
    n = len(train_location)
    location = np.concatenate([train_location, test_location])
    _, inverse, count = np.unique(location, return_inverse=True, return_counts=True)
    single = count[inverse] == 1
    if train_stratum is None or test_stratum is None:
        train_stratum, test_stratum = np.zeros(n, int), np.zeros(len(test_location), int)
    train, test = [], []
    for stratum in np.unique(train_stratum):
        one = rng.permutation(np.flatnonzero(single[:n] & (train_stratum == stratum)))
        other = rng.permutation(np.flatnonzero(single[n:] & (test_stratum == stratum)))
        count_of_pairs = min(len(one), len(other))
        train.append(one[:count_of_pairs])
        test.append(other[:count_of_pairs])
    order = rng.permutation(sum(map(len, train)))
    return Pairs(np.concatenate(train)[order], np.concatenate(test)[order], int(np.count_nonzero(~single)))


def margins(
    *,
    train: np.ndarray,
    test: np.ndarray,
    generated: np.ndarray,
    versions: Versions | None = None,
    search: MakeSearch = Index,
) -> np.ndarray:
    """Statistic (1) of the pairs of ``train`` (m, d) and ``test`` (m, d) rows, given ``generated`` points (g, d).

    With ``versions`` the distance of an item is the smallest one of its versions. Both items of a pair have the same
    versions, so that the coins remain fair. ``search`` makes the search among the generated points.

    Returns:
        s, of shape (m,). It is infinite if exactly one item of a pair is among the generated points, and 0 if both are.
    """
    index = search(distinct(generated))
    d_train, d_test = (_least(index, points, versions) for points in (train, test))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(d_train == d_test, 0.0, np.log(d_test) - np.log(d_train))


def _least(index: Search, points: np.ndarray, versions: Versions | None) -> np.ndarray:
    """Distances (m,) of the ``points`` (m, d), in their nearest version, to the nearest position of the ``index``."""
    least = np.full(len(points), np.inf)
    for version in versions(points) if versions else [points]:
        least = np.minimum(least, index.nearest(version, 1).distance[:, 0])
    return least


def guess(margin: np.ndarray, *, guesses: int | None = None) -> tuple[int, int]:
    """Number of guesses made and number of correct guesses.

    Args:
        margin: statistic s of every pair, of shape (m,). Pairs with equal |s| are used in this order, which is random.
        guesses: number of pairs to guess, those with the largest |s|; None stands for all. Pairs with s = 0 are not
            guessed.

    Raises:
        ValueError: if ``guesses`` is less than 1 or more than m.
    """
    asked = len(margin) if guesses is None else guesses
    if guesses is not None and not 1 <= guesses <= len(margin):
        raise ValueError(f"guesses = {guesses}: give a number from 1 to that of the pairs, {len(margin)}")
    taken = margin[np.argsort(-np.abs(margin), kind="stable")[:asked]]
    return int(np.count_nonzero(taken)), int(np.count_nonzero(taken > 0))


def p_value(epsilon: float, *, pairs: int, guesses: int, right: int, delta: float = 0.0) -> float:
    """The right side of (2): an upper bound on the probability of at least ``right`` correct guesses.

    Args:
        epsilon, delta: privacy parameters.
        pairs, guesses, right: m, r and v of (2).
    """
    q = special.expit(epsilon)
    tail = float(scipy.stats.binom.sf(right - 1, guesses, q))
    if delta == 0:
        return tail
    steps = np.arange(1, pairs + 1)
    slope = (scipy.stats.binom.sf(right - steps - 1, guesses, q) - tail) / steps
    return min(1.0, tail + 2 * pairs * delta * float(slope.max()))


def epsilon_bound(*, pairs: int, guesses: int, right: int, delta: float = 0.0, confidence: float = CONFIDENCE) -> float:
    """Lower bound on epsilon, by (2), or by (3) if ``delta`` is 0.

    Args:
        pairs, guesses, right: number of pairs, of guesses and of correct guesses.
        delta: delta at which the bound holds.
        confidence: one-sided confidence level.

    Raises:
        ValueError: if not 0 <= right <= guesses <= pairs, or not 0 <= delta < 1, or not 0 < confidence < 1.
    """
    if not 0 <= right <= guesses <= pairs:
        raise ValueError(f"{right} right of {guesses} guesses on {pairs} pairs: each number is at most the next")
    if not (0 <= delta < 1 and 0 < confidence < 1):
        raise ValueError(f"delta = {delta}, confidence = {confidence}: give 0 <= delta < 1 and 0 < confidence < 1")
    if right == 0:
        return 0.0
    limit = scipy.stats.beta.ppf(1 - confidence, right, guesses - right + 1)
    pure = max(0.0, float(special.logit(limit)))
    if pure == 0 or delta == 0:
        return pure

    def excess(epsilon: float) -> float:
        return p_value(epsilon, pairs=pairs, guesses=guesses, right=right, delta=delta) - (1 - confidence)

    if excess(0.0) >= 0:
        return 0.0
    return float(optimize.brentq(excess, 0.0, pure))


def membership(
    *,
    train: np.ndarray,
    test: np.ndarray,
    generated: np.ndarray,
    pairs: Pairs,
    guesses: int | None = None,
    delta: float = 0.0,
    confidence: float = CONFIDENCE,
    versions: Versions | None = None,
    search: MakeSearch = Index,
) -> Membership:
    """Guess the training item of each pair and compute the lower bound on epsilon.

    Args:
        train, test, generated: points of shape (n, d), (n', d) and (g, d), in the same units.
        pairs: result of ``pair``. Sets of generated points that are compared must use the same pairs.
        guesses: number of pairs to guess, fixed before the data are seen; None stands for all.
        delta: delta at which the bound holds.
        confidence: one-sided confidence level of the bound.
        versions, search: as in ``margins``.

    Raises:
        ValueError: as ``guess`` and ``epsilon_bound``.
    """
    items = {"train": train[pairs.train], "test": test[pairs.test]}
    margin = margins(**items, generated=generated, versions=versions, search=search)
    made, right = guess(margin, guesses=guesses)
    low, high = wilson(right, made)
    asked = len(margin) if guesses is None else guesses

    def bound(guesses: int, right: int) -> float:
        return epsilon_bound(pairs=len(margin), guesses=guesses, right=right, delta=delta, confidence=confidence)

    return Membership(
        pairs=len(margin),
        guesses=made,
        right=right,
        accuracy=right / made if made else np.nan,
        accuracy_low=low,
        accuracy_high=high,
        epsilon_low=bound(made, right),
        largest_possible=bound(asked, asked),
        confidence=confidence,
        delta=delta,
        repeated=pairs.repeated,
    )
