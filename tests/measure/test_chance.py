"""Chance levels follow rho / (rho + r^m), the log ratio is logistic, and m is recovered where it is known."""

import numpy as np
import pytest
from scipy import stats
from scipy.spatial import cKDTree

from diffmem.data.gaussians import gaussian
from diffmem.data.toy import moons
from diffmem.measure.chance import chance, local_dimension
from diffmem.neighbours.index import Index


def on_a_torus(count, test, dimension, generated, rng, k=1):
    """Distances of uniform points to the nearest training and test points, in a cube with opposite faces joined."""
    train, held_out = (cKDTree(rng.random((n, dimension)), boxsize=1) for n in (count, test))
    queries = rng.random((generated, dimension))
    return train.query(queries, k=k)[0], held_out.query(queries)[0]


def distances(draw, rng, *, train, test, generated):
    """The same for points that ``draw`` draws, by the package's own index."""
    halves = [Index(draw(count, rng)) for count in (train, test)]
    queries = draw(generated, rng)
    return [half.nearest(queries, 1).distance[:, 0] for half in halves]


def two_moons(count, rng):
    return moons(count, rng, noise=0.03)


# rho / (rho + r^m) at r = 1, 1.5, 2, 3, to three digits
@pytest.mark.parametrize(
    ("dimension", "rho", "levels"),
    [
        (1, 1, [0.500, 0.400, 0.333, 0.250]),
        (2, 1, [0.500, 0.308, 0.200, 0.100]),
        (2, 4, [0.800, 0.640, 0.500, 0.308]),
        (5, 1, [0.500, 0.116, 0.030, 0.004]),
        (10, 1, [0.500, 0.017, 0.001, 0.000]),
    ],
)
def test_the_formula_gives_the_published_table(dimension, rho, levels):
    assert np.allclose(chance(np.array([1, 1.5, 2, 3]), dimension=dimension, rho=rho), levels, atol=6e-4)


@pytest.mark.parametrize(("dimension", "ratio"), [(1, 99), (2, 9.95), (5, 2.51), (10, 1.58), (50, 1.10)])
def test_one_percent_needs_the_ratios_that_are_told(dimension, ratio):
    assert 99 ** (1 / dimension) == pytest.approx(ratio, abs=0.005)
    assert chance(99 ** (1 / dimension), dimension=dimension) == pytest.approx(0.01)


@pytest.mark.parametrize("ratio", [1.0, 1.7, 4.0])
@pytest.mark.parametrize("rho", [0.25, 1.0, 3.0])
def test_swapping_train_and_test_inverts_ratio_and_rho(ratio, rho):
    there, back = chance(ratio, dimension=3, rho=rho), chance(1 / ratio, dimension=3, rho=1 / rho)
    assert there + back == pytest.approx(1)


@pytest.mark.parametrize("dimension", [1, 2, 3])
@pytest.mark.parametrize(("train", "test"), [(500, 500), (800, 200), (200, 800)])
def test_uniform_points_on_a_line_a_square_and_a_cube_reach_the_formula(dimension, train, test):
    rng, ratios = np.random.default_rng(train + dimension), np.array([1, 1.5, 2, 3])
    redraws = []
    for _ in range(30):
        near, far = on_a_torus(train, test, dimension, 500, rng)
        redraws.append((ratios * near[:, None] < far[:, None]).mean(0))
    error = np.std(redraws, axis=0, ddof=1) / np.sqrt(30)
    assert error.max() < 0.012
    expected = chance(ratios, dimension=dimension, rho=train / test)
    assert (np.abs(np.mean(redraws, axis=0) - expected) < 4.5 * error).all()


# scikit-learn's even angles give .618 and .470 at 800 and 200 points; independent ones come close to the formula
@pytest.mark.parametrize(
    ("draw", "train", "test", "levels"),
    [
        (two_moons, 1000, 1000, {1.5: 0.302, 2: 0.192}),
        (two_moons, 800, 200, {1.5: 0.640, 2: 0.500}),
        (lambda n, rng: gaussian(n, rng, dimension=2), 1000, 1000, {1.5: 0.304}),
        (lambda n, rng: gaussian(n, rng, dimension=5), 1000, 1000, {1.5: 0.111}),
        (lambda n, rng: gaussian(n, rng, dimension=10), 1000, 1000, {1.5: 0.019}),
    ],
    ids=["moons", "moons 80/20", "gaussian 2", "gaussian 5", "gaussian 10"],
)
def test_the_checked_levels_are_met(draw, train, test, levels):
    rng, redraws = np.random.default_rng(4), []
    for _ in range(20):
        near, far = distances(draw, rng, train=train, test=test, generated=1000)
        redraws.append([np.mean(ratio * near < far) for ratio in levels])
    error = np.std(redraws, axis=0, ddof=1) / np.sqrt(20)
    assert error.max() < 0.012
    assert (np.abs(np.mean(redraws, axis=0) - list(levels.values())) < 4 * error + 0.001).all()


def test_the_deviation_of_one_redraw_is_larger_than_the_binomial_one():
    """.0168 where the binomial says .0146; intervals must come from redraws of the reference sets."""
    rng, levels = np.random.default_rng(5), []
    for _ in range(300):
        near, far = distances(two_moons, rng, train=1000, test=1000, generated=1000)
        levels.append(np.mean(1.5 * near < far))
    assert np.std(levels, ddof=1) == pytest.approx(0.0168, rel=4 / np.sqrt(600))
    assert np.mean(levels) == pytest.approx(0.302, abs=4 * 0.0168 / np.sqrt(300) + 0.0005)


@pytest.mark.parametrize(("dimension", "rho"), [(1, 1), (2, 1), (2, 4), (3, 0.5)])
def test_the_log_ratio_is_logistic(dimension, rho):
    near, far = on_a_torus(int(4000 * rho), 4000, dimension, 4000, np.random.default_rng(6))
    statistic = dimension * np.log(far / near) - np.log(rho)
    assert stats.kstest(statistic, "logistic").statistic < 0.03


def test_two_moons_are_logistic_in_two_dimensions_and_not_in_one():
    """Kolmogorov distance .010 at m = 2 and .15 at m = 1, for 20,000 points."""
    near, far = distances(two_moons, np.random.default_rng(7), train=20000, test=20000, generated=20000)
    ratio = np.log(far / near)
    assert stats.kstest(2 * ratio, "logistic").statistic < 0.02
    assert stats.kstest(ratio, "logistic").statistic == pytest.approx(0.15, abs=0.02)


@pytest.mark.parametrize("dimension", [1, 2, 5, 10])
def test_local_dimension_of_a_line_a_plane_and_a_cube(dimension):
    nearest_two, _ = on_a_torus(2000, 1, dimension, 2000, np.random.default_rng(8), k=2)
    assert local_dimension(nearest_two) == pytest.approx(dimension, rel=5 / np.sqrt(2000))


@pytest.mark.parametrize("ambient", [3, 20])
@pytest.mark.parametrize("dimension", [1, 2])
def test_local_dimension_is_that_of_the_flat_within_the_space_around(dimension, ambient):
    rng = np.random.default_rng(9)
    basis = np.linalg.qr(rng.standard_normal((ambient, dimension)))[0].T
    positions, queries = (rng.random((n, dimension)) @ basis for n in (3000, 1500))
    found = local_dimension(Index(positions).nearest(queries, 2).distance)
    assert found == pytest.approx(dimension, rel=0.1)


@pytest.mark.parametrize("dimension", [0.5, 3.0, 40.0])
def test_local_dimension_inverts_its_own_law(dimension):
    """log(d_2 / d_1) exponential with rate m gives m back."""
    log_ratio = stats.expon(scale=1 / dimension).rvs(20000, random_state=np.random.default_rng(10))
    assert local_dimension(np.column_stack([np.ones(20000), np.exp(log_ratio)])) == pytest.approx(dimension, rel=0.03)


@pytest.mark.parametrize("far", [[[0.0, 1.0]], [[1.0, np.inf]], [[0.0, 0.0]], [[1.0, 1.0]], np.empty((0, 2))])
def test_local_dimension_is_missing_where_nothing_can_be_measured(far):
    assert np.isnan(local_dimension(np.array(far)))
