"""Labels are what their kind says, consecutive, and only those count that some training point has."""

import numpy as np
import pytest
from scipy import stats

from diffmem.data import labels

CLASSES = np.array([4, 0, 4, 2, 2, 0])


def train(kind, classes=CLASSES, count=None, seed=0):
    return labels.training(kind, classes=classes, rng=np.random.default_rng(seed), count=count)


@pytest.mark.parametrize(
    ("kind", "expected", "number"),
    [("none", [0] * 6, 0), ("class", [2, 0, 2, 1, 1, 0], 3), ("unique", range(6), 6)],
)
def test_labels_without_chance_are_these(kind, expected, number):
    found, count = train(kind)
    assert np.array_equal(found, expected)
    assert found.dtype == np.int32
    assert count == number


def test_random_labels_are_uniform_and_independent_of_the_class():
    classes = np.arange(5000) % 10
    found, count = train("random", classes, 10)
    assert count == 10
    assert stats.chisquare(np.bincount(found)).pvalue > 1e-3
    assert stats.chi2_contingency(np.histogram2d(found, classes, 10)[0]).pvalue > 1e-3


@pytest.mark.parametrize("count", [1, 50, 1000])
def test_only_random_labels_that_occur_are_numbered(count):
    found, number = train("random", np.zeros(50, dtype=int), count)
    assert number == count
    assert np.array_equal(np.unique(found), np.arange(len(np.unique(found))))
    drawn = np.random.default_rng(0).integers(count, size=50)
    assert np.array_equal(found[:, None] == found, drawn[:, None] == drawn)


@pytest.mark.parametrize("kind", ["none", "random", "unique"])
def test_held_out_points_have_no_label_unless_it_is_a_class(kind):
    expected = 0 if kind == "none" else labels.UNLABELLED
    assert (labels.held_out(kind, classes=CLASSES, trained=CLASSES) == expected).all()


def test_held_out_points_have_the_label_of_their_class_in_training():
    """Classes 0, 2, 4 were trained on; 1, 3 and 5 were not."""
    found = labels.held_out("class", classes=np.array([0, 1, 2, 3, 4, 5]), trained=CLASSES)
    assert np.array_equal(found, [0, -1, 1, -1, 2, -1])
    assert found.dtype == np.int32
