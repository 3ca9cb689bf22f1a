"""Raw fractions of Gaussian data against an exact quadrature: the local formula is too small in many dimensions."""

import numpy as np
import pytest
from scipy import stats
from scipy.stats import chi2, ncx2

from diffmem.measure.chance import chance
from diffmem.measure.net_fraction import NetFraction
from diffmem.measure.pool import Members

RATIOS = np.array([1.0, 1.1, 1.25, 1.5])


def null_fraction(ratio, *, n, held_out, d, nodes=60):
    """P(d_test > ratio d_train) for a fresh point of N(0, I) in d dimensions.

    Squared distances from a point g have the noncentral chi-squared law with noncentrality |g|^2, itself chi-squared.
    """
    total = 0.0
    for norm in chi2.ppf((np.arange(nodes) + 0.5) / nodes, d):
        t = np.linspace(0, ncx2.isf(1e-3 / n, d, norm), 800)
        log_tail = ncx2.logsf(t, d, norm)
        nearest = np.exp(n * log_tail)  # P(no training point within t)
        further = np.exp(held_out * np.interp(ratio**2 * t, t, log_tail, right=-np.inf))
        total += -np.sum(np.diff(nearest) * (further[1:] + further[:-1]) / 2)
    return total / nodes


def test_raw_fractions_of_fresh_points_are_those_of_the_quadrature():
    n, d, rng = 500, 16, np.random.default_rng(5)
    found = []
    for _ in range(60):
        train, test, fresh = rng.standard_normal((3, n, d))
        members = Members(train=train, test=test)
        fraction = NetFraction(train=n, test=n, ratios=RATIOS)
        found.append(fraction.fractions(members.around(fresh), members.held_out()).raw)
    expected = [null_fraction(ratio, n=n, held_out=n, d=d) for ratio in RATIOS]
    assert (np.abs(np.mean(found, axis=0) - expected) < 4.5 * stats.sem(found)).all()
    assert expected[2] > 1.4 * chance(1.25, dimension=d, rho=1)


def test_the_quadrature_is_exact_at_a_ratio_of_one():
    assert null_fraction(1.0, n=300, held_out=100, d=5) == pytest.approx(0.75, abs=2e-3)
