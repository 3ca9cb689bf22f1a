"""Exact copies share one location, numbered by first appearance; nothing else does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffmem.locations import distinct, distinct_rows, first_rows, locations


def brute_force(points):
    """A dictionary from position to number, filled row by row (a tuple's -0.0 equals its 0.0)."""
    number = {}
    return [number.setdefault(tuple(row), len(number)) for row in points.tolist()]


@pytest.mark.parametrize(("count", "dimension"), [(1, 1), (7, 1), (200, 2), (200, 5), (50, 64)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
def test_locations_are_numbered_by_first_appearance(count, dimension, dtype):
    rng = np.random.default_rng(count + dimension)
    few = rng.integers(-9, 9, (max(count // 3, 1), dimension))
    points = few[rng.integers(len(few), size=count)].astype(dtype)
    assert locations(points).tolist() == brute_force(points)


@given(st.lists(st.tuples(*[st.sampled_from([-1.0, -0.0, 0.0, 5e-324, 1.0, 1 + 2**-52])] * 2), max_size=12))
@settings(deadline=None, derandomize=True, max_examples=50)
def test_locations_agree_with_equality_of_numbers(rows):
    points = np.array(rows).reshape(-1, 2)
    assert locations(points).tolist() == brute_force(points)


def test_the_sign_of_zero_makes_no_new_location():
    assert locations(np.array([[0.0, 1.0], [-0.0, 1.0], [1.0, -0.0], [1.0, 0.0]])).tolist() == [0, 0, 1, 1]


def test_the_smallest_difference_makes_a_new_location():
    one = np.ones((2, 3))
    one[1, 2] = np.nextafter(1, 2)
    assert locations(one).tolist() == [0, 1]


def test_locations_do_not_depend_on_the_order_in_memory_and_leave_the_points_alone():
    points = np.random.default_rng(0).integers(-1, 2, (60, 3)) * -0.0 + np.arange(60)[:, None] % 7
    before = points.tobytes()
    assert np.array_equal(locations(np.asfortranarray(points)), locations(points))
    assert np.array_equal(locations(points[::2]), brute_force(points[::2]))
    assert points.tobytes() == before


def test_copies_appended_anywhere_do_not_renumber_the_originals():
    points = np.random.default_rng(1).standard_normal((40, 2))
    assert np.array_equal(locations(np.vstack([points, points[::-1]])), [*range(40), *range(39, -1, -1)])


def test_first_rows_hold_each_position_once():
    rng = np.random.default_rng(2)
    points = rng.integers(0, 4, (100, 2)).astype(float)
    location = locations(points)
    rows = first_rows(location)
    assert np.array_equal(points[rows][location], points)
    assert len(np.unique(points, axis=0)) == len(rows)
    assert all(row == np.flatnonzero(location == number)[0] for number, row in enumerate(rows))


@pytest.mark.parametrize(("values", "dimension"), [(2, 1), (2, 4), (3, 12), (200, 3)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.uint8])
def test_distinct_rows_are_sorted_by_their_coordinates(values, dimension, dtype):
    points = np.random.default_rng(values).integers(0, values, (150, dimension)).astype(dtype)
    points[:, :-1][points[:, :-1] > 1] = 1  # ties in all columns but the last
    assert np.array_equal(distinct(points), np.unique(points, axis=0))
    assert distinct(points).dtype == dtype
    assert np.array_equal(points[distinct_rows(points)], distinct(points))


def test_no_points_have_no_locations():
    assert locations(np.empty((0, 2))).shape == first_rows(locations(np.empty((0, 2)))).shape == (0,)
