r"""Training and held-out locations in one pool: net copied fractions for any sizes, and their permutation null.

Every generated point gets its k nearest members of the pool, by one search. Everything below is then a matter of
labels: the true ones give the statistics, permuted ones their law for a generator that knows nothing of the labels.

Unequal sizes. With n > n' the nearest of n training locations is closer by chance alone. The mean of A_r over all
subsets of n' training locations follows without drawing any: if k of the n lie within some radius, then none of the
subset does with probability

    H(k) = C(n - k, n') / C(n, n')    (`chance.none_drawn`).                                           (1)

Given the distance d_test, the subset's nearest is below d_test / r unless none of the k_1 locations there is chosen,
and above r d_test if none of the k_2 within that radius is:

    A_r = (n / n') mean[1 - H(k_1) - H(k_2)].                                                          (2)

The factor makes up for copied locations that a subset misses: a copy is seen with probability n' / n only. With n < n'
the held-out set is thinned in the same way, which costs no copies and needs no factor.
"""

from dataclasses import dataclass

import numpy as np

from diffmem.locations import distinct
from diffmem.measure.chance import none_drawn
from diffmem.neighbours.index import Index

RANKS = 12  # neighbours per neighbour expected of the smaller set, so that H(k) has vanished at the last


@dataclass(frozen=True)
class Pool:
    """The k nearest pool members of g points.

    Attributes:
        distance: shape (g, k), ascending.
        member: shape (g, k); members below ``train`` are training locations, the others held-out ones.
        train, test: number of locations of either kind.
    """

    distance: np.ndarray
    member: np.ndarray
    train: int
    test: int

    def held_out(self) -> np.ndarray:
        """True labels: which of the pool's members are held out, of shape (train + test,)."""
        return np.arange(self.train + self.test) >= self.train


@dataclass(frozen=True)
class Fractions:
    """Raw fraction and net copied fraction, each of shape (ratios,)."""

    raw: np.ndarray
    net: np.ndarray


def pool(*, train: np.ndarray, test: np.ndarray, generated: np.ndarray) -> Pool:
    """Search the pool of the distinct positions of ``train`` (n, d) and ``test`` (n', d) around ``generated`` (g, d).

    The members stand in the order of their coordinates, so that nothing depends on the order of the rows.
    """
    train, test = distinct(train), distinct(test)
    total = len(train) + len(test)
    k = min(total, max(50, RANKS * -(-total // min(len(train), len(test)))))
    found = Index(np.vstack([train, test])).nearest(generated, k)
    return Pool(found.distance, found.location, len(train), len(test))


def fractions(pooled: Pool, held_out: np.ndarray, ratios: np.ndarray) -> Fractions:
    """Raw and net fractions under the labels ``held_out`` (train + test,) for the ``ratios`` (r,)."""
    label = held_out[pooled.member]
    train, test = _first(pooled.distance, ~label), _first(pooled.distance, label)
    raw = np.array([np.mean(r * train < test) for r in ratios])
    if pooled.train == pooled.test:
        return Fractions(raw, raw - np.array([np.mean(r * test < train) for r in ratios]))
    if pooled.train > pooled.test:
        return Fractions(raw, pooled.train / pooled.test * _thinned(pooled.distance, ~label, test, pooled, ratios))
    return Fractions(raw, -_thinned(pooled.distance, label, train, pooled, ratios))


def permuted(
    pooled: Pool, ratios: np.ndarray, *, permutations: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Raw and net fractions under permuted labels, each of shape (permutations, ratios).

    Locations are permuted, copies of one never parted.
    """
    labels = pooled.held_out()
    drawn = [fractions(pooled, rng.permutation(labels), ratios) for _ in range(permutations)]
    return np.array([f.raw for f in drawn]), np.array([f.net for f in drawn])


def _first(distance: np.ndarray, of_kind: np.ndarray) -> np.ndarray:
    """Distance (g,) to the first member of a kind (g, k); infinite where none is among the k."""
    position = of_kind.argmax(1)
    rows = np.arange(len(distance))
    return np.where(of_kind[rows, position], distance[rows, position], np.inf)


def _thinned(
    distance: np.ndarray, larger: np.ndarray, other: np.ndarray, pooled: Pool, ratios: np.ndarray
) -> np.ndarray:
    """The mean in (2), with ``larger`` (g, k) marking the larger set and ``other`` (g,) the distance to the smaller."""
    n, small = max(pooled.train, pooled.test), min(pooled.train, pooled.test)
    none = none_drawn(np.arange(distance.shape[1] + 1), total=n, drawn=small)
    values = []
    for r in ratios:
        inside = (larger & (r * distance < other[:, None])).sum(1)
        within = (larger & (distance <= r * other[:, None])).sum(1)
        values.append(np.mean(1 - none[inside] - none[within]))
    return np.array(values)
