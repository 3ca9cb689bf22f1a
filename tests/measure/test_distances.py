"""Distances between Gaussians against integration, simulation and scipy; limits of singular ones."""

import numpy as np
import pytest
from scipy import integrate, linalg, stats
from scipy.optimize import linear_sum_assignment

from diffmem import gaussian as normal
from diffmem.diffusion import linear_model as linear
from diffmem.measure import distances as di


def law(seed, d=4):
    rng = np.random.default_rng(seed)
    return normal.normal(rng.standard_normal(d), np.cov(rng.standard_normal((d, 3 * d))))


def test_kl_is_the_mean_log_ratio():
    g, o = law(0), law(1)
    points = g.sample(400_000, np.random.default_rng(2))
    ratio = g.log_density(points) - o.log_density(points)
    assert abs(ratio.mean() - di.kl(g, o)) < 4.5 * stats.sem(ratio)
    assert di.kl(g, g) == pytest.approx(0, abs=1e-12)


def test_the_bhattacharyya_coefficient_is_the_integral_and_in_many_dimensions_the_mean_root_ratio():
    g, o = normal.normal([1.0], [[0.5]]), normal.normal([-0.3], [[2.0]])
    f = lambda x: np.exp((g.log_density(np.array([[x]])) + o.log_density(np.array([[x]])))[0] / 2)  # noqa: E731
    assert di.log_bhattacharyya(g, o) == pytest.approx(np.log(integrate.quad(f, -20, 20)[0]))
    g, o = law(3), law(4)
    points = g.sample(400_000, np.random.default_rng(5))
    root = np.exp((o.log_density(points) - g.log_density(points)) / 2)
    assert abs(root.mean() - np.exp(di.log_bhattacharyya(g, o))) < 4.5 * stats.sem(root)


def test_wasserstein_is_gelbrichs_formula_with_matrix_roots():
    g, o = law(6), law(7)
    root = linalg.sqrtm(o.covariance)
    cross = linalg.sqrtm(root @ g.covariance @ root).real.trace()
    expected = np.square(g.mean - o.mean).sum() + (g.covariance + o.covariance).trace() - 2 * cross
    assert di.squared_wasserstein(g, o) == pytest.approx(expected)
    assert di.squared_wasserstein(g, g) == pytest.approx(0, abs=1e-10)


@pytest.mark.parametrize("d", [1, 4])
def test_singular_laws_have_infinite_kl_no_overlap_and_a_finite_wasserstein_distance(d):
    flat, full = normal.Normal(np.zeros(d), np.zeros(d), np.eye(d)), law(8, d) if d > 1 else normal.diagonal([2.0])
    assert di.kl(flat, full) == np.inf
    assert di.kl(full, flat) == np.inf
    assert di.log_bhattacharyya(flat, full) == -np.inf
    assert di.nll_gap(flat, train=np.ones((1, d)), test=np.ones((1, d))) == np.inf
    assert di.squared_wasserstein(flat, full) == pytest.approx(full.variances.sum() + np.square(full.mean).sum())


def test_the_gap_is_the_difference_of_mean_log_likelihoods():
    g, rng = law(9), np.random.default_rng(10)
    train, test = rng.standard_normal((2, 30, 4))
    scipys = stats.multivariate_normal(g.mean, g.covariance)
    expected = scipys.logpdf(train).mean() - scipys.logpdf(test).mean()
    assert di.nll_gap(g, train=train, test=test) == pytest.approx(expected)


def test_bc_per_dimension_tells_one_step_models_apart_where_hellinger_is_saturated():
    """d = 100, lambda = 1, T = 2: .849, .883, .938 and .960 at n/d = 1.5, 2, 4, 10, and 1 - H^2 of 1e-7 to 2e-2."""
    rng = np.random.default_rng(11)
    truth, sigma = normal.diagonal(np.ones(100)), linear.noise_level(generalization=1.0, time=2.0)
    found = []
    for n in (150, 200, 400, 1000):
        laws = [linear.one_step(*rng.standard_normal((2, n, 100)), sigma=sigma) for _ in range(5)]
        found.append(np.mean([di.log_bhattacharyya(g, truth) for g in laws]) / 100)
    np.testing.assert_allclose(np.exp(found), [0.849, 0.883, 0.938, 0.960], atol=0.004)


def test_gelbrichs_distance_of_many_points_is_the_transport_cost_of_the_best_linear_map():
    rng = np.random.default_rng(8)
    g, o = normal.normal([1.0, 0.0], [[1.0, 0.6], [0.6, 2.0]]), normal.diagonal([0.5, 3.0])
    x, y = g.sample(1000, rng), o.sample(1000, rng)
    costs = np.square(x[:, None] - y).sum(2)
    cost = costs[linear_sum_assignment(costs)].mean()
    assert cost == pytest.approx(di.squared_wasserstein(g, o), rel=0.08)
