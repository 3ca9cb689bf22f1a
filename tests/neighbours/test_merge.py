"""Near copies in a training set hide copies from the rule of 1/3, unless they are merged; all else keeps its number."""

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage

from diffmem.locations import first_rows, locations
from diffmem.measure.copies import THRESHOLDS, shares
from diffmem.neighbours import merge as merging
from diffmem.neighbours.merge import merged
from diffmem.neighbours.table import references, tabulate

THIRD = THRESHOLDS.index(1 / 3)


def twinned(*, noise=0.01, seed=0):
    """200 points in 64 dimensions, then near copies of the first 50, and their locations."""
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((200, 64))
    train = np.vstack([points, points[:50] + noise * rng.standard_normal((50, 64))])
    return train, locations(train), rng


def judged(generated, train, location, *, radius):
    every = np.arange(len(train))
    halves = dict(train=train, train_location=location, test=train + 9, test_location=every)
    near = merged(train, location, radius=radius)
    return tabulate(generated, references(**halves, test_plain=every >= 0, train_merged=near))


def test_a_perfect_copier_is_one_with_near_copies_merged_and_hidden_without():
    train, location, rng = twinned()
    copies = train + 0.01 * rng.standard_normal(train.shape)
    apart, together = (judged(copies, train, location, radius=radius) for radius in (0, 0.05))
    assert shares(together["train_distance"])[THIRD] == 1
    assert shares(apart["train_distance"])[THIRD] == pytest.approx(150 / 250, abs=0.01), "those without a near copy"


def test_fresh_points_are_no_more_copies_than_before():
    train, location, rng = twinned()
    table = judged(rng.standard_normal((500, 64)), train, location, radius=0.05)
    assert shares(table["train_distance"])[THIRD] == 0


def test_the_first_of_those_merged_stands_for_them_under_its_number_in_the_data():
    train, location, _ = twinned()
    train, location = np.vstack([train[200:], train[:200]]), np.arange(250)  # near copies first, originals from row 50
    table = judged(train, train, location, radius=0.05)
    expected = np.concatenate([np.arange(50), np.arange(50), np.arange(100, 250)])
    assert np.array_equal(table["train_location"][:, 0], expected)
    unmerged = judged(train, train, location, radius=0)
    assert np.array_equal(unmerged["train_location"][:, 0], location)


def test_exact_repeats_stay_one_location_and_no_radius_changes_nothing():
    train, _, _ = twinned()
    train = np.vstack([train, train[:20]])
    location = locations(train)
    assert merged(train, location, radius=0) is location
    found = merged(train, location, radius=0.05)
    assert np.array_equal(found, np.concatenate([np.arange(200), np.arange(50), np.arange(20)]))


@pytest.mark.parametrize("values", [2**22, 500])
@pytest.mark.parametrize("radius", [0.05, 0.2, 0.3, 0.5])
def test_what_is_merged_is_what_single_linkage_joins(monkeypatch, values, radius):
    """An independent implementation, in one block of pairs and in many."""
    monkeypatch.setattr(merging, "VALUES", values)
    points = np.random.default_rng(1).standard_normal((150, 3)) + 1000
    found = merged(points, np.arange(150), radius=radius)
    expected = fcluster(linkage(points, "single"), radius * np.sqrt(3), "distance")
    assert np.array_equal(found[:, None] == found, expected[:, None] == expected)
    assert np.array_equal(found[first_rows(found)], np.arange(found.max() + 1)), "numbered by first appearance"
    assert np.all(np.diff(first_rows(found)) > 0)


def test_a_radius_that_leaves_no_second_location_is_refused():
    train, location, _ = twinned()
    with pytest.raises(ValueError, match=r"measure\.merge = 9: makes one location of all 250"):
        merged(train, location, radius=9)
