"""Generators whose answer is known do what they say."""

import numpy as np
import pytest

from diffmem.locations import distinct
from diffmem.measure.criteria import spacing
from diffmem.studies.calibration import settings
from diffmem.studies.calibration.generators import CONTROLS, ROWS, Setting, draw_sets

COPYING = [name for name in CONTROLS if name.startswith("pi-") or name in ("optimum", "duplicates")]
NOTHING_COPIED = [name for name, control in CONTROLS.items() if control.pi == 0]


def drawn(distribution="gaussian-5", *, seed=0, **sizes):
    setting = Setting(distribution, **{"train": 200, "test": 200, "generated": 0, **sizes})
    return draw_sets(setting, np.random.default_rng(seed))


def generate(name, sets, count=2000, seed=1):
    return CONTROLS[name].generate(sets, np.random.default_rng(seed), count)


def found_in(points, rows):
    """Which of the points are, to the bit, among the rows."""
    known = {row.tobytes() for row in rows}
    return np.array([point.tobytes() in known for point in points])


def binomial(hits, count, share):
    return abs(hits - count * share) <= 4.5 * np.sqrt(count * share * (1 - share))


@pytest.mark.parametrize("distribution", settings.DISTRIBUTIONS)
def test_every_generator_draws_as_many_points_of_the_right_dimension_and_again_the_same(distribution):
    sets = drawn(distribution, train=20, duplicates=2)
    for name in CONTROLS:
        points = generate(name, sets, count=7)
        assert points.shape == (7, sets.train.shape[1])
        assert np.isfinite(points).all()
        np.testing.assert_array_equal(points, generate(name, sets, count=7))


@pytest.mark.parametrize("name", COPYING)
def test_a_mixture_has_a_binomial_number_of_exact_copies(name):
    sets = drawn(duplicates=10)
    pi = CONTROLS[name].pi
    assert binomial(found_in(generate(name, sets, count=4000), sets.train).sum(), 4000, pi)


@pytest.mark.parametrize("name", NOTHING_COPIED)
def test_what_copies_nothing_copies_nothing(name):
    sets = drawn(duplicates=10)
    assert not found_in(generate(name, sets), sets.train).any()


def test_the_other_half_is_copied_whole_and_is_drawn_as_training_is():
    sets = drawn(duplicates=10)
    assert found_in(generate("other-half", sets), sets.third).all()
    assert sets.third.shape == sets.train.shape
    assert len(distinct(sets.third)) == 200


def test_duplicates_are_locations_with_ten_rows_and_the_only_ones_that_their_copier_copies():
    sets = drawn(duplicates=10)
    positions, rows = np.unique(sets.train, axis=0, return_counts=True)
    assert sorted(rows) == [1] * 190 + [ROWS] * 10
    points = generate("duplicates", sets)
    copied = points[found_in(points, sets.train)]
    assert found_in(copied, positions[rows > 1]).all()
    assert len(distinct(copied)) == 10


def test_the_optimum_draws_rows_alike_so_that_duplicates_come_as_often_as_they_have_rows():
    sets = drawn(duplicates=10)
    hits = found_in(generate("optimum", sets, count=4000), sets.train[: 10 * ROWS])
    assert binomial(hits.sum(), 4000, 100 / 290)


@pytest.mark.parametrize(("name", "scale"), [("truth", 1), ("wide", 1.3), ("narrow", 1 / 1.3)])
def test_a_wide_or_narrow_generator_has_the_spread_that_it_should(name, scale):
    assert generate(name, drawn()).std() == pytest.approx(scale, rel=0.03)


@pytest.mark.parametrize(("name", "noise"), [("truth", 0.03), ("wide", 0.09), ("narrow", 0.01)])
def test_moons_are_wide_and_narrow_in_their_noise(name, noise):
    x, y = ((generate(name, drawn("moons")) + 1) / [2, 3] - 0.3).T
    off = np.stack([np.hypot(x, y) - 1, np.hypot(x - 1, y - 0.5) - 1])
    off = off[:, np.abs(off).min(0) < 4 * noise]  # away from where a moon ends
    assert np.take_along_axis(off, np.abs(off).argmin(0)[None], 0).std() == pytest.approx(noise, rel=0.1)


@pytest.mark.parametrize("distribution", ["moons", "gaussian-50"])
def test_a_soft_copy_is_displaced_by_so_many_median_spacings(distribution):
    sets = drawn(distribution)
    points, source = generate("kde-0.05", sets), generate("optimum", sets)  # the same stream: the same rows
    step = np.sqrt(np.square(points - source).sum(1).mean())
    assert step == pytest.approx(0.05 * np.median(spacing(sets.train)), rel=0.05)


def test_low_rank_data_lie_in_one_subspace_for_all_draws():
    sets = drawn("rank-10-in-64")
    assert np.linalg.matrix_rank(np.vstack([sets.train, sets.third, generate("wide", sets)])) == 10
