r"""Interval of the net copied fraction of one set of samples, some of which are copies.

Let w_i be the score of generated point i, so that A_r = mean w_i (`net_fraction`). With n = n' locations w_i is +1, -1
or 0, with n < n' it is a mean of such values over subsets, and for a copy it is +1. Permuted labels give the variance
V_0 of A_r for a generator that is independent of the labels. For a generator that copies, V_0 is wrong:

- With n <= n' a copy has the score +1, independently of the other locations, and does not contribute to the variance
  that is due to the reference sets. A permutation changes its score, so that V_0 is too large. Points that are not
  copies do contribute to this variance.
- With n > n' a copy has the score 1 + (n / n' - 1) s, where s is the score of a point that is not a copy. The variance
  of a large number of copies is then almost that of the other points, and (1 - A)^2 V_0 is far too small.

Copies must therefore be moved together with the labels. Of the g points, the M = A g points with the largest
d_test / d_train are presumed to be copies of their nearest training locations, c_j copies of location j. Under
permuted labels the other points remain unchanged. The numbers c_j are assigned in random order to the locations with
training labels:

    g A* = sum over the others of w_i + sum over training locations of c_j w_j,   V_A = var A*.         (1)

w_j is the score of a point at location j. The interval contains every share p of copies for which A_r is within z
standard deviations of p. It is a score interval, and is valid for small numbers of copies:

    (A_r - p)^2 <= z^2 [V(p) + p (1 - p) / g],   V(p) = V_0 + (V_A - V_0) p / A  up to A, V_A beyond.   (2)

It lies above 0 if and only if the permutation test rejects. It is Wilson's interval if V_0 and V_A are zero.
"""

from dataclasses import dataclass

import numpy as np
import scipy

from diffmem.measure.net_fraction import NetFraction
from diffmem.measure.pool import Around, Members, Pool
from diffmem.neighbours.index import Index, MakeSearch

FEWEST_OTHERS = 0.1  # lower limit of the share of points that are not copies, by which their variance is divided
UNCERTAIN = 1 / 16  # V_0 above which A may be near 1 by chance, so that nearly all points would be presumed copies
LOCATIONS = 20_000  # members of a large pool at which copies are placed
FEWEST_LOCATIONS, ENTRIES = 1000, 2**24  # fewer members, at least 1000, if lists are long because sizes differ much


@dataclass(frozen=True)
class Spread:
    """Fractions of one set of samples under the true labels, and their variances under permuted labels.

    Attributes:
        net: A_r, of shape (ratios,).
        null, copier: its variances V_0 and V_A, each of shape (ratios,).
        others: variance of A_r under permuted labels, of the points that are not presumed copies, and V_0 at least if
            V_0 is above ``UNCERTAIN``, of shape (ratios,).
        count: number of generated points.
        raw: share of points that are r times closer to a training location than to a held-out one, of shape (ratios,).
        chance: mean of ``raw`` under permuted labels, of shape (ratios,).
    """

    net: np.ndarray
    null: np.ndarray
    copier: np.ndarray
    others: np.ndarray
    count: int
    raw: np.ndarray
    chance: np.ndarray


@dataclass(frozen=True)
class _Parted:
    """Division of the points into presumed copies and others.

    Attributes:
        others: 1 for points that are not presumed copies, else 0, of shape (ratios, g).
        copies: number of presumed copies of every training location, of shape (ratios, train).
    """

    others: np.ndarray
    copies: np.ndarray


def spread(
    *,
    train: np.ndarray,
    test: np.ndarray,
    generated: np.ndarray,
    ratios: np.ndarray,
    permutations: int,
    rng: np.random.Generator,
    search: MakeSearch = Index,
) -> Spread:
    """A_r, V_0 and V_A of one set of samples.

    Args:
        train, test, generated: points of shape (n, d), (n', d) and (g, d).
        ratios: r, of shape (ratios,).
        permutations: number of permuted labellings.
        rng: draws the permutations.
        search: makes the search among training and held-out locations.
    """
    members = Members(train=train, test=test, search=search)
    return spread_around(members.around(generated), ratios=ratios, permutations=permutations, rng=rng)


def spread_around(points: Around, *, ratios: np.ndarray, permutations: int, rng: np.random.Generator) -> Spread:
    """The result of `spread` for ``points`` with their lists of neighbours."""
    members, count = points.members, len(points)
    fraction, true = NetFraction(train=members.train, test=members.test, ratios=ratios), members.held_out()
    raw, net, nearest = _under_true_labels(points, fraction, true)
    parted = _parted(nearest, net, members.train)
    travel = rng.spawn(1)[0]  # a separate stream, so that the labels are those of `permuted`
    labels = permuted_labels(true, permutations, rng)
    totals = np.zeros((3, len(net), permutations))  # raw, net, and net of the points that are not presumed copies
    for rows, pooled in points:
        found = fraction.scores(pooled, labels)
        totals[0] += found.raw.sum(1)
        totals[1] += found.net.sum(1)
        totals[2] += np.einsum("rg,rgl->rl", parted.others[:, rows], found.net)
    left = np.maximum(parted.others.sum(1), FEWEST_OTHERS * count)
    others = np.var(totals[2], axis=1, ddof=1) / left**2
    if members.train > members.test:  # else every copy has the score 1 and does not contribute to the variance
        totals[2] += _travelling(members, fraction, labels, parted.copies, travel)
    raws, nets, with_copies = totals / count
    null, copier = (np.var(values, axis=1, ddof=1) for values in (nets, with_copies))
    others = np.where(null > UNCERTAIN, np.maximum(null, others), others)
    return Spread(net, null, copier, others, count, raw, raws.mean(1))


def permuted(
    points: Around, ratios: np.ndarray, *, permutations: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Raw and net fractions under permuted labels, each of shape (permutations, ratios).

    The labels of locations are permuted, so that exact duplicates always have the same label.
    """
    members = points.members
    fraction = NetFraction(train=members.train, test=members.test, ratios=ratios)
    found = fraction.fractions(points, permuted_labels(members.held_out(), permutations, rng))
    return found.raw.T, found.net.T


def permuted_labels(true: np.ndarray, permutations: int, rng: np.random.Generator) -> np.ndarray:
    """Random permutations of the labels ``true`` (m,), of shape (m, permutations)."""
    labels = np.empty((len(true), permutations), dtype=bool)
    for i in range(permutations):
        labels[:, i] = rng.permutation(true)
    return labels


def score_interval(of: Spread, *, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Low and high of the interval (2), each of shape (ratios,)."""
    z2 = scipy.special.ndtri((1 + level) / 2) ** 2
    share = np.clip(of.net, 0, 1)
    slope = np.divide(of.copier - of.null, share, out=np.zeros_like(share), where=share > 0)
    low = _end(of.net, of.null, slope, of.count, z2, side=-1)
    return low, _end(of.net, of.copier, np.zeros_like(slope), of.count, z2, side=1)


def plain_interval(net: np.ndarray, variance: np.ndarray, *, count: int, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Low and high of the simpler interval A +- z sqrt(V_0 (1 - A)^2 + A (1 - A) / g), for comparison.

    Args:
        net, variance: A and V_0, each of shape (ratios,).
        count: number g of generated points.
        level: confidence level.

    Returns:
        low and high, each of shape (ratios,).
    """
    share = np.clip(net, 0, 1)
    half = scipy.special.ndtri((1 + level) / 2) * np.sqrt(variance * (1 - share) ** 2 + share * (1 - share) / count)
    return net - half, net + half


def _end(net: np.ndarray, at_0: np.ndarray, slope: np.ndarray, count: int, z2: float, *, side: int) -> np.ndarray:
    """The p on one side of ``net`` at which (net - p)^2 = z2 (at_0 + slope p + p (1 - p) / count).

    Outside of [0, 1] the binomial term is left out, and the variance is that at the nearer end of [0, 1].
    """
    b, c = 2 * net + z2 * (slope + 1 / count), net**2 - z2 * at_0
    root = (b + side * np.sqrt(np.maximum(b**2 - 4 * (1 + z2 / count) * c, 0))) / (2 * (1 + z2 / count))
    below = net + side * np.sqrt(z2 * at_0)
    above = net + side * np.sqrt(z2 * np.maximum(at_0 + slope, 0))
    return np.where(below < 0, below, np.where(above > 1, above, root))


def _under_true_labels(
    points: Around, fraction: NetFraction, true: np.ndarray
) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Raw and net fractions, each of shape (ratios,), and the result of `_nearest` for all points."""
    raw, net = np.zeros(len(fraction.ratios)), np.zeros(len(fraction.ratios))
    nearest = []
    for _, pooled in points:
        found = fraction.scores(pooled, true[:, None])
        raw, net = raw + found.raw[..., 0].sum(1), net + found.net[..., 0].sum(1)
        nearest.append(_nearest(pooled))
    quotient, location = (np.concatenate(part) for part in zip(*nearest, strict=True))
    return raw / len(points), net / len(points), (quotient, location)


def _nearest(pooled: Pool) -> tuple[np.ndarray, np.ndarray]:
    """d_test / d_train, and the nearest training location, -1 if the list has none: each of shape (g,)."""
    held_out = pooled.held_out()[pooled.member]
    rows, first = np.arange(len(held_out)), (~held_out).argmax(1)
    train, test = pooled.distance[rows, first], pooled.distance[rows, held_out.argmax(1)]
    known, both = ~held_out.all(1), (train == 0) & (test == 0)
    test = np.where(held_out.any(1), test, np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient = np.where(known, np.where(both, 1, test / train), 0)
    return quotient, np.where(known, pooled.member[rows, first], -1)


def _parted(nearest: tuple[np.ndarray, np.ndarray], net: np.ndarray, train: int) -> _Parted:
    """For every ratio, take the A g points with the largest quotient as copies of their nearest training locations.

    Args:
        nearest: result of `_nearest` for g points.
        net: A at every ratio, of shape (ratios,).
        train: number of training locations.
    """
    quotient, location = nearest
    order = np.argsort(-quotient, kind="stable")[: np.count_nonzero(location >= 0)]
    others, copies = np.ones((len(net), len(quotient))), np.zeros((len(net), train))
    for i, number in enumerate(np.rint(np.clip(net, 0, 1) * len(quotient)).astype(int)):
        chosen = order[:number]
        others[i, chosen] = 0
        copies[i] = np.bincount(location[chosen], minlength=train)
    return _Parted(others, copies)


def _travelling(
    members: Members, fraction: NetFraction, labels: np.ndarray, copies: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """The second sum of (1) for every labelling, of shape (ratios, l).

    In a large pool the copies are placed at members of a random subset, which is large enough for all copies.

    Args:
        members: the pool.
        fraction: computes the scores.
        labels: which members are labelled held-out, of shape (train + test, l).
        copies: number of presumed copies of every training location, of shape (ratios, train).
        rng: draws the order of the copies, and the subset.
    """
    if not copies.any():
        return np.zeros((len(copies), labels.shape[1]))
    places, held = len(labels), copies
    most = min(LOCATIONS, max(FEWEST_LOCATIONS, ENTRIES // members.listed))
    if len(labels) > most:
        held = copies[:, copies.any(0)]
        enough = int(1.2 * held.shape[1] * len(labels) / members.train) + 100
        places = min(len(labels), max(most, enough))
    chosen = np.arange(len(labels)) if places == len(labels) else np.sort(rng.permutation(len(labels))[:places])
    weights = np.zeros((len(copies), places, labels.shape[1]), dtype=np.float32)
    for i in range(labels.shape[1]):
        training = np.flatnonzero(~labels[chosen, i])
        padded = np.zeros((len(held), len(training)))
        padded[:, : held.shape[1]] = held[:, : len(training)]
        weights[:, training, i] = padded[:, rng.permutation(len(training))]
    total = np.zeros((len(copies), labels.shape[1]))
    for rows, pooled in members.around(members.positions(chosen)):
        total += np.einsum("rgl,rgl->rl", weights[:, rows], fraction.scores(pooled, labels).net)
    return total
