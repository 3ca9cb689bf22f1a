r"""The net copied fraction A_r for sets of any size, under the true labels and under permuted ones.

Let d_train and d_test be the distances from a generated point to its nearest training and held-out location. If both
sets have the same size,

    A_r = P(r d_train < d_test) - P(r d_test < d_train).                                               (1)

Its expectation is zero for a generator that is independent of the split into both sets, and pi for a generator that
copies a share pi of its points.

Unequal sizes. With n > n' locations, the nearest of n training locations is closer by chance. (1) is therefore averaged
over all subsets of n' training locations. This mean has a closed form: if k of the n locations lie within some radius,
a subset has no location there with probability

    H(k) = C(n - k, n') / C(n, n')    (`chance.none_drawn`).                                           (2)

Let k_1 be the number of training locations within d_test / r, and k_2 the number within r d_test. The distance to the
nearest location of the subset is below d_test / r with probability 1 - H(k_1), and above r d_test with probability
H(k_2). The score of a point is therefore

    w = 1 - H(k_1) - H(k_2),      A_r = (n / n') mean w.                                               (3)

The factor n / n' is needed because a subset contains a copied location with probability n' / n only. With n < n', means
over subsets of the held-out set are taken in the same way, and A_r = -mean w. These subsets contain all copied
locations, so that no factor is needed. With n = n', H(k) is 1 for k = 0 and 0 otherwise, and (3) is equal to (1).

For any labels, k_1 and k_2 follow from the position of the first member of the smaller set in a point's list of
neighbours (`pool`), and from the number of members of the smaller set within the radius. Both are computed for many
labellings at once: from running counts along the lists, or, where the smaller set is shorter than a list, from the
positions of its members in the list.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from diffmem.measure.label_counts import Counted, counting
from diffmem.measure.pool import Pool

ENTRIES = 2**23  # list entries times labellings that are processed at once
CACHED = 2**14  # distances that are sorted at once, few enough for the processor's cache


@dataclass(frozen=True)
class Fractions:
    """Raw and net fractions, or their terms for each point.

    Attributes:
        raw: raw fraction P(r d_train < d_test), of shape (ratios, ...).
        net: net copied fraction, of the same shape.
    """

    raw: np.ndarray
    net: np.ndarray


class NetFraction:
    """Scores of points under any labels.

    Attributes:
        train, test: number of training and of held-out locations in the pool.
        ratios: of shape (r,).
        factor: of mean w in A_r.
    """

    def __init__(self, *, train: int, test: int, ratios: np.ndarray):
        self.train, self.test = train, test
        self.ratios = np.asarray(ratios, dtype=float)
        self.factor = train / test if train > test else 1.0 if train == test else -1.0

    def scores(self, pooled: Pool, held_out: np.ndarray) -> Fractions:
        """Terms of each point, whose means over the points are the fractions.

        Args:
            pooled: lists of neighbours of g points.
            held_out: which members are labelled held-out, in l labellings, of shape (train + test, l).

        Returns:
            raw (booleans) and net, each of shape (ratios, g, l).
        """
        g, k = pooled.member.shape
        labels = held_out.shape[1]
        raw = np.empty((len(self.ratios), g, labels), dtype=bool)
        net = np.empty(raw.shape)
        smaller = held_out if self.train >= self.test else ~held_out
        count = counting(smaller, k)
        rows = max(1, ENTRIES // (count.entries * labels))
        for start in range(0, g, rows):
            block = slice(start, start + rows)
            counted = count(pooled.member[block])
            for i, ratio in enumerate(self.ratios):
                closer, within = _ranks(pooled.distance[block], ratio)
                raw[i, block], net[i, block] = self._score(counted, closer, within)
        return Fractions(raw, net)

    def fractions(self, blocks: Iterable[tuple[slice, Pool]], held_out: np.ndarray) -> Fractions:
        """The fractions of all points of ``blocks``.

        Args:
            blocks: blocks of points with their lists of neighbours.
            held_out: which members are labelled held-out, of shape (train + test,), or (train + test, l) for l
                labellings.

        Returns:
            raw and net, each of shape (ratios,), or (ratios, l).
        """
        labels = held_out[:, None] if held_out.ndim == 1 else held_out
        raw = net = np.zeros((len(self.ratios), labels.shape[1]))
        count = 0
        for _, pooled in blocks:
            found = self.scores(pooled, labels)
            raw, net, count = raw + found.raw.sum(1), net + found.net.sum(1), count + len(pooled.member)
        shape = (len(self.ratios), *held_out.shape[1:])
        # with equal sizes both parts of (1) are counts; each is divided by the number of points before the subtraction
        share = raw / count - (raw - net) / count if self.train == self.test else net / count
        return Fractions((raw / count).reshape(shape), share.reshape(shape))

    def _score(self, counted: Counted, closer: np.ndarray, within: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Raw and net terms, each of shape (b, l), of b points for one ratio.

        Args:
            counted: where the members of the smaller set are in the lists.
            closer, within: numbers of distances, as in `_ranks`.
        """
        k = closer.shape[1] - 1
        missed = self._missed(k)
        inside = np.take_along_axis(closer, counted.first, 1)
        around = np.take_along_axis(within, counted.first, 1)
        count = np.where(around == k, k, around - counted.within(around))
        raw = inside > 0 if self.train >= self.test else count == 0
        return raw, self.factor * (1 - missed[inside] - missed[count])

    def _missed(self, k: int) -> np.ndarray:
        """H of every count from 0 to ``k``, of shape (k + 1,).

        The count ``k`` means that the whole list lies within the radius. The true count may be larger, and H is set to
        0.
        """
        larger, smaller = max(self.train, self.test), min(self.train, self.test)
        left = larger - np.arange(k)
        missed = np.append(1, np.cumprod(np.maximum(left - smaller, 0) / np.maximum(left, 1)))
        missed[-1] = 0
        return missed


def _ranks(distance: np.ndarray, ratio: float) -> tuple[np.ndarray, np.ndarray]:
    """For every j, the numbers of distances d_i in the same row with ratio d_i < d_j and with d_i <= ratio d_j.

    Args:
        distance: ascending distances, of shape (b, k).
        ratio: at least 1.

    Returns:
        two arrays of shape (b, k + 1). The last column is k; it stands for a d_j beyond the end of the list.
    """
    b, k = distance.shape
    ranks = np.full((2, b, k + 1), k, dtype=np.int32)
    rows = max(1, CACHED // k)
    for start in range(0, b, rows):
        ranks[:, start : start + rows, :k] = _merged(distance[start : start + rows], ratio)
    return ranks[0], ranks[1]


def _merged(distance: np.ndarray, ratio: float) -> tuple[np.ndarray, np.ndarray]:
    """The numbers of `_ranks` for the distances in the list, each of shape (b, k)."""
    b, k = distance.shape
    order = np.argsort(np.concatenate([distance, ratio * distance], axis=1), axis=1, kind="stable")
    place = np.flatnonzero(order < k).reshape(b, k)  # of the ascending d_j, which therefore stand in their order
    row = np.arange(b)[:, None]
    closer = place - 2 * k * row - np.arange(k)
    # d_i <= ratio d_j unless ratio d_j < d_i, that is, unless j is one of the first closer_i
    number = np.bincount((closer + (k + 1) * row).ravel(), minlength=b * (k + 1)).reshape(b, k + 1)
    return closer, np.cumsum(number[:, :k], axis=1)
