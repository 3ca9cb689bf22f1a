"""Laws draw what they say they draw, at one scale."""

import numpy as np
import pytest

from diffmem.data import laws

ALL = {
    "isotropic": laws.isotropic(dimension=8),
    "power-law": laws.power_law(dimension=8, exponent=1.5),
    "low-rank": laws.low_rank(dimension=8, rank=2, floor=0.01),
    "spectrum": laws.spectrum(variances=[2.5, 0.5, 0.5, 0.5]),
    "mixture": laws.mixture(dimension=8, separation=4.0),
}


@pytest.mark.parametrize("law", ALL.values(), ids=ALL)
def test_points_have_the_moments_of_the_gaussian_that_stands_for_the_law(law):
    points = law.draw(100_000, np.random.default_rng(0))
    np.testing.assert_allclose(points.mean(0), law.gaussian.mean, atol=0.05)
    np.testing.assert_allclose(np.cov(points.T), law.gaussian.covariance, atol=0.06)


@pytest.mark.parametrize("name", ["isotropic", "power-law", "low-rank", "spectrum"])
def test_gaussians_have_one_unit_of_variance_per_coordinate(name):
    assert ALL[name].gaussian.scale == pytest.approx(1)


def test_spectra_are_as_their_names_say():
    power = ALL["power-law"].gaussian.variances
    np.testing.assert_allclose(power[:-1] / power[1:], (np.arange(2, 9) / np.arange(1, 8)) ** 1.5)
    low = ALL["low-rank"].gaussian.variances
    np.testing.assert_allclose(low[2:] / low[0], 0.01)
    assert low[0] == low[1]


def test_the_components_of_the_mixture_lie_as_far_apart_as_asked():
    (_, left), (_, right) = ALL["mixture"].parts
    assert np.linalg.norm(right.mean - left.mean) == pytest.approx(4)
    points = ALL["mixture"].draw(20_000, np.random.default_rng(1))
    assert np.abs(np.abs(points[:, 0]) - 2).mean() == pytest.approx(np.sqrt(2 / np.pi), abs=0.02)


def test_digits_are_uncorrelated_distinct_and_run_out():
    law = laws.digits_pca(dimension=16)
    points = law.draw(3000, np.random.default_rng(0))
    assert points.shape == (1797, 16)
    assert len(np.unique(points, axis=0)) == 1797
    covariance = np.cov(points.T)
    np.testing.assert_allclose(covariance, np.diag(np.diag(covariance)), atol=1e-8)
    assert (np.diff(np.diag(covariance)) < 0).all()
    assert law.gaussian.scale == pytest.approx(1)
    assert law.parts == ()


@pytest.mark.parametrize(
    ("variances", "words"),
    [([1.0, 2.0], "sum to 3"), ([3.0, -1.0], "positive"), ([float("nan"), 1.0], "positive"), ([2.0, 0.0], "leave out")],
)
def test_a_spectrum_that_is_none_is_refused(variances, words):
    with pytest.raises(ValueError, match=words):
        laws.spectrum(variances=variances)


def test_the_effective_dimension_counts_equal_directions():
    assert laws.effective_dimension(np.ones(7)) == pytest.approx(7)
    assert laws.effective_dimension(np.array([1.0, 1.0, 0.0, 0.0])) == pytest.approx(2)
