"""The interval of a ratio is Student's where that is known, and open ends stay open."""

import numpy as np
import pytest
from scipy import stats

from diffmem.measure.emm import Estimate
from diffmem.measure.emm_ratio import ratio


def arm(value, low, high, censored="", replicates=4):
    return Estimate(value, low, high, (low, high), censored, replicates=replicates)


def test_a_ratio_of_equally_sure_arms_is_students_with_twice_the_degrees_of_freedom():
    found = ratio(arm(200, 100, 400), arm(100, 50, 200))
    half = 2**0.5 * np.log(2) * stats.t.ppf(0.975, 6) / stats.t.ppf(0.975, 3)
    assert (found.value, found.low, found.high) == pytest.approx((2, 2 / np.exp(half), 2 * np.exp(half)))


def test_a_ratio_to_what_is_known_exactly_has_the_interval_of_the_other():
    found = ratio(arm(200, 160, 300), arm(100, 100, 100))
    assert (found.low, found.high) == pytest.approx((1.6, 3.0))
    found = ratio(arm(100, 100, 100), arm(200, 160, 300))
    assert (found.low, found.high) == pytest.approx((1 / 3, 100 / 160))
    same = ratio(arm(100, 100, 100), arm(50, 50, 50))
    assert (same.value, same.low, same.high) == pytest.approx((2, 2, 2))


def test_a_ratio_of_open_ends_is_a_bound():
    more = ratio(arm(800, 800, np.inf, ">="), arm(100, 50, 200))
    assert (more.value, more.low, more.high, more.censored) == (8, pytest.approx(4), np.inf, ">=")
    less = ratio(arm(100, 50, 200), arm(800, 800, np.inf, ">="))
    assert (less.censored, less.low, less.high) == ("<=", 0, pytest.approx(0.25))
    unknown = ratio(arm(800, 800, np.inf, ">="), arm(800, 800, np.inf, ">="))
    assert np.isnan(unknown.value)
    assert (unknown.low, unknown.high) == (0, np.inf)


def test_a_single_replicate_gives_a_ratio_without_an_interval():
    found = ratio(arm(200, np.nan, np.nan, replicates=1), arm(100, 50, 200))
    assert found.value == 2
    assert np.isnan([found.low, found.high]).all()
