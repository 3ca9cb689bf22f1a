"""Curves lie where their equations say, independent draws spread uniformly along them, with the stated noise around."""

import numpy as np
import pytest
from scipy import stats

from diffmem.data import toy as curves

SHAPES = {"moons": curves.moons, "circles": curves.circles, "swiss-roll": curves.swiss_roll, "s-curve": curves.s_curve}


def draw(name, count, *, noise=0.0, seed=0):
    return SHAPES[name](count, np.random.default_rng(seed), noise=noise)


def unscaled(points):
    """Two moons before tiny-diffusion's scaling, x -> 2(x + 0.3) - 1 and y -> 3(y + 0.3) - 1."""
    return (points + 1) / [2, 3] - 0.3


def moon(points):
    """Which points are of the upper moon, and the angle of each about its own centre."""
    x, y = unscaled(points).T
    upper = np.isclose(np.hypot(x, y), 1) & (y >= -1e-12)
    return upper, np.where(upper, np.arctan2(y, x), np.arctan2(0.5 - y, 1 - x))


def uniform(values, low, high):
    return stats.kstest(values, stats.uniform(low, high - low).cdf).pvalue


def test_moons_without_noise_lie_on_two_half_circles():
    points = draw("moons", 2000)
    x, y = unscaled(points).T
    upper, angle = moon(points)
    assert np.allclose(np.hypot(x, y)[upper], 1)
    assert np.allclose(np.hypot(x - 1, y - 0.5)[~upper], 1)
    assert ((angle >= -1e-9) & (angle <= np.pi + 1e-9)).all()


def test_moons_agree_with_scikit_learn_in_shape_and_scale():
    """The same two curves, though scikit-learn puts its angles on a grid."""
    from sklearn.datasets import make_moons

    reference = (make_moons(4000, noise=0)[0] + 0.3) * [2, 3] - 1
    points = draw("moons", 4000)
    assert np.allclose(points.mean(0), reference.mean(0), atol=5 * points.std(0).max() / np.sqrt(4000))
    assert np.allclose([points.min(0), points.max(0)], [reference.min(0), reference.max(0)], atol=0.02)


def test_angles_of_moons_are_uniform_draws_and_not_a_grid():
    upper, angle = moon(draw("moons", 5000))
    for part in (angle[upper], angle[~upper]):
        assert uniform(part, 0, np.pi) > 1e-3
        gaps = np.diff(np.sort(part))
        assert gaps.std() == pytest.approx(gaps.mean(), rel=0.1), "gaps of independent draws are exponential"
    assert stats.binomtest(int(upper.sum()), 5000).pvalue > 1e-3


def test_circles_without_noise_lie_on_two_circles_with_uniform_angles():
    points = draw("circles", 5000)
    radius = np.hypot(*points.T)
    outer = radius > 0.75
    assert np.allclose(radius, np.where(outer, 1, 0.5))
    assert stats.binomtest(int(outer.sum()), 5000).pvalue > 1e-3
    for part in (points[outer], points[~outer]):
        assert uniform(np.arctan2(*part.T), -np.pi, np.pi) > 1e-3


def test_the_swiss_roll_is_a_spiral_times_a_height():
    x, y, z = draw("swiss-roll", 5000).T
    t = 10 * np.hypot(x, z)
    assert np.allclose(np.exp(1j * t), (x + 1j * z) / np.hypot(x, z))
    assert uniform(t, 1.5 * np.pi, 4.5 * np.pi) > 1e-3
    assert uniform(y, -1.05, 1.05) > 1e-3
    assert abs(np.corrcoef(t, y)[0, 1]) < 4 / np.sqrt(5000)


def test_the_s_curve_is_two_arcs_of_radius_one_times_a_height():
    x, y, z = draw("s-curve", 5000).T
    assert np.allclose(x**2 + (np.abs(z) - 1) ** 2, 1)
    t = -np.sign(z) * (np.arctan2(-np.sign(z) * x, 1 - np.abs(z)) % (2 * np.pi))
    assert uniform(t, -1.5 * np.pi, 1.5 * np.pi) > 1e-3
    assert uniform(y, -1, 1) > 1e-3
    assert abs(np.corrcoef(t, y)[0, 1]) < 4 / np.sqrt(5000)


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("noise", [0.03, 0.5])
def test_noise_is_gaussian_with_the_stated_deviation_in_every_coordinate(name, noise):
    """The same stream gives the same places along the curve, so the difference is the noise alone."""
    added = draw(name, 5000, noise=noise) - draw(name, 5000)
    if name == "moons":
        added = added / [2, 3]
    for coordinate in added.T:
        assert stats.kstest(coordinate / noise, "norm").pvalue > 1e-3
    off = np.corrcoef(added.T)[np.triu_indices(added.shape[1], 1)]
    assert np.abs(off).max() < 4 / np.sqrt(5000)


@pytest.mark.parametrize("name", SHAPES)
def test_successive_points_are_independent(name):
    points = draw(name, 5000, noise=0.03)
    for coordinate in points.T:
        assert abs(np.corrcoef(coordinate[:-1], coordinate[1:])[0, 1]) < 4 / np.sqrt(5000)
