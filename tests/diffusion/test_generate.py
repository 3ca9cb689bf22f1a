"""Generation: as many points as asked for, each once, from a stream that only seed, replicate and index decide."""

import math

import numpy as np
import pytest
import torch

from diffmem.diffusion import denoiser, schedules
from diffmem.diffusion.build import build_network
from diffmem.diffusion.generate import CHUNK, draw_labels, generate, preview
from diffmem.settings.networks import ResidualMlp
from diffmem.settings.samplers import Ddim, Ddpm, Heun

SAMPLERS = {"ddim": Ddim, "ddpm": Ddpm, "heun": Heun}
SCHEDULE = schedules.linear(steps=50, beta_min=1e-4, beta_max=0.02)
EDM = schedules.edm(sigma_min=0.002, sigma_max=80.0, rho=7.0, p_mean=-1.2, p_std=1.2, sigma_data=0.5)


def untouched(x, sigma):
    """A denoiser that takes every point for clean: deterministic samplers return the noise they start from."""
    return x


def draw(
    denoise=untouched, schedule=SCHEDULE, *, sampler="ddim", count=500, steps=50, dimension=2, labels=None, **stream
):
    stream = {"seed": 1, "replicate": 0, "index": 0, **stream}
    settings = SAMPLERS[sampler](steps=steps)
    return generate(denoise, schedule, settings, count=count, dimension=dimension, labels=labels, **stream)


@pytest.mark.parametrize("count", [1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 345])
@pytest.mark.parametrize("sampler", ["ddim", "ddpm", "heun"])
def test_every_point_asked_for_is_drawn_once(count, sampler):
    points = draw(count=count, sampler=sampler, steps=3, dimension=3)
    assert points.shape == (count, 3)
    assert points.dtype == np.float32
    assert len(np.unique(points, axis=0)) == count
    scale = np.abs(points).max(0)
    assert ((scale > 0) & (scale < 10)).all()


def test_every_chunk_goes_through_the_whole_sampler():
    seen = []

    def constant(x, sigma):
        seen.append((x.shape[1], sigma.item()))
        return torch.full_like(x, 0.25)

    points = draw(constant, count=2 * CHUNK + 345, steps=4, sampler="ddpm")
    levels = SCHEDULE.sampling(4).float().tolist()
    assert seen == [(size, level) for size in (CHUNK, CHUNK, 345) for level in levels]
    assert (points == 0.25).all()


@pytest.mark.parametrize("sampler", ["ddim", "ddpm", "heun"])
def test_the_same_stream_gives_the_same_bytes_and_any_other_gives_other_points(sampler):
    points = draw(sampler=sampler)
    assert points.tobytes() == draw(sampler=sampler).tobytes()
    for other in (dict(index=1), dict(replicate=1), dict(seed=2)):
        assert not (draw(sampler=sampler, **other)[:, None] == points).all(2).any()


def test_a_stream_does_not_depend_on_what_was_drawn_before():
    first = draw(index=3, count=10)
    draw(index=2, count=77)
    torch.manual_seed(0)
    assert np.array_equal(draw(index=3, count=10), first)


@pytest.mark.parametrize(("schedule", "deviation"), [(SCHEDULE, 1 / math.sqrt(0.6029)), (EDM, 80.0)])
def test_sampling_starts_with_the_deviation_of_the_prior(schedule, deviation):
    """tiny-diffusion starts from z ~ N(0, 1), where abar is 0.60: x = z / sqrt(abar), not sigma times noise."""
    points = draw(schedule=schedule, count=20_000)
    assert points.std() == pytest.approx(deviation, rel=5 / math.sqrt(2 * points.size))
    assert points.mean() == pytest.approx(0, abs=5 * deviation / math.sqrt(points.size))


def test_chunks_do_not_share_their_noise():
    points = draw(count=2 * CHUNK).reshape(2, CHUNK, 2)
    assert abs(np.corrcoef(points[0].ravel(), points[1].ravel())[0, 1]) < 5 / math.sqrt(2 * CHUNK)


@pytest.mark.parametrize("sampler", ["ddim", "ddpm", "heun"])
def test_a_network_samples_without_gradients_or_change(sampler):
    model = ResidualMlp(width=8, blocks=1, embedding=4, scale=2.0)
    network = build_network(model, dimension=2, seed=1, replicates=[0])
    before = [p.clone() for p in network.parameters()]
    points = draw(denoiser.denoiser(network, SCHEDULE), sampler=sampler)
    assert np.isfinite(points).all()
    assert all(torch.equal(p, old) and p.grad is None for p, old in zip(network.parameters(), before, strict=True))


@pytest.mark.parametrize("sampler", ["ddim", "ddpm", "heun"])
def test_every_point_is_generated_under_its_label(sampler):
    def told(x, sigma, label=None):
        return label[..., None].float().expand_as(x)

    labels = np.random.default_rng(0).integers(9, size=2 * CHUNK + 345).astype(np.int32)
    points = draw(told, sampler=sampler, steps=3, count=len(labels), labels=labels)
    np.testing.assert_allclose(points, np.repeat(labels[:, None], 2, 1), atol=1e-4)


def test_labels_leave_the_noise_as_it_is():
    unconditional = draw(count=300)
    labelled = draw(lambda x, sigma, label=None: x, count=300, labels=np.zeros(300, dtype=np.int32))
    assert np.array_equal(labelled, unconditional)


def test_labels_are_drawn_from_the_histogram_of_those_trained_on():
    trained, stream = np.array([5] * 60 + [2] * 30 + [9] * 10, dtype=np.int32), dict(seed=1, replicate=0, index=0)
    drawn = draw_labels(trained, count=20_000, **stream)
    for label, share in ((5, 0.6), (2, 0.3), (9, 0.1)):
        assert (drawn == label).mean() == pytest.approx(share, abs=5 * math.sqrt(share * (1 - share) / 20_000))
    assert set(drawn) == {2, 5, 9}
    assert np.array_equal(drawn, draw_labels(trained, count=20_000, **stream))
    for other in (dict(index=1), dict(replicate=1), dict(seed=2)):
        assert not np.array_equal(drawn, draw_labels(trained, count=20_000, **{**stream, **other}))


@pytest.mark.parametrize(("taken", "kept"), [(1, 1), (3, 3), (5, 5), (20, 5)])
def test_a_preview_keeps_a_few_snapshots_the_first_and_last_among_them(taken, kept):
    epochs = [10 * s for s in range(taken)]
    samples = np.random.default_rng(0).random((2, taken, 1500, 3))
    seen = preview(samples, epochs)
    assert len(seen["epoch"]) == kept
    assert (seen["epoch"][0], seen["epoch"][-1]) == (0, epochs[-1])
    assert set(np.diff(seen["epoch"])) <= {10, 40, 50}
    assert np.array_equal(seen["points"], samples[:, seen["epoch"] // 10, :1000])
