"""Copies are counted as the rule says, blends are found where copies are not, and fresh points give the null."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from diffmem.data.gaussians import gaussian
from diffmem.measure import copies
from diffmem.measure.copies import (
    by_repetition,
    interpolation,
    judged,
    knn_distance,
    pixels,
    rates,
    segment_distance,
    shares,
)
from diffmem.measure.criteria import second
from diffmem.neighbours.index import Index
from diffmem.neighbours.table import references, tabulate

THIRD = copies.THRESHOLDS.index(1 / 3)


def draws(*sizes, dimension=2, seed=0):
    rng = np.random.default_rng(seed)
    return [gaussian(size, rng, dimension=dimension) for size in sizes]


# --- R_mem and KNN distance -------------------------------------------------------------------------------------------


def test_the_sweep_counts_ratios_below_each_threshold_strictly():
    distance = np.array([[1, 3], [1, 3.01], [1, 10], [1, 1], [0, 1]], dtype=float)
    assert shares(distance, (1 / 10, 1 / 3, 2)).tolist() == [0.2, 0.6, 1.0]


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_fresh_points_pass_at_the_rate_of_theory(dimension):
    """h^m for a density that hardly changes over the distances."""
    rng = np.random.default_rng(0)
    index = Index(rng.random((4000, dimension)))
    found = shares(index.nearest(0.1 + 0.8 * rng.random((20_000, dimension)), 2).distance)
    expected = np.array(copies.THRESHOLDS) ** dimension
    assert np.abs(found - expected).max() < 4.5 * np.sqrt(0.25 * (1 / 20_000 + 3 / 4000))


def test_every_snapshot_has_the_same_null_beside_it():
    train, fresh, generated = draws(300, 500, 400)
    index = Index(train)
    tables = np.stack([index.nearest(points, 2).distance for points in (generated, train[:1].repeat(400, axis=0))])
    found = rates(tables, fresh=index.nearest(fresh, 2).distance, dimension=2)
    assert found.groupby("snapshot")["r_mem"].min().tolist() == [pytest.approx(shares(tables[0]).min()), 1.0]
    assert found.groupby("threshold")["null"].nunique().eq(1).all()
    assert (found["count"] == 400).all()
    assert found.loc[found["snapshot"] == 1, "knn"].eq(0).all()


def test_the_knn_distance_is_a_root_mean_square_per_pixel():
    """An image off by 3 in every pixel is 3 away, for any size."""
    for dimension in (4, 64):
        index = Index(np.array([np.zeros(dimension), np.full(dimension, 100.0)]))
        assert knn_distance(index.nearest(np.full((5, dimension), 3.0), 2).distance, dimension=dimension) == 3


# --- repeated training images -----------------------------------------------------------------------------------------


def copied(share_of_repeated, *, repeats=4, generated=2000, fresh=0.25, seed=0):
    """Tables of points of which a quarter are fresh and the rest copies, so many of them of 40 repeated locations.

    80 locations are there once. Of the copies half come near no location at the first of two snapshots.
    """
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((120, 32))
    train = np.vstack([points, np.repeat(points[:40], repeats - 1, axis=0)])
    location = np.concatenate([np.arange(120), np.repeat(np.arange(40), repeats - 1)])
    number = round(generated * (1 - fresh))
    of_repeated = np.arange(number) < share_of_repeated * number
    original = np.where(of_repeated, rng.integers(0, 40, number), rng.integers(40, 120, number))
    last = np.vstack([points[original] + 0.01 * rng.standard_normal((number, 32)), rng.standard_normal((500, 32))])
    first = np.where(np.arange(len(last))[:, None] % 2, last, rng.standard_normal(last.shape))
    every = dict(test=points + 9, test_location=np.arange(120), test_plain=np.ones(120, bool))
    to = references(train=train, train_location=location, **every)
    return np.stack([tabulate(first, to), tabulate(last, to)]), location


@pytest.mark.parametrize("share", [0, 0.2, 2 / 3, 1])
def test_copies_of_repeated_training_images_are_told_from_those_of_others(share):
    tables, location = copied(share)
    found = by_repetition(tables, location=location)
    third = found[found["threshold"] == 1 / 3].set_index("snapshot")
    assert third["r_mem_repeated"].tolist() == pytest.approx([0.375 * share, 0.75 * share], abs=0.001)
    assert third["r_mem_single"].tolist() == pytest.approx([0.375 * (1 - share), 0.75 * (1 - share)], abs=0.001)
    assert (found["repeated_locations"] == 40 / 120).all()
    assert (found["repeated_rows"] == 160 / 240).all()


def test_both_parts_are_the_whole_at_every_threshold():
    tables, location = copied(0.3)
    whole = rates(tables["train_distance"], fresh=tables[0]["train_distance"], dimension=32)
    found = by_repetition(tables, location=location).merge(whole, on=["snapshot", "threshold"], validate="one_to_one")
    assert len(found) == len(whole)
    np.testing.assert_allclose(found["r_mem_repeated"] + found["r_mem_single"], found["r_mem"])
    alone = by_repetition(tables, location=np.arange(120))
    assert (alone[["r_mem_repeated", "repeated_locations", "repeated_rows"]] == 0).all(axis=None)


# --- pixels -----------------------------------------------------------------------------------------------------------


def test_pixels_are_the_whole_numbers_that_a_file_would_hold():
    x = np.array([-1.2, -1.0, -0.999, 0.0, 0.5, 0.9999, 1.0, 3.0])
    assert pixels(x, low=-1, high=1).tolist() == [0, 0, 0, 128, 191, 255, 255, 255]
    assert np.array_equal(pixels(8 * (x + 1), low=0, high=16), pixels(x, low=-1, high=1))
    every = np.arange(256)
    assert np.array_equal(pixels((every - 127.5) / 127.5, low=-1, high=1), every)


def test_rounding_turns_near_copies_into_exact_ones():
    train, held_out = np.random.default_rng(0).uniform(-1, 1, (2, 100, 64))
    near = (pixels(train, low=-1, high=1) - 127.5) / 127.5 + 1e-3
    space = lambda points: pixels(points, low=-1, high=1)  # noqa: E731
    assert judged(train=train, held_out=held_out, generated=near, space=space)["knn"].iloc[0] == 0


# --- the feature space ------------------------------------------------------------------------------------------------


def test_copies_are_those_of_the_space_that_is_asked_for():
    """Copies that were shifted as a whole are copies to features which do not see the shift, and not to pixels."""
    train, held_out = draws(200, 200, dimension=10)
    shifted = train + 5
    plain = judged(train=train, held_out=held_out, generated=shifted)
    centred = judged(train=train, held_out=held_out, generated=shifted, space=lambda x: x - x.mean(1, keepdims=True))
    assert (plain.loc[plain["set"] == "generated", "r_mem"] < 0.05).all()
    assert (centred.loc[centred["set"] == "generated", "r_mem"] == 1).all()
    assert (centred.loc[centred["set"] == "held-out", "r_mem"] < 0.2).all()


def test_duplicated_training_images_do_not_hide_copies():
    train, held_out = draws(100, 100, dimension=10)
    found = judged(train=np.repeat(train, 2, axis=0), held_out=held_out, generated=train)
    assert found["r_mem"].iloc[THIRD] == 1


# --- interpolation ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dimension", [1, 2, 12])
def test_the_distance_to_a_segment_is_the_least_over_its_points(dimension):
    points, first, other = draws(20, 20, 20, dimension=dimension)
    found = segment_distance(points, first, other)
    for i in range(20):
        least = minimize_scalar(
            lambda t, i=i: np.linalg.norm(points[i] - first[i] - t * (other[i] - first[i])), bounds=(0, 1),
            method="bounded", options={"xatol": 1e-10},
        )  # fmt: skip
        assert found[i] == pytest.approx(least.fun, rel=1e-6, abs=1e-6)
    assert segment_distance(points, first, first) == pytest.approx(np.linalg.norm(points - first, axis=1))


def test_blends_of_neighbours_are_interpolated_and_no_copies():
    train, held_out = draws(300, 300, dimension=30)
    index = Index(train)
    pairs = index.nearest(train, 2).location
    blends = 0.5 * (train[pairs[:, 0]] + train[pairs[:, 1]])
    found = judged(train=train, held_out=held_out, generated=blends)
    rows = found[found["threshold"] == 1 / 3].set_index("set")
    assert rows.loc["generated", "r_mem"] == 0
    assert rows.loc["generated", "interpolated"] == 1
    assert rows.loc["held-out", "interpolated"] < 0.02
    copied = judged(train=train, held_out=held_out, generated=train)
    assert copied["interpolated"].iloc[THIRD] == 0, "a copy is not counted twice"


def test_the_score_is_that_of_its_definition():
    train, points = draws(50, 30, dimension=5)
    found = interpolation(points, Index(train))
    for point, score in zip(points, found, strict=True):
        order = np.argsort(np.linalg.norm(train - point, axis=1))[:3]
        a, b, c = train[order]
        t = np.linspace(0, 1, 20_001)[:, None]
        assert score == pytest.approx(
            np.linalg.norm(point - a - t * (b - a), axis=1).min() / np.linalg.norm(point - c), rel=1e-4
        )


def test_with_two_locations_there_is_no_third_to_compare_with():
    points, train = draws(5, 2)
    assert np.isnan(interpolation(points, Index(train))).all()
    assert np.isfinite(second(Index(train).nearest(points, 2).distance)).all()
