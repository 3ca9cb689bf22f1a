"""The pool: net fractions for any sizes agree with subsets drawn by force, and labels carry all there is."""

from math import comb

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from diffmem.measure.chance import none_drawn
from diffmem.measure.net_fraction import NetFraction
from diffmem.measure.net_interval import permuted
from diffmem.measure.pool import Members

RATIOS = np.array([1.0, 1.5, 3.0])


def gaussian(n, d, seed):
    return np.random.default_rng(seed).standard_normal((n, d))


def around(train, test, generated):
    return Members(train=train, test=test).around(generated)


def fractions(points, held_out=None):
    members = points.members
    fraction = NetFraction(train=members.train, test=members.test, ratios=RATIOS)
    return fraction.fractions(points, members.held_out() if held_out is None else held_out)


def by_hand(train, test, generated, r):
    """A_r of equal or unequal sets as they are, without any correction."""
    one, other = cdist(generated, train).min(1), cdist(generated, test).min(1)
    return np.mean(r * one < other) - np.mean(r * other < one)


@pytest.mark.parametrize("d", [1, 2, 12])
def test_equal_sizes_need_no_correction(d):
    train, test, generated = gaussian(80, d, 0), gaussian(80, d, 1), gaussian(200, d, 2)
    generated[:40] = train[:40]
    found = fractions(around(train, test, generated))
    assert found.net == pytest.approx([by_hand(train, test, generated, r) for r in RATIOS])
    nearest = cdist(generated, train).min(1), cdist(generated, test).min(1)
    assert found.raw == pytest.approx([np.mean(r * nearest[0] < nearest[1]) for r in RATIOS])


@pytest.mark.parametrize("swap", [False, True])
def test_unequal_sizes_are_the_mean_over_subsets_of_the_larger(swap):
    large, small, generated = gaussian(60, 2, 0), gaussian(20, 2, 1), gaussian(100, 2, 2)
    generated[:20] = large[:20]
    train, test = (small, large) if swap else (large, small)
    found = fractions(around(train, test, generated)).net
    rng = np.random.default_rng(3)
    drawn = []
    for _ in range(2000):
        subset = large[rng.choice(60, 20, replace=False)]
        drawn.append([by_hand(*((small, subset) if swap else (subset, small)), generated, r) for r in RATIOS])
    factor = 1 if swap else 3  # copies of training locations that the subset misses
    error = factor * np.std(drawn, 0) / np.sqrt(len(drawn))
    assert np.all(np.abs(found - factor * np.mean(drawn, 0)) < 4 * error)


def test_the_chance_that_a_subset_misses_k_locations_is_a_quotient_of_binomials():
    k = np.arange(11)
    exact = [comb(10 - j, 4) / comb(10, 4) if j <= 6 else 0 for j in k]
    assert none_drawn(k, total=10, drawn=4) == pytest.approx(exact)


def test_swapping_the_labels_changes_the_sign_at_equal_sizes():
    points = around(gaussian(50, 2, 0), gaussian(50, 2, 1), gaussian(100, 2, 2))
    assert fractions(points, ~points.members.held_out()).net == pytest.approx(-fractions(points).net)


@pytest.mark.parametrize("test_size", [300, 100])
def test_permuted_labels_have_mean_zero_and_the_chance_level(test_size):
    points = around(gaussian(300, 2, 0), gaussian(test_size, 2, 1), gaussian(400, 2, 2))
    raw, net = permuted(points, RATIOS, permutations=300, rng=np.random.default_rng(0))
    rho = 300 / test_size
    assert np.all(np.abs(net.mean(0)) < 4 * net.std(0) / np.sqrt(300))
    assert raw.mean(0) == pytest.approx(rho / (rho + RATIOS**2), abs=0.03)
