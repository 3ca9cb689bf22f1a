"""Densities, moments and samples of Gaussian laws against scipy and NumPy."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from diffmem import gaussian as normal


def law(d=4, seed=0):
    rng = np.random.default_rng(seed)
    return normal.normal(rng.standard_normal(d), np.cov(rng.standard_normal((d, 3 * d))))


@pytest.mark.parametrize("extra", [0.0, 0.3])
def test_the_density_is_scipys(extra):
    points = np.random.default_rng(1).standard_normal((6, 4))
    expected = multivariate_normal(law().mean, law().covariance + extra * np.eye(4)).logpdf(points)
    np.testing.assert_allclose(law().log_density(points, extra=extra), expected)


def test_samples_have_the_moments_of_the_law():
    points = law().sample(200_000, np.random.default_rng(2))
    np.testing.assert_allclose(points.mean(0), law().mean, atol=0.01)
    np.testing.assert_allclose(np.cov(points.T), law().covariance, atol=0.02)


@pytest.mark.parametrize("n", [2, 3, 4, 5, 50])
def test_the_fit_has_the_samples_mean_and_covariance_and_its_rank(n):
    points = law().sample(n, np.random.default_rng(3))
    fit = normal.fit_normal(points)
    np.testing.assert_allclose(fit.mean, points.mean(0))
    np.testing.assert_allclose(fit.covariance, np.cov(points.T), atol=1e-12)
    assert np.count_nonzero(fit.variances) == min(n - 1, 4)


def test_moments_of_a_mixture_are_those_of_its_points():
    parts = ((0.3, law(seed=4)), (0.7, law(seed=5)))
    rng = np.random.default_rng(6)
    points = np.concatenate([part.sample(int(w * 400_000), rng) for w, part in parts])
    found = normal.match_moments(parts)
    np.testing.assert_allclose(found.mean, points.mean(0), atol=0.01)
    np.testing.assert_allclose(found.covariance, np.cov(points.T), atol=0.02)


def test_the_scale_is_the_root_mean_variance():
    assert normal.diagonal([1.0, 4.0, 4.0]).scale == pytest.approx(np.sqrt(3))
