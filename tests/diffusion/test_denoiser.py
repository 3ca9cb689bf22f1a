"""The denoiser and its loss: what a perfect, a silent and an arbitrary network make of them, by hand."""

import itertools

import pytest
import torch

from diffmem.diffusion import denoiser, networks, schedules
from diffmem.diffusion.build import build_network, build_schedule, torch_generator
from diffmem.settings.networks import ResidualMlp
from diffmem.settings.schedules import Edm, Linear

MODEL = ResidualMlp(width=8, blocks=1, embedding=4, scale=2.0)
EDM = dict(sigma_min=0.002, sigma_max=80.0, rho=7.0, p_mean=-1.2, p_std=1.2, sigma_data=0.5)
LINEAR = dict(steps=50, beta_min=1e-4, beta_max=0.02)
RAMP = dict(sigma_min=0.002, sigma_max=80.0, rho=7.0)
SCHEDULES = {
    "linear": schedules.linear(**LINEAR),
    "cosine": schedules.cosine(steps=20),
    "edm": schedules.edm(**EDM),
    "vp": schedules.vp(**RAMP),
    "ve": schedules.ve(**RAMP),
}


def draw(r=2, b=50, d=3):
    generator = torch.Generator().manual_seed(3)
    x0, eps = torch.randn(2, r, b, d, generator=generator, dtype=torch.float64)
    return dict(x0=x0, u=torch.rand(r, b, generator=generator, dtype=torch.float64), eps=eps)


def arbitrary(z, c, *_):
    return torch.tanh(2 * z + 0.1 * c[..., None]) + 0.3


def silent(z, c, *_):
    return torch.zeros_like(z)


@pytest.mark.parametrize(("size", "passes"), [(0, [50]), (20, [20, 20, 10]), (50, [50]), (60, [50])])
@pytest.mark.parametrize("labelled", [False, True])
def test_points_go_through_in_parts_that_change_nothing(size, passes, labelled):
    seen, x, sigma = [], draw()["x0"], torch.full((1, 1), 0.3)

    def denoise(x, sigma, label=None):
        seen.append(x.shape[1])
        return x * sigma[..., None] + (0 if label is None else label[..., None])

    label = [torch.arange(100).view(2, 50)] if labelled else []
    assert torch.equal(denoiser.in_parts(denoise, size)(x, sigma, *label), denoise(x, sigma, *label))
    assert seen[:-1] == passes


@pytest.mark.parametrize("name", ["linear", "cosine", "vp"])
def test_a_network_that_tells_the_noise_gives_back_the_clean_point(name):
    schedule, (x0, u, eps) = SCHEDULES[name], draw().values()
    sigma = schedule.quantile(u)
    x = x0 + sigma[..., None] * eps
    denoise = denoiser.denoiser(lambda z, c, *_: eps, schedule)
    torch.testing.assert_close(denoise(x, sigma), x0, atol=1e-10, rtol=1e-10)


@pytest.mark.parametrize("sigma", [0.01, 0.5, 30.0])
def test_a_silent_edm_network_is_the_posterior_mean_of_gaussian_data(sigma):
    x = draw()["x0"]
    expected = EDM["sigma_data"] ** 2 / (EDM["sigma_data"] ** 2 + sigma**2) * x
    one_level = torch.full((1, 1), sigma, dtype=torch.float64)
    for level in (one_level, one_level.expand(2, 50)):
        torch.testing.assert_close(denoiser.denoiser(silent, SCHEDULES["edm"])(x, level), expected)


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_loss_is_the_error_of_the_denoiser_over_c_out_squared(name):
    schedule, sample = SCHEDULES[name], draw()
    sigma = schedule.quantile(sample["u"])
    estimate = denoiser.denoiser(arbitrary, schedule)(sample["x0"] + sigma[..., None] * sample["eps"], sigma)
    c_out = EDM["sigma_data"] * sigma / (sigma**2 + EDM["sigma_data"] ** 2).sqrt() if name == "edm" else sigma
    weighted = (estimate - sample["x0"]).square().mean(2) / c_out**2
    torch.testing.assert_close(denoiser.loss(arbitrary, schedule, **sample), weighted.mean(1))


@pytest.mark.parametrize("name", ["linear", "cosine"])
def test_a_silent_ddpm_network_loses_the_noise_itself(name):
    sample = draw()
    expected = sample["eps"].square().mean((1, 2))
    torch.testing.assert_close(denoiser.loss(silent, SCHEDULES[name], **sample), expected, atol=1e-9, rtol=1e-9)


def test_a_silent_edm_network_loses_one_on_data_of_the_assumed_spread():
    sample = draw(r=3, b=20_000)
    sample["x0"] = EDM["sigma_data"] * sample["x0"]
    loss = denoiser.loss(silent, SCHEDULES["edm"], **sample)
    assert loss.tolist() == pytest.approx([1] * 3, abs=5 * (2 / 60_000) ** 0.5)


@pytest.mark.parametrize("name", ["linear", "edm"])
def test_the_optimum_of_a_repeated_point_loses_nothing(name):
    schedule, sample, point = SCHEDULES[name], draw(), torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)

    def optimum(z, c, *_):
        if name == "edm":
            sigma = torch.exp(4 * c / 25)[..., None]
            x = z * (sigma**2 + 0.25).sqrt()
            return (point - 0.25 / (sigma**2 + 0.25) * x) * (sigma**2 + 0.25).sqrt() / (0.5 * sigma)
        abar = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 50, dtype=torch.float64), 0)[c.round().long()][..., None]
        return (z - abar.sqrt() * point) / (1 - abar).sqrt()

    sample["x0"] = point.expand(2, 50, 3)
    assert denoiser.loss(optimum, schedule, **sample).max() < 1e-12
    sigma = schedule.quantile(sample["u"])
    x = point + sigma[..., None] * sample["eps"]
    torch.testing.assert_close(denoiser.denoiser(optimum, schedule)(x, sigma), sample["x0"], atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_loss_of_a_replicate_does_not_see_the_others(name):
    sample = draw()
    before = denoiser.loss(arbitrary, SCHEDULES[name], **sample)
    sample["x0"][1] += 1
    after = denoiser.loss(arbitrary, SCHEDULES[name], **sample)
    assert after.shape == (2,)
    assert after[0] == before[0]
    assert after[1] != before[1]


def test_a_replicate_is_built_alike_in_every_stack_and_unlike_every_other():
    def parameters(replicates, seed=1):
        return networks.flatten(build_network(MODEL, dimension=2, seed=seed, replicates=replicates))

    whole = parameters([0, 3, 5])
    assert torch.equal(whole[1:2], parameters([3]))
    for one, other in itertools.combinations([*whole, parameters([3], seed=2)[0]], 2):
        assert not torch.equal(one, other)


@pytest.mark.parametrize("settings", [Linear(**LINEAR), Edm(**EDM)], ids=lambda settings: settings.name)
def test_settings_name_the_schedule(settings):
    assert torch.equal(build_schedule(settings).sampling(10), SCHEDULES[settings.name].sampling(10))


def test_every_purpose_replicate_and_index_has_numbers_of_its_own():
    def number(**where):
        generator = torch_generator(1, **{"replicate": 0, "purpose": "noise", **where})
        return torch.rand(1, generator=generator, dtype=torch.float64).item()

    assert number() == number()
    assert len({number(), number(replicate=1), number(purpose="batches"), number(index=1)}) == 4
