"""Noise levels, preconditioning and their laws equal the formulas of the papers, written out a second time here."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from diffmem.diffusion import schedules

TINY = dict(beta_min=1e-4, beta_max=0.02)
EDM = dict(sigma_min=0.002, sigma_max=80.0, rho=7.0, p_mean=-1.2, p_std=1.2, sigma_data=0.5)
RAMP = dict(sigma_min=0.002, sigma_max=80.0, rho=7.0)
DDPMS = {"linear": schedules.linear(steps=50, **TINY), "cosine": schedules.cosine(steps=50)}


def linear_abar(steps):
    """abar_t of Ho et al., one factor at a time."""
    betas = [TINY["beta_min"] + (TINY["beta_max"] - TINY["beta_min"]) * i / max(steps - 1, 1) for i in range(steps)]
    return np.array([math.prod(1 - b for b in betas[: t + 1]) for t in range(steps)])


def cosine_abar(steps):
    """abar_t of Nichol and Dhariwal: f(t) / f(0), with the last beta held at 0.999."""
    f = [math.cos((t / steps + 0.008) / 1.008 * math.pi / 2) ** 2 for t in range(steps)]
    return np.array([*f[1:], f[-1] * 0.001]) / f[0]


def ascending(schedule, steps):
    return schedule.sampling(steps).flip(0)


def abar_of(sigma):
    return 1 / (1 + np.asarray(sigma) ** 2)


@pytest.mark.parametrize("steps", [1, 2, 50, 1000])
def test_linear_levels_follow_the_product_of_the_alphas(steps):
    levels = ascending(schedules.linear(steps=steps, **TINY), steps)
    np.testing.assert_allclose(abar_of(levels), linear_abar(steps), rtol=1e-11)


def test_tiny_diffusion_ends_at_abar_060_and_starts_at_sigma_001():
    levels = ascending(DDPMS["linear"], 50)
    assert abar_of(levels[-1]) == pytest.approx(0.60, abs=0.005)
    assert levels[0] == pytest.approx(0.010, abs=1e-6)


@pytest.mark.parametrize("steps", [2, 10, 50, 1000])
def test_cosine_levels_follow_the_squared_cosine(steps):
    levels = ascending(schedules.cosine(steps=steps), steps)
    np.testing.assert_allclose(abar_of(levels), cosine_abar(steps), rtol=1e-9)


@pytest.mark.parametrize("steps", [2, 3, 18, 40])
@pytest.mark.parametrize("rho", [1.0, 7.0])
def test_edm_levels_are_those_of_karras(steps, rho):
    levels = schedules.edm(**{**EDM, "rho": rho}).sampling(steps)
    first, last = EDM["sigma_max"] ** (1 / rho), EDM["sigma_min"] ** (1 / rho)
    np.testing.assert_allclose(levels, [(first + i / (steps - 1) * (last - first)) ** rho for i in range(steps)], 1e-10)


@pytest.mark.parametrize("name", DDPMS)
@pytest.mark.parametrize("count", [1, 2, 7, 49, 50])
def test_shortened_sampling_passes_levels_of_the_process_from_the_largest_down(name, count):
    levels, all_levels = DDPMS[name].sampling(count), DDPMS[name].sampling(50)
    assert len(levels) == count
    assert set(levels.tolist()) <= set(all_levels.tolist())
    assert (levels.diff() < 0).all()
    assert levels[0] == all_levels[0]
    assert count == 1 or levels[-1] == all_levels[-1]


@pytest.mark.parametrize(("name", "abar"), [("linear", linear_abar(50)), ("cosine", cosine_abar(50))])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-4), (torch.float64, 1e-9)])
def test_a_ddpm_network_sees_the_noised_point_and_its_step_and_is_to_tell_the_noise(name, abar, dtype, tolerance):
    sigma = ascending(DDPMS[name], 50).to(dtype)
    c = DDPMS[name].coefficients(sigma)
    x0, eps = torch.randn(2, 50, generator=torch.Generator().manual_seed(0), dtype=dtype)
    x, abar = x0 + sigma * eps, torch.from_numpy(abar).to(dtype)
    torch.testing.assert_close(c.noise, torch.arange(50, dtype=dtype), atol=tolerance, rtol=0)
    torch.testing.assert_close(c.input * x, abar.sqrt() * x0 + (1 - abar).sqrt() * eps)
    torch.testing.assert_close((x0 - c.skip * x) / c.out, eps, atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize("name", DDPMS)
def test_the_step_of_a_ddpm_grows_between_nodes_and_is_held_beyond_them(name):
    nodes = ascending(DDPMS[name], 50)
    between = torch.cat([nodes[:1] / 10, (nodes[1:] * nodes[:-1]).sqrt(), nodes[-1:] * 10])
    step = DDPMS[name].coefficients(between).noise
    torch.testing.assert_close(
        step, torch.cat([torch.zeros(1), torch.arange(49) + 0.5, torch.full((1,), 49.0)]).double()
    )


def test_edm_coefficients_are_those_of_table_1():
    sigma, data = torch.logspace(-3, 2, 30, dtype=torch.float64), EDM["sigma_data"]
    c = schedules.edm(**EDM).coefficients(sigma)
    for i, s in enumerate(sigma.tolist()):
        assert c.skip[i].item() == pytest.approx(data**2 / (s**2 + data**2))
        assert c.out[i].item() == pytest.approx(s * data / math.sqrt(s**2 + data**2))
        assert c.input[i].item() == pytest.approx(1 / math.sqrt(s**2 + data**2))
        assert 1 / c.out[i].item() ** 2 == pytest.approx((s**2 + data**2) / (s * data) ** 2)  # Karras' lambda
        assert c.noise[i].item() == pytest.approx(25 * math.log(s) / 4)


def test_edm_brings_inputs_and_targets_to_variance_one():
    sigma, data = torch.logspace(-3, 2, 30, dtype=torch.float64), EDM["sigma_data"]
    c = schedules.edm(**EDM).coefficients(sigma)
    ones = torch.ones_like(sigma)
    torch.testing.assert_close(c.input**2 * (data**2 + sigma**2), ones)
    torch.testing.assert_close(((1 - c.skip) ** 2 * data**2 + c.skip**2 * sigma**2) / c.out**2, ones)


@pytest.mark.parametrize("steps", [1, 10, 50])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_every_level_of_a_ddpm_is_equally_likely(steps, dtype):
    schedule = schedules.linear(steps=steps, **TINY)
    sigma = schedule.quantile((torch.arange(7 * steps, dtype=dtype) + 0.5) / (7 * steps))
    levels, counts = sigma.unique(return_counts=True)
    assert counts.tolist() == [7] * steps
    torch.testing.assert_close(levels, ascending(schedule, steps).to(dtype))
    ends = schedule.quantile(torch.tensor([0, 1 - torch.finfo(dtype).eps / 2], dtype=dtype))
    assert ends.tolist() == [levels[0], levels[-1]]


def test_edm_trains_on_log_normal_levels():
    u = torch.linspace(0.001, 0.999, 101, dtype=torch.float64).view(1, -1)
    sigma = schedules.edm(**EDM).quantile(u)
    np.testing.assert_allclose(sigma, stats.lognorm(s=1.2, scale=math.exp(-1.2)).ppf(u), rtol=1e-9)
    assert schedules.edm(**EDM).quantile(torch.tensor([0, 1 - 2**-24])).isfinite().all()


def test_sampling_starts_with_the_deviation_of_the_prior():
    for schedule, abar in ((DDPMS["linear"], linear_abar(50)), (DDPMS["cosine"], cosine_abar(50))):
        assert schedule.prior(schedule.sampling(50)[0]).item() == pytest.approx(1 / math.sqrt(abar[-1]))
    assert schedules.edm(**EDM).prior(torch.tensor(80.0)).item() == 80


def test_vp_levels_and_coefficients_are_those_of_table_1():
    schedule = schedules.vp(**RAMP)
    for u in (0, 1e-3, 0.1, 0.5, 0.9, 1 - 1e-9):
        t = 1e-5 + u * (1 - 1e-5)
        sigma = math.sqrt(math.exp(9.95 * t**2 + 0.1 * t) - 1)
        assert schedule.quantile(torch.tensor(u, dtype=torch.float64)).item() == pytest.approx(sigma, rel=1e-6)
        c = schedule.coefficients(torch.tensor([sigma], dtype=torch.float64))
        assert (c.skip.item(), c.out.item()) == (1, -sigma)  # hence weight 1 / sigma^2
        assert c.input.item() == pytest.approx(1 / math.sqrt(1 + sigma**2))
        assert c.noise.item() == pytest.approx(999 * t, rel=1e-6)


def test_vp_in_single_precision_keeps_its_smallest_levels():
    u = torch.tensor([0, 1e-4, 0.01])
    single, double = schedules.vp(**RAMP).quantile(u), schedules.vp(**RAMP).quantile(u.double())
    torch.testing.assert_close(single.double(), double, rtol=1e-5, atol=0)


def test_vp_is_the_limit_of_linear_ddpm_in_many_steps():
    """abar = exp(-int_0^t beta) with beta from 0.1 to 20 per unit of time."""
    steps = 5000
    discrete = schedules.linear(steps=steps, beta_min=0.1 / steps, beta_max=20 / steps)
    u = torch.linspace(0.05, 0.95, 10, dtype=torch.float64)
    torch.testing.assert_close(schedules.vp(**RAMP).quantile(u), discrete.quantile(u), rtol=0.01, atol=0)


def test_ve_levels_and_coefficients_are_those_of_table_1():
    schedule, u = schedules.ve(**RAMP), torch.linspace(0, 1, 21, dtype=torch.float64)
    sigma = schedule.quantile(u)
    np.testing.assert_allclose(sigma.log(), np.linspace(math.log(0.02), math.log(100), 21), rtol=1e-12)
    c = schedule.coefficients(sigma)
    assert torch.equal(c.skip, torch.ones(21).double())
    assert torch.equal(c.input, c.skip)
    assert torch.equal(c.out, sigma)
    np.testing.assert_allclose(c.noise, [math.log(0.5 * s) for s in sigma.tolist()])


@pytest.mark.parametrize(("name", "low"), [("vp", 0.002), ("ve", 0.02)])
def test_continuous_processes_sample_along_the_levels_of_edm_within_their_ends(name, low):
    levels = getattr(schedules, name)(**RAMP).sampling(18)
    torch.testing.assert_close(levels, schedules.edm(**{**EDM, "sigma_min": low}).sampling(18))
    assert getattr(schedules, name)(**RAMP).prior(levels[0]) == levels[0]
