"""Every number equals its definition, is what the closed form says, and puts a better generator first."""

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

from diffmem.data.gaussians import gaussian
from diffmem.measure.quality import (
    compared,
    energy_distance,
    mean_distance,
    prepared,
    quality,
    sliced_wasserstein,
    subsample,
)

K = 5


def normals(*sizes, dimension=3, seed=0):
    rng = np.random.default_rng(seed)
    return [gaussian(size, rng, dimension=dimension) for size in sizes]


def judged(generated, held_out, seed=0, **options):
    return quality(generated=generated, held_out=held_out, rng=np.random.default_rng(seed), **options)


def unit(dimension, count, seed=0):
    directions = np.random.default_rng(seed).standard_normal((dimension, count))
    return directions / np.linalg.norm(directions, axis=0)


# --- energy distance --------------------------------------------------------------------------------------------------


def test_energy_is_the_double_sum_over_distinct_pairs():
    x, y = normals(30, 40)
    cross = np.mean([np.linalg.norm(a - b) for a in x for b in y])
    own = [
        np.mean([np.linalg.norm(s[i] - s[j]) for i in range(len(s)) for j in range(len(s)) if i != j]) for s in (x, y)
    ]
    assert judged(x, y)["energy"] == energy_distance(x, y) == pytest.approx(2 * cross - sum(own))
    assert mean_distance(x) == pytest.approx(own[0])


@pytest.mark.parametrize(("mean", "sd"), [(0.0, 1.0), (0.7, 1.0), (0.0, 1.6), (-0.4, 0.5)])
def test_energy_of_two_gaussians_is_twice_the_integral_of_squared_differences(mean, sd):
    """In one dimension 2 integral (F - G)^2; the mean over small samples of unequal sizes is exactly that."""
    expected = 2 * quad(lambda x: (stats.norm.cdf(x) - stats.norm.cdf(x, mean, sd)) ** 2, -12, 12)[0]
    redraws = []
    for seed in range(300):
        x, y = normals(40, 25, dimension=1, seed=seed)
        redraws.append(judged(x, mean + sd * y)["energy"])
    error = np.std(redraws, ddof=1) / np.sqrt(300)
    assert error < 0.012
    assert np.mean(redraws) == pytest.approx(expected, abs=4.5 * error)


# --- sliced Wasserstein -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("dimension", [1, 2, 20])
def test_sliced_wasserstein_of_a_shift(order, dimension):
    """Every quantile along t moves by t.s; the mean of (t.s)^2 over all directions is |s|^2 / d."""
    (x,), shift = normals(50, dimension=dimension), np.linspace(1, 2, dimension)
    directions = unit(dimension, 4000)
    found = sliced_wasserstein(x, x + shift, directions, order=order)
    assert found == pytest.approx(np.mean(np.abs(shift @ directions) ** order) ** (1 / order))
    if order == 2:
        assert found == pytest.approx(np.linalg.norm(shift) / np.sqrt(dimension), rel=0.05)


@pytest.mark.parametrize(("a", "b"), [(40, 40), (40, 60), (37, 20), (1, 9)])
def test_sizes_may_differ(a, b):
    """Against scipy in one dimension for p = 1, and for both against points repeated to a common number."""
    x, y = normals(a, b, dimension=1)
    line = np.ones((1, 1))
    assert sliced_wasserstein(x, y, line, order=1) == pytest.approx(stats.wasserstein_distance(x[:, 0], y[:, 0]))
    common = [np.sort(np.repeat(s[:, 0], np.lcm(a, b) // len(s))) for s in (x, y)]
    for order in (1, 2):
        expected = np.mean(np.abs(common[0] - common[1]) ** order) ** (1 / order)
        assert sliced_wasserstein(x, y, line, order=order) == pytest.approx(expected)


def test_a_wider_gaussian_is_as_far_as_its_standard_deviations_differ():
    x, y = normals(40_000, 40_000, dimension=2)
    assert sliced_wasserstein(x, 1.5 * y, unit(2, 20)) == pytest.approx(0.5, abs=0.02)


# --- density and coverage ---------------------------------------------------------------------------------------------


def by_hand(generated, real):
    """Density and coverage, point by point, among distinct real points."""
    real = np.unique(real, axis=0)
    radius = [sorted(np.linalg.norm(y - other) for other in real)[K] for y in real]
    inside = [[np.linalg.norm(x - y) <= r * (1 + 1e-9) for y, r in zip(real, radius, strict=True)] for x in generated]
    return np.sum(inside) / (K * len(generated)), np.mean(np.any(inside, axis=0))


@pytest.mark.parametrize("dimension", [1, 2, 12])
@pytest.mark.parametrize("lattice", [False, True])
def test_density_and_coverage_are_what_counting_gives(dimension, lattice):
    """On a lattice points coincide and many lie exactly on a radius, where they count."""
    generated, real = normals(30, 50, dimension=dimension)
    if lattice:
        generated, real = np.round(2 * generated) / 10 + 0.3, np.round(2 * real) / 10 + 0.3
    found = judged(generated, real)
    assert (found["density"], found["coverage"]) == pytest.approx(by_hand(generated, real))


@pytest.mark.parametrize("dimension", [2, 12])
@pytest.mark.parametrize("sizes", [(300, 300), (300, 120), (100, 300)])
def test_the_truth_has_density_one_and_the_coverage_of_ranks(dimension, sizes):
    """Equation (5): exact for every law and size; coverage is about 1 - 2^-5 = .97 at equal sizes."""
    g, h = sizes
    redraws = []
    for seed in range(25):
        found = judged(*normals(g, h, dimension=dimension, seed=seed))
        redraws.append([found["density"], found["coverage"]])
    i = np.arange(1, K + 1)
    expected = [1, 1 - np.prod((h - i) / (h - i + g))]
    error = np.std(redraws, axis=0, ddof=1) / 5
    assert error.max() < 0.03
    assert (np.abs(np.mean(redraws, axis=0) - expected) < 4.5 * error).all()


def test_copies_of_held_out_rows_change_neither_density_nor_coverage():
    generated, real = normals(200, 100)
    once, thrice = judged(generated, real), judged(generated, np.repeat(real, 3, axis=0))
    for name in ("density", "coverage"):
        assert once[name] == thrice[name]


def test_a_generator_that_lacks_a_mode_or_sits_in_one_spot():
    generated, real = normals(500, 500, dimension=2)
    real[250:] += 50
    assert judged(generated, real)["coverage"] == pytest.approx(0.5, abs=0.02)
    spot = judged(0.01 * generated, real)
    assert spot["density"] > 1
    assert spot["coverage"] < 0.1
    far = judged(generated - 1000, real)
    assert (far["density"], far["coverage"]) == (0, 0)


# --- the call ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dimension", [2, 20])
def test_noise_makes_energy_and_wasserstein_grow_and_density_and_coverage_fall(dimension):
    generated, held_out = normals(600, 600, dimension=dimension)
    curve = [judged(scale * generated, held_out) for scale in (1.0, 1.5, 2.0)]
    for name, sign in {"energy": 1, "sliced_wasserstein": 1, "density": -1, "coverage": -1}.items():
        assert (sign * np.diff([found[name] for found in curve]) > 0).all(), name


def test_a_copier_is_as_good_as_the_truth():
    """Quality and memorization are two questions."""
    train, fresh, held_out = normals(1000, 1000, 1000, dimension=2)
    copies, truth = judged(train, held_out), judged(fresh, held_out)
    assert copies["energy"] == pytest.approx(truth["energy"], abs=0.02)
    assert copies["coverage"] == pytest.approx(truth["coverage"], abs=0.03)


def test_at_most_so_many_points_are_used_and_none_twice():
    (points,) = normals(500)
    rng = np.random.default_rng(0)
    assert subsample(points, rng, 500) is points
    drawn = subsample(points, rng, 100)
    assert len(np.unique(drawn, axis=0)) == 100
    assert {*map(tuple, drawn)} <= {*map(tuple, points)}
    assert prepared(points, rng, points=70).points.shape == (70, 3)
    assert judged(points, points, points=50) == judged(points, points, points=50)
    assert judged(points, points, points=50) != judged(points, points, seed=1, points=50)


def test_generators_judged_with_the_same_seed_share_the_held_out_side():
    one, other, held_out = normals(400, 90, 400)
    reference = prepared(held_out, np.random.default_rng(0), points=100)
    assert reference.points.shape == (100, 3)
    assert np.allclose(np.linalg.norm(reference.directions, axis=0), 1)
    assert judged(other, held_out, points=100) == compared(other, reference)
    rng = np.random.default_rng(0)
    prepared(held_out, rng, points=100)
    assert judged(one, held_out, points=100) == compared(subsample(one, rng, 100), reference)


@pytest.mark.parametrize(
    ("generated", "held_out", "message"),
    [
        (np.zeros((9, 2)), np.repeat(np.eye(2), 9, axis=0), "held_out: 2 distinct points have no 5th neighbour"),
        (np.zeros((1, 2)), np.zeros((9, 2)), "generated: two points at least"),
        (np.zeros((9, 3)), np.zeros((9, 2)), "same number of features"),
        (np.full((9, 2), np.nan), np.zeros((9, 2)), "generated: 9 points are NaN or infinite"),
    ],
)
def test_arrays_that_do_not_fit_are_refused_with_a_reason(generated, held_out, message):
    with pytest.raises(ValueError, match=message):
        judged(generated, held_out)
