"""Crossings against planted curves and an independent maximum of the likelihood."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import binom

from diffmem.studies.onset.crossing import find_crossings, spread_abrupt

RATIOS = np.array([0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0])


def planted(centre, slope, plateau, count, seed=0):
    p = plateau * expit(slope * np.log(RATIOS / centre))
    return np.random.default_rng(seed).binomial(count, p)


@pytest.mark.parametrize(("centre", "slope", "plateau"), [(1.5, 3.0, 1.0), (3.0, 4.0, 0.73), (0.7, 2.0, 0.95)])
def test_the_crossing_of_a_planted_curve_is_found_for_any_plateau(centre, slope, plateau):
    expected = centre * (2 * plateau - 1) ** (-1 / slope)
    found = find_crossings(RATIOS, np.array([planted(centre, slope, plateau, 300, s) for s in range(40)]), count=300)
    assert np.median(found) == pytest.approx(expected, rel=0.05)


def test_a_curve_that_starts_high_or_stays_low_has_no_crossing_in_the_grid():
    found = find_crossings(RATIOS, np.array([np.full(7, 90), np.full(7, 40)]), count=100)
    assert list(found) == [0, np.inf]


def test_an_abrupt_rise_is_crossed_between_its_neighbours():
    found = find_crossings(RATIOS, np.array([[0, 0, 0, 100, 100, 100, 100]]), count=100)
    assert 1 < found[0] < 2


@pytest.mark.parametrize("seed", range(8))
def test_the_grid_comes_close_to_the_best_fit_of_a_simplex_search(seed):
    hits = planted(2.0, 3.0, 0.8, 300, seed)

    def negative_log_likelihood(parameters):
        centre, log_slope, logit_plateau = parameters
        p = expit(logit_plateau) * expit(np.exp(log_slope) * (np.log(RATIOS) - centre))
        return -binom.logpmf(hits, 300, np.clip(p, 1e-6, 1 - 1e-6)).sum()

    centre, log_slope, logit_plateau = minimize(negative_log_likelihood, [0.5, 1, 1.5], method="Nelder-Mead").x
    expected = np.exp(centre - np.log(2 * expit(logit_plateau) - 1) / np.exp(log_slope))
    assert find_crossings(RATIOS, hits[None], count=300)[0] == pytest.approx(expected, rel=0.06)


def test_only_abrupt_rises_are_spread_over_their_gap():
    hits = np.array([[0, 0, 0, 100, 100, 100, 100]] * 400 + [[0, 0, 1, 100, 100, 100, 100]])
    spread = spread_abrupt(np.full(401, 7.0), RATIOS, hits, count=100, rng=np.random.default_rng(0))
    assert spread[-1] == 7
    assert 1 < spread[:-1].min() < 1.02
    assert 1.98 < spread[:-1].max() < 2
    assert np.log2(spread[:-1]).mean() == pytest.approx(0.5, abs=4.5 / np.sqrt(12 * 400))


@pytest.mark.parametrize(
    ("hits", "abrupt"),
    [([0, 0, 0, 37, 38, 39, 37], True), ([0, 0, 0, 30, 38, 39, 40], False), ([0, 0, 1, 38, 38, 39, 40], False),
     ([0, 0, 0, 18, 19, 18, 17], False)],
)  # fmt: skip
def test_a_rise_to_a_plateau_is_as_abrupt_as_one_to_all(hits, abrupt):
    rows = np.tile(hits, (50, 1))
    spread = spread_abrupt(np.full(50, 7.0), RATIOS, rows, count=40, rng=np.random.default_rng(0))
    assert (len(np.unique(spread)) > 1) == abrupt


def test_a_curve_that_starts_above_one_half_keeps_its_crossing_at_0_whatever_follows():
    hits = np.array([[60, 0, 100, 100, 100, 100, 100], [0, 0, 100, 100, 100, 100, 100]])
    fitted = find_crossings(RATIOS, hits, count=100)
    assert fitted[0] == 0
    spread = spread_abrupt(fitted, RATIOS, hits, count=100, rng=np.random.default_rng(0))
    assert spread[0] == 0
    assert 0.5 < spread[1] < 1
