"""Membership: closed forms of the bound, fair coins, randomized response, copies and ties."""

import math

import numpy as np
import pytest
from scipy import stats

from diffmem.locations import locations
from diffmem.measure.membership import Pairs, epsilon_bound, guess, margins, membership, p_value, pair


def every_pair(n):
    return Pairs(np.arange(n), np.arange(n), 0)


@pytest.mark.parametrize(("pairs", "largest"), [(20, 1.82), (40, 2.55), (100, 3.49), (250, 4.42), (1000, 5.81)])
def test_the_largest_bound_has_a_closed_form(pairs, largest):
    """All right: q^r = 0.05."""
    found = epsilon_bound(pairs=pairs, guesses=pairs, right=pairs)
    q = 0.05 ** (1 / pairs)
    assert found == pytest.approx(math.log(q / (1 - q)))
    assert found == pytest.approx(largest, abs=0.006)


@pytest.mark.parametrize(("right", "guesses"), [(70, 100), (99, 120), (1100, 2100), (1, 1), (12, 12)])
def test_the_bound_is_the_clopper_pearson_limit(right, guesses):
    limit = stats.binomtest(right, guesses, alternative="greater").proportion_ci(0.95, method="exact").low
    expected = max(0, math.log(limit / (1 - limit)))
    assert epsilon_bound(pairs=guesses, guesses=guesses, right=right) == pytest.approx(expected, abs=1e-9)


def test_delta_lowers_the_bound_as_summed_term_by_term():
    """An independent sum of (2) over binomial coefficients, at the bound found."""
    counts = dict(pairs=60, guesses=40, right=34, delta=1e-3)
    found = epsilon_bound(**counts)
    q = math.exp(found) / (1 + math.exp(found))
    mass = [math.comb(40, k) * q**k * (1 - q) ** (40 - k) for k in range(41)]
    tail = sum(mass[34:])
    slope = max(sum(mass[max(0, 34 - i) : 34]) / i for i in range(1, 61))
    assert tail + 2 * 60 * 1e-3 * slope == pytest.approx(0.05)
    assert 0 < found < epsilon_bound(pairs=60, guesses=40, right=34)
    assert epsilon_bound(**{**counts, "delta": 0.5}) == 0
    assert p_value(found, **counts) == pytest.approx(0.05)


def test_nothing_is_shown_by_half_or_none():
    assert epsilon_bound(pairs=100, guesses=100, right=50) == 0
    assert epsilon_bound(pairs=100, guesses=0, right=0) == 0


def test_counts_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="each number is at most the next"):
        epsilon_bound(pairs=10, guesses=5, right=6)
    with pytest.raises(ValueError, match="delta"):
        epsilon_bound(pairs=10, guesses=5, right=5, delta=1)
    with pytest.raises(ValueError, match="from 1 to that of the pairs"):
        guess(np.ones(3), guesses=4)


@pytest.mark.parametrize("epsilon", [0.0, 0.5, 1.0, 3.0])
@pytest.mark.parametrize("guesses", [20, 60, 100, 500])
def test_below_the_truth_with_the_probability_promised(epsilon, guesses):
    """Of randomized response, the best that epsilon allows, V is binomial: the probability is a sum."""
    right = np.arange(guesses + 1)
    bounds = np.array([epsilon_bound(pairs=guesses, guesses=guesses, right=v) for v in right])
    mass = stats.binom.pmf(right, guesses, 1 / (1 + math.exp(-epsilon)))
    assert mass[bounds <= epsilon].sum() >= 0.95


@pytest.mark.parametrize("runs", [60, pytest.param(2000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("epsilon", [0.0, 1.0, 3.0])
def test_below_the_truth_of_randomized_response(epsilon, runs):
    """Of each pair, 10 apart from others, one item is generated: the one trained on as often as epsilon allows."""
    rng = np.random.default_rng(1)
    bounds = []
    for _ in range(runs):
        points = 10.0 * rng.permutation(240)[:, None]
        pairs = pair(train_location=np.arange(120), test_location=np.arange(120, 240), rng=rng)
        truthful = rng.random((120, 1)) < 1 / (1 + math.exp(-epsilon))
        told = np.where(truthful, points[:120][pairs.train], points[120:][pairs.test])
        generated = told + 0.1 * rng.random((120, 1))
        found = membership(train=points[:120], test=points[120:], generated=generated, pairs=pairs, guesses=100)
        bounds.append(found.epsilon_low)
    assert np.mean(np.array(bounds) <= epsilon) >= 0.95 - 3 * math.sqrt(0.05 * 0.95 / runs)
    assert epsilon == 0 or np.median(bounds) > epsilon / 2  # and the bound is of use


def test_pairs_are_fair_coins_within_strata():
    """A model that knows nothing is right half of the time, with outliers and unequal sizes."""
    rng = np.random.default_rng(0)
    right = made = 0
    for _ in range(60):
        points = np.vstack([rng.normal(size=(50, 2)), rng.normal(8, 0.5, (6, 2))])
        kind = np.repeat([0, 1], [50, 6])
        order = rng.permutation(56)
        train, test = order[:20], order[20:]
        at = locations(points)
        pairs = pair(train_location=at[train], test_location=at[test], train_stratum=kind[train],
                     test_stratum=kind[test], rng=rng)  # fmt: skip
        assert (kind[train][pairs.train] == kind[test][pairs.test]).all()
        assert len(set(pairs.train)) == len(pairs.train)
        assert len(set(pairs.test)) == len(pairs.test)
        found = membership(train=points[train], test=points[test], generated=rng.normal(size=(30, 2)), pairs=pairs)
        right, made = right + found.right, made + found.guesses
    assert stats.binomtest(right, made).pvalue > 0.01


def test_a_copier_is_found_and_shows_all_that_can_be_shown():
    rng = np.random.default_rng(0)
    train, test = rng.normal(size=(2, 100, 3))
    found = membership(train=train, test=test, generated=train, pairs=every_pair(100))
    assert (found.guesses, found.right, found.accuracy) == (100, 100, 1)
    assert found.epsilon_low == found.largest_possible == pytest.approx(3.49, abs=0.01)
    swapped = membership(train=test, test=train, generated=train, pairs=every_pair(100))
    assert (swapped.right, swapped.epsilon_low) == (0, 0)


def test_locations_that_occur_twice_in_the_pool_take_no_part():
    train, test = np.array([[0.0], [1], [1], [2], [3]]), np.array([[2.0], [4], [5], [6]])
    at = locations(np.vstack([train, test]))
    pairs = pair(train_location=at[:5], test_location=at[5:], rng=np.random.default_rng(0))
    assert set(pairs.train) == {0, 4}
    assert set(pairs.test) < {1, 2, 3}
    assert (len(pairs.test), pairs.repeated) == (2, 4)


def test_pairs_ignore_the_points_and_repeat_with_the_seed():
    at = np.arange(40)
    first, again, other = (
        pair(train_location=at[:20], test_location=at[20:], rng=np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert np.array_equal(first.train, again.train)
    assert np.array_equal(first.test, again.test)
    assert not np.array_equal(first.train, other.train)


def test_ties_abstain_and_exact_copies_are_the_surest_guesses():
    train, test = np.array([[0.0], [0], [3]]), np.array([[2.0], [0], [1]])
    margin = margins(train=train, test=test, generated=np.array([[0.0], [0.0], [1.0]]))
    assert margin.tolist() == [np.inf, 0, -np.inf]
    assert guess(margin) == (2, 1)
    assert guess(margin, guesses=1) == (1, 1)
    assert guess(np.zeros(4)) == (0, 0)


def test_without_pairs_nothing_is_shown():
    pairs = pair(train_location=np.zeros(3, int), test_location=np.zeros(2, int), rng=np.random.default_rng(0))
    found = membership(train=np.zeros((3, 2)), test=np.zeros((2, 2)), generated=np.ones((4, 2)), pairs=pairs)
    assert (found.pairs, found.repeated, found.epsilon_low, found.largest_possible) == (0, 5, 0, 0)
    assert math.isnan(found.accuracy)
