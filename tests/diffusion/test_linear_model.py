"""Linear models generate the laws that formulas say, by simulation and by scikit-learn's least squares."""

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.linear_model import LinearRegression

from diffmem import gaussian as normal
from diffmem.diffusion import linear_model as linear
from diffmem.diffusion import samplers, schedules


def drawn(n, d, *, seed=0, mean=10.0):
    rng = np.random.default_rng(seed)
    return mean + rng.standard_normal((n, d)), rng.standard_normal((n, d))


def levels(steps, *, largest=80.0, smallest=0.002):
    schedule = schedules.edm(sigma_min=smallest, sigma_max=largest, rho=7, p_mean=-1.2, p_std=1.2, sigma_data=0.5)
    return torch.cat([schedule.sampling(steps), torch.zeros(1, dtype=torch.float64)])


@pytest.mark.parametrize("n", [5, 8, 9, 12, 100])
def test_the_one_step_law_is_that_of_least_squares_in_the_papers_own_scale(n):
    points, noise = drawn(n, 8)
    sigma, shrink = linear.noise_level(generalization=1.0, time=2.0), np.exp(-2.0)
    late = shrink * (points + sigma * noise)
    fit = LinearRegression().fit(late, points)
    variance = shrink**2 * points.var(0, ddof=1).mean() + (shrink * sigma) ** 2
    law = linear.one_step(points, noise, sigma=sigma)
    np.testing.assert_allclose(law.mean, fit.intercept_ + fit.coef_ @ (shrink * points.mean(0)), atol=1e-8)
    np.testing.assert_allclose(law.covariance, variance * fit.coef_ @ fit.coef_.T, rtol=1e-6, atol=1e-8)
    wrong = linear.one_step(points, noise, sigma=sigma, published=True)
    np.testing.assert_allclose(wrong.covariance, variance * fit.coef_.T @ fit.coef_, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(np.sort(wrong.variances), np.sort(law.variances))


def test_generated_points_have_the_one_step_law():
    points, noise = drawn(30, 4, mean=3.0)
    sigma = 0.7
    law = linear.one_step(points, noise, sigma=sigma)
    fit = LinearRegression().fit(points + sigma * noise, points)
    rng = np.random.default_rng(5)
    spread = np.sqrt(points.var(0, ddof=1).mean() + sigma**2)
    generated = fit.predict(points.mean(0) + spread * rng.standard_normal((200_000, 4)))
    np.testing.assert_allclose(generated.mean(0), law.mean, atol=0.01)
    np.testing.assert_allclose(np.cov(generated.T), law.covariance, atol=0.01)


@pytest.mark.parametrize("n", [2, 5, 8])
def test_at_most_d_points_are_interpolated_and_leave_the_law_singular(n):
    points, noise = drawn(n, 8)
    law = linear.one_step(points, noise, sigma=1.0)
    assert (law.variances > 1e-9).sum() == n - 1
    assert (normal.fit_normal(points).variances > 0).sum() == n - 1


def test_many_points_leave_the_bias_of_the_noise_alone():
    points, noise = drawn(200_000, 3)
    sigma = linear.noise_level(generalization=1.0, time=2.0)
    law = linear.one_step(points, noise, sigma=sigma)
    np.testing.assert_allclose(law.covariance, np.eye(3) / (1 + sigma**2), atol=0.01)
    assert 1 / (1 + sigma**2) == pytest.approx(0.505, abs=5e-4)  # g of the paper's setting


def test_the_denoiser_is_the_conditional_mean():
    rng = np.random.default_rng(1)
    law = normal.normal(rng.standard_normal(3), np.cov(rng.standard_normal((3, 9))))
    x = torch.from_numpy(rng.standard_normal((1, 5, 3)))
    sigma = 0.8
    expected = law.mean + (x[0].numpy() - law.mean) @ np.linalg.solve(
        law.covariance + sigma**2 * np.eye(3), law.covariance
    )
    found = linear.denoiser(law)(x, torch.full((1, 1), sigma, dtype=torch.float64))
    np.testing.assert_allclose(found[0], expected)


@pytest.mark.parametrize("name", ["ddim", "heun"])
def test_the_end_law_is_that_of_points_sent_through_the_sampler(name):
    rng = np.random.default_rng(2)
    law = normal.normal(np.array([4.0, -2.0, 1.0]), np.diag([2.0, 0.5, 0.01]))
    sampler, sigmas = getattr(samplers, name), levels(6, largest=5.0)
    start = torch.from_numpy(5.0 * rng.standard_normal((1, 100_000, 3)))
    points = sampler(linear.denoiser(law), start, sigmas, None)[0].numpy()
    end = linear.end_law(law, sampler=sampler, sigmas=sigmas)
    np.testing.assert_allclose(points.mean(0), end.mean, atol=0.02)
    np.testing.assert_allclose(np.cov(points.T), end.covariance, atol=0.03)


def test_more_steps_bring_the_end_law_to_its_closed_form_heun_at_second_order_and_euler_at_first():
    law = normal.normal(np.array([3.0, 0.0]), np.diag([1.0, 0.2]))
    limit = np.sqrt(law.variances / (law.variances + 80.0**2)) * 80

    def error(name, steps):
        end = linear.end_law(law, sampler=getattr(samplers, name), sigmas=levels(steps, smallest=1e-4))
        return np.abs(np.sqrt(end.variances) - limit).max()

    assert error("heun", 400) < 1e-4
    assert error("ddim", 200) / error("ddim", 400) == pytest.approx(2, rel=0.1)
    assert error("heun", 200) / error("heun", 400) == pytest.approx(4, rel=0.25)


def test_a_sampler_that_draws_noise_has_no_such_end_law():
    with pytest.raises(ValueError, match="samplers without noise"):
        linear.end_law(normal.diagonal(np.ones(2)), sampler=samplers.ddpm, sigmas=levels(3))


@pytest.mark.parametrize("sigma", [0.3, 1.0, 3.0])
def test_the_denoiser_of_unit_gaussian_data_has_the_loss_of_the_posterior_variance(sigma):
    rng = np.random.default_rng(9)
    x = rng.standard_normal((1, 20_000, 3))
    noisy = torch.from_numpy(x + sigma * rng.standard_normal(x.shape))
    level = torch.full((1, 1), sigma, dtype=torch.float64)
    loss = np.square(linear.denoiser(normal.diagonal(np.ones(3)))(noisy, level).numpy() - x).mean(2)[0]
    assert abs(loss.mean() - sigma**2 / (1 + sigma**2)) < 4.5 * stats.sem(loss)
