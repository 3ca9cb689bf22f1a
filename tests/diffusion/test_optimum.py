"""The closed-form optimum: limits, its score, and what it generates."""

import numpy as np
import pytest
import torch

from diffmem.diffusion import optimum as module
from diffmem.diffusion import samplers, schedules
from diffmem.diffusion.optimum import mixture, optimum

SIGMAS = torch.tensor([10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.0])


def level(sigma: float) -> torch.Tensor:
    return torch.tensor([[sigma]], dtype=torch.float64)


def points(n: int, d: int, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).standard_normal((n, d)))


def test_one_point_is_returned_from_everywhere():
    point = points(1, 3)
    x = 100 * points(7, 3, 1)[None]
    torch.testing.assert_close(optimum(point)(x, level(0.5)), point.expand(1, 7, 3))


def test_the_midpoint_of_two_points_is_returned_between_them_and_the_mean_at_large_noise():
    pair = torch.tensor([[-1.0, 0.0], [1.0, 0.0]], dtype=torch.float64)
    between = torch.tensor([[[0.0, 5.0]]], dtype=torch.float64)
    torch.testing.assert_close(optimum(pair)(between, level(0.1)), torch.zeros(1, 1, 2, dtype=torch.float64))
    cloud = points(50, 4)
    torch.testing.assert_close(
        optimum(cloud)(points(3, 4, 1)[None], level(1e4))[0], cloud.mean(0).expand(3, 4), atol=1e-6, rtol=0
    )


@pytest.mark.parametrize("sigma", [0.05, 0.5, 5.0])
@pytest.mark.parametrize("d", [1, 2, 10])
def test_its_score_is_the_gradient_of_the_log_density_of_the_smoothed_data(d, sigma):
    cloud, x = points(30, d), points(5, d, 1).requires_grad_()
    weights = torch.arange(1.0, 31.0, dtype=torch.float64)
    density = torch.logsumexp(weights.log() - torch.cdist(x, cloud) ** 2 / (2 * sigma**2), 1)
    (score,) = torch.autograd.grad(density.sum(), x)
    mine = (optimum(cloud, weights)(x.detach()[None], level(sigma))[0] - x.detach()) / sigma**2
    torch.testing.assert_close(mine, score, rtol=1e-9, atol=1e-9)


def test_multiplicities_are_repeated_rows():
    cloud, x = points(4, 2), points(6, 2, 1)[None]
    repeated = cloud[[0, 1, 1, 1, 2, 3, 3]]
    weights = torch.tensor([1, 3, 1, 2])
    torch.testing.assert_close(optimum(repeated)(x, level(0.7)), optimum(cloud, weights)(x, level(0.7)))


def test_neighbours_a_hundredth_of_their_length_apart_are_told_apart_far_from_the_origin():
    pair = torch.tensor([[1000.0, 0.0], [1000.01, 0.0]], dtype=torch.float64)
    near_the_second = torch.tensor([[[1000.0099, 0.0]]], dtype=torch.float64)
    torch.testing.assert_close(optimum(pair)(near_the_second, level(1e-3))[0, 0], pair[1], rtol=0, atol=1e-9)


@pytest.mark.parametrize("sampler", [samplers.ddpm, samplers.ddim, samplers.heun])
def test_every_sampler_ends_on_training_points(sampler):
    cloud = points(20, 3)
    generator = torch.Generator().manual_seed(0)
    noise = lambda: torch.randn(1, 200, 3, generator=generator)  # noqa: E731
    found = sampler(optimum(cloud), 10 * noise(), SIGMAS, noise)[0].double()
    distance, nearest = torch.cdist(found, cloud).min(1)
    assert distance.max() < 0.01
    assert len(nearest.unique()) > 10


def test_the_papers_schedule_leaves_its_smallest_noise_on_the_copies():
    """50 steps from beta 1e-4 end at sigma 0.010: copies of neighbours closer than that are blends."""
    schedule = schedules.linear(steps=50, beta_min=1e-4, beta_max=0.02)
    sigmas = torch.cat([schedule.sampling(50), torch.zeros(1, dtype=torch.float64)])
    generator = torch.Generator().manual_seed(0)
    noise = lambda: torch.randn(1, 400, 1, generator=generator, dtype=torch.float64)  # noqa: E731
    spread = {}
    for gap in (0.003, 0.1):
        pair = torch.tensor([[0.0], [gap]], dtype=torch.float64)
        found = samplers.ddpm(optimum(pair), schedule.prior(sigmas[0]) * noise(), sigmas, noise)
        spread[gap] = (torch.minimum(found.abs(), (found - gap).abs()) < 0.05 * gap).double().mean()
    assert spread[0.003] < 0.1
    assert spread[0.1] > 0.97


def test_with_labels_it_is_the_optimum_of_the_points_with_the_label():
    cloud, x = points(40, 3), points(30, 3, 1)[None]
    labels, asked = torch.arange(40) % 4, torch.arange(30)[None] % 4
    found = optimum(cloud, labels=labels)(x, level(0.4), asked)
    for label in range(4):
        alone = optimum(cloud[labels == label])(x[:, asked[0] == label], level(0.4))
        torch.testing.assert_close(found[:, asked[0] == label], alone)


def test_a_unique_label_is_answered_with_its_point_everywhere():
    cloud, x = points(40, 3), 10 * points(30, 3, 1)[None]
    asked = torch.randint(40, (1, 30), generator=torch.Generator().manual_seed(0))
    for sigma in (0.01, 1.0, 100.0):
        found = optimum(cloud, labels=torch.arange(40))(x, level(sigma), asked)
        torch.testing.assert_close(found, cloud[asked])


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_blocks_of_points_and_queries_change_nothing(monkeypatch, kind):
    cloud, x, labels = points(57, 4).to(kind), points(23, 4, 1)[None], torch.arange(57) % 3
    weights, asked, sigma = torch.arange(1.0, 58.0), torch.arange(23)[None] % 3, torch.rand(1, 23).double() + 0.1
    whole = optimum(cloud, weights, labels=labels)(x, sigma, asked)
    monkeypatch.setattr(module, "LOGITS", 57 * 5)
    monkeypatch.setattr(module, "VALUES", 4 * 10)
    torch.testing.assert_close(optimum(cloud, weights, labels=labels)(x, sigma, asked), whole, rtol=1e-12, atol=1e-12)


def test_points_in_single_precision_are_compared_in_double():
    """|x|^2 - 2 x.y + |y|^2 in float32 would lose a distance of 0.01 at a length of 1000."""
    pair = torch.tensor([[1000.0, 0.0], [1000.0 + 2**-6, 0.0]])
    near_the_second = torch.tensor([[[1000.0 + 0.9 * 2**-6, 0.0]]], dtype=torch.float64)
    torch.testing.assert_close(optimum(pair)(near_the_second, level(1e-3))[0, 0], pair[1].double(), rtol=0, atol=1e-9)


@pytest.mark.parametrize("sigma", [0.05, 0.5, 5.0])
def test_the_truths_score_is_the_gradient_of_the_log_density_of_the_smoothed_mixture(sigma):
    centres, x, weights = points(4, 3), points(6, 3, 1).requires_grad_(), torch.tensor([0.1, 0.2, 0.3, 0.4]).double()
    variance = sigma**2 + 0.7**2
    density = torch.logsumexp(weights.log() - torch.cdist(x, centres) ** 2 / (2 * variance), 1)
    (score,) = torch.autograd.grad(density.sum(), x)
    denoise = mixture(centres, spread=0.7, weights=weights)
    mine = (denoise(x.detach()[None], level(sigma))[0] - x.detach()) / sigma**2
    torch.testing.assert_close(mine, score, rtol=1e-9, atol=1e-9)


def test_the_truth_of_one_gaussian_is_wieners_filter_and_without_spread_it_is_the_optimum():
    centre, cloud, x = points(1, 3), points(9, 3), points(6, 3, 1)[None]
    shrunk = mixture(centre, spread=2.0)(x, level(1.0))
    torch.testing.assert_close(shrunk, centre + 0.8 * (x - centre))
    torch.testing.assert_close(mixture(cloud, spread=0.0)(x, level(0.3)), optimum(cloud)(x, level(0.3)))


def test_sampling_the_truth_gives_the_mixture():
    centres = torch.tensor([[-4.0, 0.0], [4.0, 0.0]], dtype=torch.float64)
    denoise = mixture(centres, spread=0.5, weights=torch.tensor([0.25, 0.75]).double())
    generator = torch.Generator().manual_seed(0)
    noise = lambda: torch.randn(1, 4000, 2, generator=generator, dtype=torch.float64)  # noqa: E731
    sigmas = torch.cat([torch.logspace(1.6, -2, 60, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)])
    found = samplers.heun(denoise, 10**1.6 * noise(), sigmas, noise)[0]
    right = found[:, 0] > 0
    assert right.double().mean().item() == pytest.approx(0.75, abs=0.04)
    for side, centre in ((~right, centres[0]), (right, centres[1])):
        torch.testing.assert_close(found[side].mean(0), centre, rtol=0, atol=0.1)
        torch.testing.assert_close(found[side].std(0), torch.full((2,), 0.5).double(), rtol=0.08, atol=0)
