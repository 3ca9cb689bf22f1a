r"""Interval of the net copied fraction of one set of samples, some of which are copies.

Let w_i be the score of generated point i, so that A_r = mean w_i (`pool`; with n <= n' locations w_i is +1, -1 or a
thinned version of it, and +1 for a copy). Permuted labels give the variance V_0 of A_r for a generator that knows
nothing of them. For a copier it is the wrong one, in both directions:

- with n <= n' a copy scores +1 whatever the other locations are. Copies have no reference noise, yet a permutation
  turns each of them over: V_0 is too large. The points that are no copies, on the other hand, keep theirs;
- with n > n' a copy scores 1 + (n / n' - 1) s, where s is the score of a point that is none: a large class of copies
  is almost as noisy as the rest. (1 - A)^2 V_0 is far too small.

So copies have to travel with the labels. Of g points the M = A g with the largest d_test / d_train are taken for
copies of their nearest training locations, c_j of location j. Under permuted labels the others stay, and the numbers
c_j go in random order to the locations that are training ones then:

    g A* = sum over the others of w_i + sum over training locations of c_j w_j,   V_A = var A*.         (1)

Here w_j is the score of a point at location j itself. The interval holds every share p of copies for which A_r is
within z standard deviations (a score interval, which neither vanishes nor fails where copies are few):

    (A_r - p)^2 <= z^2 [V(p) + p (1 - p) / g],   V(p) = V_0 + (V_A - V_0) p / A  up to A, V_A beyond.   (2)

It lies above 0 exactly if the permutation test rejects, and is Wilson's interval where V_0 and V_A vanish.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from diffmem.locations import distinct
from diffmem.measure.pool import Pool, pool


@dataclass(frozen=True)
class Spread:
    """Net copied fraction A_r and its variances V_0 and V_A, each of shape (ratios,), for ``count`` points."""

    net: np.ndarray
    null: np.ndarray
    copier: np.ndarray
    count: int


class Scores:
    """Scores w_i of the points of a pool under any labels; their mean is ``pool.fractions(...).net``.

    With the first member of the smaller set at position j (of either set, where both are of one size), the score hangs
    on how many members of the larger one lie within d_j / r and within r d_j. This is looked up for all j beforehand.
    """

    def __init__(self, pooled: Pool, ratios: np.ndarray):
        self.train, self.test = pooled.train, pooled.test
        self.member, self.rows = pooled.member.astype(np.intp), np.arange(len(pooled.member))
        self.ranks = [_ranks(pooled.distance, r) for r in ratios]
        larger, smaller = max(self.train, self.test), min(self.train, self.test)
        left = larger - np.arange(pooled.member.shape[1])
        # H of `pool`, equation (1), for every count; where the count ends with the list, it is at least that large
        self.missed = np.append(1, np.cumprod(np.maximum(left - smaller, 0) / np.maximum(left, 1)))
        self.missed[-1] = 0

    def under(self, held_out: np.ndarray) -> np.ndarray:
        """Scores under the labels ``held_out`` (train + test,): shape (ratios, points)."""
        label = held_out.take(self.member)
        if self.train == self.test:
            first = _First(label != label[:, :1])
            sign = np.where(label[:, 0], -1.0, 1.0)
            return np.array([sign * (first.of(closer) > 0) for closer, _ in self.ranks])
        smaller = label if self.train > self.test else ~label
        factor = self.train / self.test if self.train > self.test else -1.0
        first, before = _First(smaller), smaller.cumsum(1, dtype=np.int32)
        return np.array([factor * self._thinned(*ranks, first, before) for ranks in self.ranks])

    def _thinned(self, closer: np.ndarray, within: np.ndarray, first: "_First", before: np.ndarray) -> np.ndarray:
        """Terms of (2) in `pool`, (g,); ``before`` (g, k) counts the smaller set up to and with a position."""
        around = first.of(within)
        whole = around == within.shape[1]
        count = np.where(whole, around, around - before[self.rows, around - 1])
        return 1 - self.missed[first.of(closer)] - self.missed[count]


class _First:
    """The first marked position of every row of ``marked`` (g, k)."""

    def __init__(self, marked: np.ndarray):
        self.rows, self.position = np.arange(len(marked)), marked.argmax(1)
        self.found = marked[self.rows, self.position]

    def of(self, table: np.ndarray) -> np.ndarray:
        """Entry (g,) of ``table`` (g, k) there; k where none is marked."""
        return np.where(self.found, table[self.rows, self.position], table.shape[1])


def spread(
    *,
    train: np.ndarray,
    test: np.ndarray,
    pooled: Pool,
    ratios: np.ndarray,
    permutations: int,
    rng: np.random.Generator,
) -> Spread:
    """A_r, V_0 and V_A for the generated points behind ``pooled``, which is the pool of ``train`` and ``test``."""
    scores, true = Scores(pooled, ratios), pooled.held_out()
    net = scores.under(true).mean(1)
    others, copies = _parted(pooled, net)
    locations = None
    if pooled.train > pooled.test:
        members = np.vstack([distinct(train), distinct(test)])
        locations = Scores(pool(train=train, test=test, generated=members), ratios)
    travel = rng.spawn(1)[0]  # a stream of its own, so that the labels are those of `pool.permuted`
    null, copier = [], []
    for _ in range(permutations):
        label = rng.permutation(true)
        found = scores.under(label)
        null.append(found.mean(1))
        total = (found * others).sum(1)
        if locations:  # else every copy scores 1, whatever the labels
            total += (locations.under(label)[:, ~label] * copies[:, travel.permutation(pooled.train)]).sum(1)
        copier.append(total / len(pooled.member))
    return Spread(net, np.var(null, axis=0, ddof=1), np.var(copier, axis=0, ddof=1), len(pooled.member))


def score_interval(of: Spread, *, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Equation (2): low and high, each of shape (ratios,)."""
    z2 = stats.norm.ppf((1 + level) / 2) ** 2
    share = np.clip(of.net, 0, 1)
    slope = np.divide(of.copier - of.null, share, out=np.zeros_like(share), where=share > 0)
    low = _end(of.net, of.null, slope, of.count, z2, side=-1)
    return low, _end(of.net, of.copier, np.zeros_like(slope), of.count, z2, side=1)


def plain_interval(net: np.ndarray, variance: np.ndarray, *, count: int, level: float) -> tuple[np.ndarray, np.ndarray]:
    """The simpler A +- z sqrt(V_0 (1 - A)^2 + A (1 - A) / g), for comparison: low and high, each of shape (ratios,)."""
    share = np.clip(net, 0, 1)
    half = stats.norm.ppf((1 + level) / 2) * np.sqrt(variance * (1 - share) ** 2 + share * (1 - share) / count)
    return net - half, net + half


def _end(net: np.ndarray, at_0: np.ndarray, slope: np.ndarray, count: int, z2: float, *, side: int) -> np.ndarray:
    """The p on one side of ``net`` at which (net - p)^2 = z2 (at_0 + slope p + p (1 - p) / count).

    The binomial term belongs to shares alone: outside of [0, 1] it is left out and the slope stops.
    """
    b, c = 2 * net + z2 * (slope + 1 / count), net**2 - z2 * at_0
    root = (b + side * np.sqrt(np.maximum(b**2 - 4 * (1 + z2 / count) * c, 0))) / (2 * (1 + z2 / count))
    below = net + side * np.sqrt(z2 * at_0)
    above = net + side * np.sqrt(z2 * np.maximum(at_0 + slope, 0))
    return np.where(below < 0, below, np.where(above > 1, above, root))


def _parted(pooled: Pool, net: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For every ratio: which points are no copies (ratios, g), and copies per training location (ratios, train)."""
    held_out = pooled.held_out()[pooled.member]
    rows, nearest = np.arange(len(held_out)), (~held_out).argmax(1)
    train, test = pooled.distance[rows, nearest], pooled.distance[rows, held_out.argmax(1)]
    known, both = ~held_out.all(1), (train == 0) & (test == 0)
    test = np.where(held_out.any(1), test, np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient = np.where(known, np.where(both, 1, test / train), 0)
    order = np.argsort(-quotient, kind="stable")[: known.sum()]
    others, copies = np.ones((len(net), len(rows))), np.zeros((len(net), pooled.train))
    for i, number in enumerate(np.rint(np.clip(net, 0, 1) * len(rows)).astype(int)):
        chosen = order[:number]
        others[i, chosen] = 0
        copies[i] = np.bincount(pooled.member[chosen, nearest[chosen]], minlength=pooled.train)
    return others, copies


def _ranks(distance: np.ndarray, ratio: float) -> tuple[np.ndarray, np.ndarray]:
    """How many distances d_i of a row (g, k) fulfil ratio d_i < d_j, and d_i <= ratio d_j, for every j: two (g, k)."""
    g, k = distance.shape
    order = np.argsort(np.concatenate([distance, ratio * distance], axis=1), axis=1, kind="stable")
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.broadcast_to(np.arange(2 * k), (g, 2 * k)), axis=1)
    own = np.arange(k)
    return place[:, :k] - own, place[:, k:] - own
