"""Gaussians and mixtures have the moments and distances that their parameters say; laws are at one scale."""

import numpy as np
import pytest
from scipy import stats

from diffmem.data import gaussians
from diffmem.data.digits import principal_components
from diffmem.data.gaussians import gaussian, mixture


@pytest.mark.parametrize("dimension", [1, 2, 10])
def test_a_gaussian_is_standard_normal_in_every_direction(dimension):
    rng = np.random.default_rng(dimension)
    points = gaussian(5000, rng, dimension=dimension)
    directions = rng.standard_normal((5, dimension))
    for direction in directions / np.linalg.norm(directions, axis=1, keepdims=True):
        assert stats.kstest(points @ direction, "norm").pvalue > 1e-3
    assert stats.kstest((points**2).sum(1), stats.chi2(dimension).cdf).pvalue > 1e-3


@pytest.mark.parametrize(("dimension", "components"), [(2, 1), (3, 4), (20, 3)])
def test_far_components_are_equally_likely_unit_gaussians_at_the_stated_distance(dimension, components):
    separation, count = 1000.0, 6000
    points = mixture(count, np.random.default_rng(2), dimension=dimension, components=components, separation=separation)
    directions = points / np.linalg.norm(points, axis=1, keepdims=True)
    groups = []
    while len(points):  # peel off all that lies in the direction of the first
        near = np.linalg.norm(directions - directions[0], axis=1) < 0.05
        groups.append(points[near])
        points, directions = points[~near], directions[~near]
    assert len(groups) == components
    assert components == 1 or stats.chisquare([len(group) for group in groups]).pvalue > 1e-3
    for group in groups:
        centre = group.mean(0)
        assert np.linalg.norm(centre) == pytest.approx(separation, abs=5 * np.sqrt(dimension / len(group)))
        assert stats.kstest((group - centre).ravel(), "norm").pvalue > 1e-3


def test_without_separation_a_mixture_is_one_gaussian():
    points = mixture(5000, np.random.default_rng(3), dimension=3, components=5, separation=0)
    assert stats.kstest((points**2).sum(1), stats.chi2(3).cdf).pvalue > 1e-3


def test_a_longer_draw_from_the_same_stream_has_the_same_centres():
    """Training and held-out points are one draw cut in two, and must be of the same mixture."""
    options = dict(dimension=4, components=3, separation=1e6)
    short, long = (mixture(n, np.random.default_rng(4), **options) for n in (200, 300))
    nearest = np.abs(short[:, None] - long[None]).max(2).min(1)
    assert nearest.max() < 10


def test_another_stream_has_other_centres():
    first, second = (
        mixture(50, np.random.default_rng(seed), dimension=2, components=1, separation=100) for seed in (5, 6)
    )
    assert np.linalg.norm(first.mean(0) - second.mean(0)) > 5


# --- laws -------------------------------------------------------------------------------------------------------------

ALL = {
    "isotropic": gaussians.isotropic(dimension=8),
    "power-law": gaussians.power_law(dimension=8, exponent=1.5),
    "low-rank": gaussians.low_rank(dimension=8, rank=2, floor=0.01),
    "spectrum": gaussians.spectrum(variances=[2.5, 0.5, 0.5, 0.5]),
    "mixture": gaussians.two_gaussians(dimension=8, separation=4.0),
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
    law = principal_components(dimension=16)
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
        gaussians.spectrum(variances=variances)
