"""Generators of the onset study: known answers are what they say, models agree with what they converge to."""

import numpy as np
import pytest
import torch

from diffmem import gaussian as normal
from diffmem.data.gaussians import isotropic
from diffmem.diffusion import mlp as networks
from diffmem.studies.onset import generators
from diffmem.studies.onset.networks import mlp


def training_runs(n=20, d=4, streams=(0, 1), samples=500, seed=0):
    law = isotropic(dimension=d)
    train = np.stack([law.draw(n, np.random.default_rng([seed, stream])) for stream in streams])
    return generators.TrainingRuns(law, train, list(streams), seed, samples)


def found_in(points, rows):
    known = {row.tobytes() for row in rows}
    return np.array([point.tobytes() in known for point in points])


def test_copies_are_copies_in_the_share_asked_for():
    runs = training_runs(samples=4000)
    assert all(found_in(g, t).all() for g, t in zip(generators.copies(runs, share=1.0), runs.train, strict=True))
    share = found_in(generators.copies(runs, share=0.1)[0], runs.train[0]).mean()
    assert abs(share - 0.1) < 4.5 * np.sqrt(0.09 / 4000)


@pytest.mark.parametrize("stretch", [0.5, 1.0, 1.5])
def test_the_stretched_truth_has_the_stretched_moments(stretch):
    points = generators.truth(training_runs(samples=50_000), stretch=stretch)[0]
    np.testing.assert_allclose(points.std(0), stretch, rtol=0.02)


def test_the_kernel_sampler_has_the_variance_of_the_training_points_and_its_own():
    runs = training_runs(n=50, samples=100_000)
    points = generators.kernel(runs, smoothing=0.5)[1]
    width = 0.5 * 50 ** (-1 / 4)
    np.testing.assert_allclose(np.cov(points.T), np.cov(runs.train[1].T, ddof=0) + width**2 * np.eye(4), atol=0.03)


@pytest.mark.parametrize("sampler", ["ddim", "heun"])
def test_many_steps_of_the_linear_score_end_in_the_gaussian_fit(sampler):
    runs = training_runs()
    ends, fits = generators.multi_step(runs, steps=300, sampler=sampler), generators.gaussian_fit(runs)
    for end, fit in zip(ends, fits, strict=True):
        np.testing.assert_allclose(end.covariance, fit.covariance, atol=0.05)
        np.testing.assert_allclose(end.mean, fit.mean, atol=1e-2)


def test_the_exact_empirical_score_ends_in_training_points():
    runs = training_runs(samples=60)
    for points, train in zip(generators.empirical(runs, steps=18, sampler="heun"), runs.train, strict=True):
        assert np.sqrt(np.square(points[:, None] - train).sum(2)).min(1).max() < 1e-2


def test_a_run_does_not_depend_on_the_runs_beside_it():
    for make in (
        lambda t: generators.one_step(t, generalization=1.0, time=2.0),
        lambda t: generators.truth(t, stretch=1.0),
    ):
        both, alone = make(training_runs(streams=(0, 1))), make(training_runs(streams=(1,)))
        a, b = (g.covariance if isinstance(g, normal.Normal) else g for g in (both[1], alone[0]))
        np.testing.assert_array_equal(a, b)


def test_a_network_has_the_parameters_it_says_and_its_stack_members_never_meet():
    network = networks.MLP([torch.Generator().manual_seed(s) for s in (1, 2)], 16, width=32)
    assert sum(p[0].numel() for p in network.parameters()) == 18 * 32 + 33 * 32 + 33 * 16
    x = torch.randn(2, 5, 16)
    before = network(x, torch.zeros(1, 1))
    changed = x.clone()
    changed[1] += 1
    torch.testing.assert_close(network(changed, torch.zeros(1, 1))[0], before[0])
    assert not torch.equal(network(x, torch.full((1, 1), 25.0)), before)


@pytest.mark.slow
def test_a_network_copies_few_points_and_learns_the_law_from_many():
    few, many = training_runs(n=8, d=4, samples=400), training_runs(n=2000, d=4, samples=2000)
    pairs = zip(mlp(few, width=128, updates=2000), few.train, strict=True)
    near = [np.sqrt(np.square(g[:, None] - t).sum(2)).min(1) for g, t in pairs]
    assert np.median(near) < 0.3  # points lie 2.8 apart
    points = mlp(many, width=64, updates=2000)[0]
    np.testing.assert_allclose(points.mean(0), 0, atol=0.1)
    np.testing.assert_allclose(np.cov(points.T), np.eye(4), atol=0.15)
