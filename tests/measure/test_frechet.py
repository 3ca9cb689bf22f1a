"""The distance is the closed form, its floor what samples of one law read, and it knows nothing of copies."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from diffmem.gaussian import fit_normal
from diffmem.measure.distances import squared_wasserstein
from diffmem.measure.frechet import expected, frechet


def normals(*sizes, dimension=4, seed=0, scale=1.0):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal((size, dimension)) * scale for size in sizes]


def named(sets):
    return dict(zip(("generated", "held_out"), sets, strict=True))


@pytest.mark.parametrize("dimension", [1, 3, 20])
def test_the_trace_is_that_of_a_matrix_square_root(dimension):
    sets = normals(50, 60, dimension=dimension)
    first, other = (np.atleast_2d(np.cov(x, rowvar=False)) for x in sets)
    between = np.trace(np.atleast_2d(sqrtm(first @ other))).real
    shift = np.square(sets[0].mean(0) - sets[1].mean(0)).sum()
    expected_value = shift + np.trace(first) + np.trace(other) - 2 * between
    assert frechet(**named(sets))["frechet"] == pytest.approx(expected_value)


@pytest.mark.parametrize("sizes", [(20, 25), (70, 40)])
def test_with_fewer_points_than_features_it_is_computed_in_the_space_that_they_span(sizes):
    sets = normals(*sizes, dimension=100, scale=np.linspace(0.1, 2, 100))
    laws = [fit_normal(points) for points in sets]
    found = frechet(**named(sets))
    assert found["frechet"] == pytest.approx(squared_wasserstein(*laws), rel=1e-9)
    assert found["frechet_floor"] == pytest.approx(expected(laws[1].variances, sizes=sizes), rel=1e-9)


def test_shifts_and_scales_of_the_same_points_have_closed_forms():
    (x,) = normals(500)
    total = np.trace(np.cov(x, rowvar=False))
    assert frechet(generated=x + 3, held_out=x)["frechet"] == pytest.approx(4 * 9)
    scaled = frechet(generated=2.5 * x, held_out=x)["frechet"]
    assert scaled == pytest.approx(1.5**2 * (total + np.square(x.mean(0)).sum()))
    assert frechet(generated=x, held_out=x)["frechet"] == pytest.approx(0, abs=1e-10)


@pytest.mark.parametrize("scale", [1.0, np.array([3.0, 1.0, 0.3, 0.1, 0.0])])
@pytest.mark.parametrize("sizes", [(300, 300), (150, 600)])
def test_the_floor_is_the_mean_over_samples_of_one_law(scale, sizes):
    dimension = 5
    found = [frechet(**named(normals(*sizes, dimension=dimension, seed=seed, scale=scale))) for seed in range(300)]
    values = np.array([f["frechet"] for f in found])
    floor = expected(np.square(np.broadcast_to(scale, dimension)), sizes=sizes)
    assert values.mean() == pytest.approx(floor, abs=4.5 * values.std() / 300**0.5 + 0.03 * floor)
    assert np.mean([f["frechet_excess"] for f in found]) == pytest.approx(0, abs=0.1 * floor)


@pytest.mark.parametrize("dimension", [1, 7, 64])
def test_unit_variances_have_the_floor_of_the_docstring(dimension):
    assert expected(np.ones(dimension), sizes=(1000, 1000)) == pytest.approx(dimension * (dimension + 5) / 4 / 500)


@pytest.mark.parametrize(("sizes", "short"), [(960, 0.03), (192, 0.15), (64, 0.38)])
def test_sample_eigenvalues_make_the_floor_too_small_by_what_the_docstring_says(sizes, short):
    found = [frechet(**named(normals(sizes, sizes, dimension=64, seed=seed))) for seed in range(4)]
    value, floor = (np.mean([f[name] for f in found]) for name in ("frechet", "frechet_floor"))
    assert value == pytest.approx(expected(np.ones(64), sizes=(sizes, sizes)), rel=0.04)
    assert floor / value == pytest.approx(1 - short, abs=0.03)


def test_features_are_compared_where_they_are_asked_for():
    x, y = normals(400, 400)
    first = lambda points: points[:, :1]  # noqa: E731
    moved = y + np.array([0, 5, 0, 0])
    assert frechet(generated=moved, held_out=x)["frechet"] > 20
    assert frechet(generated=moved, held_out=x, space=first)["frechet"] < 0.1


def test_one_point_has_no_covariance():
    with pytest.raises(ValueError, match="1 generated and 9 held-out points have no covariance"):
        frechet(generated=np.zeros((1, 2)), held_out=np.zeros((9, 2)))
