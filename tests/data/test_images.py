"""Digits are scikit-learn's, each at most once, in random order, between -1 and 1."""

import numpy as np
import pytest
from scipy import stats
from sklearn.datasets import load_digits

from diffmem.data.images import digits

ORIGINALS = load_digits().data


def rows(points):
    """Every image as its pixels from 0 to 16."""
    return [tuple(row) for row in np.round((points + 1) * 8).astype(int)]


def test_all_digits_are_a_permutation_of_the_originals():
    points = digits(1797, np.random.default_rng(0))
    assert points.shape == (1797, 64)
    assert sorted(rows(points)) == sorted(tuple(row) for row in ORIGINALS.astype(int))


def test_pixels_fill_the_range_from_minus_one_to_one():
    points = digits(1797, np.random.default_rng(0))
    assert (points.min(), points.max()) == (-1, 1)
    assert set(np.unique((points + 1) * 8)) == set(range(17))


@pytest.mark.parametrize("count", [0, 1, 300])
def test_no_image_is_drawn_twice(count):
    assert len(set(rows(digits(count, np.random.default_rng(1))))) == count


def test_every_image_is_as_likely_as_any_other():
    """The order of scikit-learn's file goes by writer; drawn images must not follow it."""
    number = {tuple(row): i for i, row in enumerate(ORIGINALS.astype(int))}
    drawn = [number[row] for row in rows(digits(900, np.random.default_rng(2)))]
    assert stats.kstest(np.array(drawn) / 1797, "uniform").pvalue > 1e-3
    assert abs(stats.spearmanr(range(900), drawn).statistic) < 4 / np.sqrt(900)
