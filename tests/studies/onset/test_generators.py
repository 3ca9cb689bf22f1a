"""Generators of the onset study: known answers are what they say, the others agree with what they converge to."""

import numpy as np
import pytest
import torch

from diffmem import gaussian as normal
from diffmem.data import laws
from diffmem.diffusion import mlp as networks
from diffmem.studies.onset import generators as models
from diffmem.studies.onset.networks import mlp


def task(n=20, d=4, runs=(0, 1), samples=500, seed=0):
    law = laws.isotropic(dimension=d)
    train = np.stack([law.draw(n, np.random.default_rng([seed, run])) for run in runs])
    return models.Task(law, train, list(runs), seed, samples)


def found_in(points, rows):
    known = {row.tobytes() for row in rows}
    return np.array([point.tobytes() in known for point in points])


def test_copies_are_copies_in_the_share_asked_for():
    of = task(samples=4000)
    assert all(found_in(g, t).all() for g, t in zip(models.copies(of, share=1.0), of.train, strict=True))
    share = found_in(models.copies(of, share=0.1)[0], of.train[0]).mean()
    assert abs(share - 0.1) < 4.5 * np.sqrt(0.09 / 4000)


@pytest.mark.parametrize("stretch", [0.5, 1.0, 1.5])
def test_the_stretched_truth_has_the_stretched_moments(stretch):
    points = models.truth(task(samples=50_000), stretch=stretch)[0]
    np.testing.assert_allclose(points.std(0), stretch, rtol=0.02)


def test_the_kernel_sampler_has_the_variance_of_the_training_points_and_its_own():
    of = task(n=50, samples=100_000)
    points = models.kernel(of, smoothing=0.5)[1]
    width = 0.5 * 50 ** (-1 / 4)
    np.testing.assert_allclose(np.cov(points.T), np.cov(of.train[1].T, ddof=0) + width**2 * np.eye(4), atol=0.03)


@pytest.mark.parametrize("sampler", ["ddim", "heun"])
def test_many_steps_of_the_linear_score_end_in_the_gaussian_fit(sampler):
    of = task()
    for end, fit in zip(models.multi_step(of, steps=300, sampler=sampler), models.gaussian_fit(of), strict=True):
        np.testing.assert_allclose(end.covariance, fit.covariance, atol=0.05)
        np.testing.assert_allclose(end.mean, fit.mean, atol=1e-2)


def test_the_exact_empirical_score_ends_in_training_points():
    of = task(samples=60)
    for points, train in zip(models.empirical(of, steps=18, sampler="heun"), of.train, strict=True):
        assert np.sqrt(np.square(points[:, None] - train).sum(2)).min(1).max() < 1e-2


def test_a_run_does_not_depend_on_the_runs_beside_it():
    for make in (lambda t: models.one_step(t, lam=1.0, time=2.0), lambda t: models.truth(t, stretch=1.0)):
        both, alone = make(task(runs=(0, 1))), make(task(runs=(1,)))
        a, b = (g.covariance if isinstance(g, normal.Normal) else g for g in (both[1], alone[0]))
        np.testing.assert_array_equal(a, b)


def test_a_network_has_the_parameters_it_says_and_its_stack_members_never_meet():
    generators = [torch.Generator().manual_seed(s) for s in (1, 2)]
    network = networks.MLP(generators, 16, width=32)
    assert sum(p[0].numel() for p in network.parameters()) == 18 * 32 + 33 * 32 + 33 * 16
    x = torch.randn(2, 5, 16)
    before = network(x, torch.zeros(1, 1))
    changed = x.clone()
    changed[1] += 1
    torch.testing.assert_close(network(changed, torch.zeros(1, 1))[0], before[0])
    assert not torch.equal(network(x, torch.full((1, 1), 25.0)), before)


@pytest.mark.slow
def test_a_network_copies_few_points_and_learns_the_law_from_many():
    few, many = task(n=8, d=4, samples=400), task(n=2000, d=4, samples=2000)
    pairs = zip(mlp(few, width=128, updates=2000), few.train, strict=True)
    near = [np.sqrt(np.square(g[:, None] - t).sum(2)).min(1) for g, t in pairs]
    assert np.median(near) < 0.3  # points lie 2.8 apart
    points = mlp(many, width=64, updates=2000)[0]
    np.testing.assert_allclose(points.mean(0), 0, atol=0.1)
    np.testing.assert_allclose(np.cov(points.T), np.eye(4), atol=0.15)
