"""Gaussians and mixtures have the moments and distances that their parameters say."""

import numpy as np
import pytest
from scipy import stats

from diffmem.data.gaussians import gaussian, mixture


@pytest.mark.parametrize("dimension", [1, 2, 10])
def test_a_gaussian_is_standard_normal_in_every_direction(dimension):
    rng = np.random.default_rng(dimension)
    points = gaussian(5000, rng, dimension=dimension)
    directions = rng.standard_normal((5, dimension))
    for direction in directions / np.linalg.norm(directions, axis=1, keepdims=True):
        assert stats.kstest(points @ direction, "norm").pvalue > 1e-3
    assert stats.kstest((points**2).sum(1), stats.chi2(dimension).cdf).pvalue > 1e-3


@pytest.mark.parametrize(("dimension", "components"), [(2, 1), (3, 4), (20, 3)])
def test_far_components_are_equally_likely_unit_gaussians_at_the_stated_distance(dimension, components):
    separation, count = 1000.0, 6000
    points = mixture(count, np.random.default_rng(2), dimension=dimension, components=components, separation=separation)
    directions = points / np.linalg.norm(points, axis=1, keepdims=True)
    groups = []
    while len(points):  # peel off all that lies in the direction of the first
        near = np.linalg.norm(directions - directions[0], axis=1) < 0.05
        groups.append(points[near])
        points, directions = points[~near], directions[~near]
    assert len(groups) == components
    assert components == 1 or stats.chisquare([len(group) for group in groups]).pvalue > 1e-3
    for group in groups:
        centre = group.mean(0)
        assert np.linalg.norm(centre) == pytest.approx(separation, abs=5 * np.sqrt(dimension / len(group)))
        assert stats.kstest((group - centre).ravel(), "norm").pvalue > 1e-3


def test_without_separation_a_mixture_is_one_gaussian():
    points = mixture(5000, np.random.default_rng(3), dimension=3, components=5, separation=0)
    assert stats.kstest((points**2).sum(1), stats.chi2(3).cdf).pvalue > 1e-3


def test_a_longer_draw_from_the_same_stream_has_the_same_centres():
    """Training and held-out points are one draw cut in two, and must be of the same mixture."""
    options = dict(dimension=4, components=3, separation=1e6)
    short, long = (mixture(n, np.random.default_rng(4), **options) for n in (200, 300))
    nearest = np.abs(short[:, None] - long[None]).max(2).min(1)
    assert nearest.max() < 10


def test_another_stream_has_other_centres():
    first, second = (
        mixture(50, np.random.default_rng(seed), dimension=2, components=1, separation=100) for seed in (5, 6)
    )
    assert np.linalg.norm(first.mean(0) - second.mean(0)) > 5
