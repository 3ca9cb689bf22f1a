"""The neighbour table is what brute force over rows finds, and copies do not hide second neighbours."""

import numpy as np
import pytest

from diffmem.data.dataset import DUPLICATE, dataset
from diffmem.neighbours.table import ROW, references, tabulate
from diffmem.settings import read as config


def replicate(seed=0, **data):
    study = {"data": {"inliers": 150, "fresh": 100, **data}}
    settings = config.studies({"studies": {"s": study}})["s"].cells["base"].data
    return dataset(settings, seed=seed, replicate=0)


EVERYTHING = {
    "outliers": {"count": 30},
    "duplicates": {"count": 40, "copies": 3},
    "near_duplicates": {"count": 20, "copies": 2},
}


def indexed(data):
    return references(
        train=data.train.points,
        train_location=data.train.location,
        test=data.test.points,
        test_location=data.test.location,
        test_plain=data.test.plain,
    )


def by_hand(point, half):
    """Location -> distance of a point to it, over the rows of a half."""
    far = np.linalg.norm(half.points - point, axis=1)
    return {location: far[half.location == location].min() for location in np.unique(half.location)}


@pytest.mark.parametrize("shape", ["moons", "s-curve", "digits"])
@pytest.mark.parametrize("injected", [{}, {"duplicates": EVERYTHING["duplicates"]}, EVERYTHING])
def test_every_column_is_what_brute_force_over_rows_finds(shape, injected):
    if shape == "digits":
        injected = {name: options for name, options in injected.items() if name != "outliers"}
    data = replicate(dataset=shape, **injected)
    table = tabulate(data.fresh[:60], indexed(data))
    assert table.dtype == ROW
    for row, point in zip(table, data.fresh, strict=False):
        train, test = by_hand(point, data.train), by_hand(point, data.test)
        first, second = sorted(train, key=train.get)[:2]
        assert row["train_location"].tolist() == [first, second]
        assert np.allclose(row["train_distance"], [train[first], train[second]], rtol=1e-6)
        assert row["test_location"] == min(test, key=test.get)
        assert row["test_distance"] == pytest.approx(min(test.values()), rel=1e-6)
        plain = np.linalg.norm(data.test.points[data.test.plain] - point, axis=1).min()
        assert row["plain_distance"] == pytest.approx(plain, rel=1e-6)


def test_without_twins_the_matched_set_is_the_plain_one():
    data = replicate(**EVERYTHING, twins=False)
    table = tabulate(data.fresh, indexed(data))
    assert np.array_equal(table["plain_distance"], table["test_distance"])
    assert (table["test_location"] >= 0).all()


@pytest.mark.parametrize("copies", [1, 5])
def test_the_second_neighbour_of_a_copy_is_another_location(copies):
    """By rows d_1 / d_2 is 1 on every duplicated point, and the 1/3 rule finds no copy of it."""
    data = replicate(duplicates={"count": 40, "copies": copies})
    rows = data.train.points[data.train.stratum == DUPLICATE]
    copied = rows + 1e-6 * np.random.default_rng(1).standard_normal(rows.shape)
    by_row = np.sort(np.linalg.norm(copied[:, None] - data.train.points[None], axis=2), axis=1)
    assert (by_row[:, 0] > by_row[:, 1] / 3).all()
    near, next_one = tabulate(copied, indexed(data))["train_distance"].T
    assert (near < next_one / 3).mean() > 0.95


def test_points_on_a_location_have_distance_zero_to_it():
    data = replicate(**EVERYTHING)
    to = indexed(data)
    on_train, on_test = tabulate(data.train.points, to), tabulate(data.test.points, to)
    assert (on_train["train_distance"][:, 0] == 0).all()
    assert np.array_equal(on_train["train_location"][:, 0], data.train.location)
    assert (on_test["test_distance"] == 0).all()
    assert np.array_equal(on_test["test_location"], data.test.location)
    assert np.array_equal(on_test["plain_distance"] == 0, data.test.plain | (data.test.stratum == DUPLICATE))


def test_swapping_the_halves_swaps_the_columns():
    data = replicate(**EVERYTHING)
    there = tabulate(data.fresh, indexed(data))
    halves = dict(train=data.test.points, train_location=data.test.location, test=data.train.points)
    back = tabulate(data.fresh, references(**halves, test_location=data.train.location, test_plain=data.train.plain))
    assert np.allclose(there["train_distance"][:, 0], back["test_distance"], rtol=1e-6)
    assert np.array_equal(there["test_location"], back["train_location"][:, 0])
