"""Samplers against known maps and laws: Gaussian truth, a single point, Ho et al.'s posterior, and each other."""

import math

import pytest
import torch

from diffmem.diffusion import samplers, schedules
from diffmem.diffusion.denoiser import denoiser
from diffmem.loading import load
from diffmem.settings.records import alternatives
from diffmem.settings.samplers import AnySampling

MEAN, SPREAD = 0.7, 0.5
SAMPLERS = [load(record.function) for record in alternatives(AnySampling) if record.evaluations]


def gaussian(x, sigma):
    """The exact denoiser of N(MEAN, SPREAD^2)."""
    return MEAN + SPREAD**2 / (SPREAD**2 + sigma[..., None] ** 2) * (x - MEAN)


def two_points(x, sigma):
    """The exact denoiser of a fair coin between -1 and 1."""
    return torch.tanh(x / sigma[..., None] ** 2)


def no_noise():
    raise AssertionError("a deterministic sampler asked for noise")


def start(sigma, b=7, d=2):
    return sigma * torch.randn(2, b, d, generator=torch.Generator().manual_seed(5), dtype=torch.float64)


def evenly(sigma, steps):
    return torch.linspace(sigma, 0, steps + 1, dtype=torch.float64)


def error(sampler, steps, sigma=3.0):
    """Distance from where the probability flow of the Gaussian truth takes the starting points."""
    x = start(sigma)
    exact = MEAN + SPREAD / math.sqrt(SPREAD**2 + sigma**2) * (x - MEAN)
    return (sampler(gaussian, x, evenly(sigma, steps), no_noise) - exact).abs().max().item()


@pytest.mark.parametrize(("sampler", "ratio"), [(samplers.ddim, 2), (samplers.heun, 4)])
@pytest.mark.parametrize("steps", [100, 400])
def test_the_flow_of_a_gaussian_is_reached_at_the_samplers_order(sampler, ratio, steps):
    assert error(sampler, steps) / error(sampler, 2 * steps) == pytest.approx(ratio, rel=0.05)


@pytest.mark.parametrize(("sampler", "tolerance"), [(samplers.ddim, 5e-3), (samplers.heun, 5e-5)])
def test_many_steps_come_close_to_the_flow_of_a_gaussian(sampler, tolerance):
    assert error(sampler, 1000) < tolerance


def test_heun_and_ddim_meet_at_many_steps():
    sigmas = torch.cat([torch.logspace(1, -2, 2000, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)])
    x = start(10.0)
    slow, fast = samplers.ddim(two_points, x, sigmas, no_noise), samplers.heun(two_points, x, sigmas, no_noise)
    assert set(slow.sign().unique().tolist()) == {-1, 1}
    torch.testing.assert_close(slow, fast, atol=1e-3, rtol=0)


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("steps", [1, 2, 18])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_optimum_of_a_single_training_point_returns_that_point(sampler, steps, dtype):
    point = torch.tensor([1.25, -0.3], dtype=dtype)
    levels = schedules.edm(sigma_min=0.002, sigma_max=80.0, rho=7.0, p_mean=-1.2, p_std=1.2, sigma_data=0.5)
    sigmas = torch.cat([levels.sampling(steps), torch.zeros(1)]).to(dtype)
    x = start(80.0).to(dtype)
    out = sampler(lambda x, sigma: point.expand_as(x), x, sigmas, lambda: torch.randn_like(x))
    # the last step is x - (x - D) for heun: rounded at the size of what is subtracted
    rounding = 4 * torch.finfo(dtype).eps * (80 if steps == 1 else 2) if sampler is samplers.heun else 0
    torch.testing.assert_close(out, point.expand_as(out), atol=rounding, rtol=0)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_sampler_ends_in_the_estimate_at_the_last_level(sampler):
    x = start(2.0)
    sigmas = torch.tensor([2.0, 0], dtype=torch.float64)
    torch.testing.assert_close(sampler(two_points, x, sigmas, no_noise), two_points(x, sigmas[:1, None]))


def ho(network, z, betas, noises):
    """Ancestral sampling of Ho et al. 2020 in their own variables: mean (7) and variance beta~ of the posterior."""
    alphas = 1 - betas
    abar = torch.cumprod(alphas, 0)
    for t in reversed(range(len(betas))):
        eps = network(z, torch.full(z.shape[:2], float(t), dtype=z.dtype))
        x0 = (z - (1 - abar[t]).sqrt() * eps) / abar[t].sqrt()
        before = abar[t - 1] if t else torch.ones_like(abar[0])
        z = (before.sqrt() * betas[t] * x0 + alphas[t].sqrt() * (1 - before) * z) / (1 - abar[t])
        if t:
            z = z + ((1 - before) / (1 - abar[t]) * betas[t]).sqrt() * next(noises)
    return z


@pytest.mark.parametrize("steps", [1, 2, 50, 200])
def test_ddpm_takes_the_steps_of_ho_et_al(steps):
    def network(z, c, *_):
        return torch.tanh(2 * z - 1 + 0.02 * c[..., None])

    betas = torch.linspace(1e-4, 0.02, steps, dtype=torch.float64)
    schedule = schedules.linear(steps=steps, beta_min=1e-4, beta_max=0.02)
    sigmas = torch.cat([schedule.sampling(steps), torch.zeros(1, dtype=torch.float64)])
    z, noises = start(1.0), [start(1.0).roll(t, 1) for t in range(1, steps + 1)]
    expected = ho(network, z, betas, iter(noises))
    remaining = iter(noises)
    out = samplers.ddpm(denoiser(network, schedule), z * schedule.prior(sigmas[0]), sigmas, lambda: next(remaining))
    torch.testing.assert_close(out, expected, atol=1e-9, rtol=1e-9)


def test_ddpm_of_a_gaussian_has_its_mean_and_variance():
    generator = torch.Generator().manual_seed(8)
    sigmas = torch.cat([torch.logspace(2, -2, 400, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)])

    def noise():
        return torch.randn(1, 20_000, 1, generator=generator, dtype=torch.float64)

    out = samplers.ddpm(gaussian, sigmas[0] * noise(), sigmas, noise)
    assert out.mean().item() == pytest.approx(MEAN, abs=5 * SPREAD / math.sqrt(20_000))
    assert out.var().item() == pytest.approx(SPREAD**2, rel=5 * math.sqrt(2 / 20_000) + 0.02)  # 2 %: finite steps
