"""Both ways to count labels in lists give the same numbers, those of a plain count, for any sizes, lists and ties."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from diffmem.measure import net_fraction
from diffmem.measure.label_counts import AlongLists, ByMember, counting
from diffmem.measure.net_fraction import NetFraction
from diffmem.measure.net_interval import permuted_labels
from diffmem.measure.pool import Members

SHAPES = [(30, 30, 20), (90, 10, 40), (10, 90, 100), (400, 3, 300), (5, 2, 1)]  # train, test, length of the lists


def lists(train, test, k, *, points=25, seed=0):
    """Random lists of ``k`` members for some points, and a smaller set under several labellings."""
    rng = np.random.default_rng(seed)
    member = np.array([rng.permutation(train + test)[:k] for _ in range(points)])
    return member, permuted_labels(np.arange(train + test) >= max(train, test), 15, rng)


def plain(member, smaller, around):
    """Position of the first, and number among the first ``around``, one point and labelling after the other."""
    b, k = member.shape
    first, number = np.empty(around.shape, int), np.empty(around.shape, int)
    for i, j in np.ndindex(b, smaller.shape[1]):
        marked = smaller[member[i], j]
        first[i, j] = marked.argmax() if marked.any() else k
        number[i, j] = marked[: around[i, j]].sum()
    return first, number


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("way", ["by member", "along lists"])
def test_counts_are_those_of_a_plain_count(shape, way):
    member, smaller = lists(*shape)
    k = shape[2]
    found = (ByMember(smaller) if way == "by member" else AlongLists(smaller, k))(member)
    around = np.random.default_rng(1).integers(1, k + 1, found.first.shape)
    around = np.minimum(around, max(k - 1, 1))
    first, number = plain(member, smaller, around)
    assert np.array_equal(found.first, first)
    assert np.array_equal(found.within(around), number)


def test_the_way_with_fewer_numbers_is_taken():
    _, smaller = lists(90, 10, 40)
    assert isinstance(counting(smaller, 40), ByMember)
    assert isinstance(counting(smaller, 10), AlongLists)


@pytest.mark.parametrize("sizes", [(60, 60), (150, 12), (12, 150), (500, 4)])
@pytest.mark.parametrize("lattice", [False, True], ids=["normal", "ties"])
def test_fractions_do_not_depend_on_the_way_nor_on_blocks(sizes, lattice, monkeypatch):
    rng = np.random.default_rng(3)
    train, test, points = (rng.standard_normal((n, 3)) for n in (*sizes, 80))
    points[:20] = train[rng.integers(sizes[0], size=20)]
    if lattice:
        train, test, points = (np.round(4 * x) for x in (train, test, points))
    members = Members(train=train, test=test)
    fraction = NetFraction(train=members.train, test=members.test, ratios=np.array([1.0, 1.5, 3.0]))
    pooled, labels = members.search(points), permuted_labels(members.held_out(), 30, rng)
    found = []
    for way in (AlongLists, lambda smaller, _: ByMember(smaller)):
        for entries, cached in ((2**23, 2**14), (50, 1)):
            monkeypatch.setattr(net_fraction, "counting", way)
            monkeypatch.setattr(net_fraction, "ENTRIES", entries)
            monkeypatch.setattr(net_fraction, "CACHED", cached)
            found.append(fraction.scores(pooled, labels))
    for other in found[1:]:
        assert np.array_equal(found[0].raw, other.raw)
        assert np.array_equal(found[0].net, other.net)


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("lattice", [False, True], ids=["normal", "ties"])
def test_ranks_count_distances(ratio, lattice):
    rng = np.random.default_rng(4)
    distance = np.sort(np.abs(rng.standard_normal((20, 30))), axis=1)
    if lattice:
        distance = np.sort(np.round(4 * distance) / 4, axis=1)
    closer, within = net_fraction._ranks(distance, ratio)
    for row, below, up_to in zip(distance, closer, within, strict=True):
        assert below.tolist() == [*(np.sum(ratio * row < d) for d in row), 30]
        assert up_to.tolist() == [*(np.sum(row <= ratio * d) for d in row), 30]


def test_rows_are_compared_as_numpy_compares_them():
    """The pool sorts its members, so that the order of the rows does not matter."""
    rng = np.random.default_rng(5)
    sets = {name: rng.integers(0, 3, (40, 2)).astype(float) for name in ("train", "test")}
    members = Members(**sets)
    shuffled = Members(**{name: rng.permutation(points) for name, points in sets.items()})
    assert np.array_equal(members.positions(), shuffled.positions())
    assert cdist(members.positions()[: members.train], np.unique(sets["train"], axis=0)).diagonal().max() == 0
