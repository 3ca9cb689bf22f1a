"""Scores are what their definitions say, their null levels those of the theory, and copies of duplicates are copies."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.spatial import cKDTree
from scipy.special import betainc

from diffmem.data.gaussians import gaussian
from diffmem.data.toy import moons
from diffmem.locations import check_points, distinct, locations
from diffmem.measure.criteria import (
    authenticity,
    discoveries,
    local,
    p_value,
    rank_test,
    rank_z,
    scores,
    second,
    spacing,
    verdicts,
)
from diffmem.measure.strata import quotient
from diffmem.neighbours.table import references, tabulate

COLUMNS = ["quotient", "second", "local", "authenticity", "p_value"]


def draws(*, dimension=2, sizes=(1000, 1000, 1000), seed=0):
    """Training, test and generated points of one Gaussian, and the generator that drew them."""
    rng = np.random.default_rng(seed)
    train, test, generated = (gaussian(count, rng, dimension=dimension) for count in sizes)
    return {"train": train, "test": test, "generated": generated}, rng


def poisson(count, k, dimension, rng):
    """Distances (count, k) to the k nearest points of a Poisson process: their m-th powers are sums of exponentials."""
    return np.cumsum(rng.exponential(size=(count, k)), axis=1) ** (1 / dimension)


# --- definitions ------------------------------------------------------------------------------------------------------


def by_hand(train, test, point):
    """Scores of one point but the p-value, by sorting all its distances."""
    d = np.array(sorted((np.linalg.norm(point - x), j) for j, x in enumerate(train)))
    own = train[int(d[0, 1])]
    near = sorted(np.linalg.norm(own - x) for x in train)[1]
    far = min(np.linalg.norm(point - x) for x in test)
    return [far / d[0, 0], d[0, 0] / d[1, 0], d[0, 0] / (0.5 * np.mean(d[:50, 0])), d[0, 0] / near]


@pytest.mark.parametrize("dimension", [1, 2, 12])
@pytest.mark.parametrize("sizes", [(80, 60, 20), (9, 30, 20), (2, 1, 5)])
def test_scores_are_those_found_by_hand_among_distinct_points(dimension, sizes):
    points, rng = draws(dimension=dimension, sizes=sizes)
    expected = [by_hand(points["train"], points["test"], point) for point in points["generated"]]
    repeated = {**points, "train": points["train"][rng.permutation(np.repeat(np.arange(sizes[0]), 3))]}
    for given in (points, repeated):
        assert np.allclose(scores(**given)[COLUMNS[:4]], expected, rtol=1e-6)


def test_scores_can_be_had_from_the_stored_neighbour_table():
    points, _ = draws(dimension=3, sizes=(300, 200, 100))
    train, test = points["train"], points["test"]
    to = references(
        train=train, train_location=locations(train),
        test=test, test_location=locations(test), test_plain=np.ones(len(test), bool),
    )  # fmt: skip
    table = tabulate(points["generated"], to)
    nearest = table["train_distance"][:, 0]
    stored = [
        quotient(table, "plain"),
        second(table["train_distance"]),
        authenticity(nearest, spacing(train)[table["train_location"][:, 0]]),
    ]
    assert np.allclose(np.transpose(stored), scores(**points)[["quotient", "second", "authenticity"]], rtol=1e-12)


def test_thresholds_that_are_just_reached():
    distance = np.array([[1.0, 3.0], [1.0, 3.1], [1.0, 2.0]])
    table = {
        "quotient": [2.0, 2.1, 1.0],
        "second": second(distance),
        "local": [1.0, 0.9, 1.1],
        "authenticity": authenticity(np.array([2.0, 1.9, 2.1]), np.full(3, 2.0)),
        "p_value": [1.0, 1e-9, 0.05],
    }
    found = verdicts(pd.DataFrame(table))
    assert found["authenticity"].tolist() == [True, True, False], "a tie is inauthentic"
    assert all(found[name].tolist() == [False, True, False] for name in COLUMNS if name != "authenticity")


def test_ties_on_a_lattice_survive_rounding():
    """Centring moves the last digit of 0.1 and its multiples; what is equal must stay so."""
    line = 0.3 + 0.1 * np.arange(50)[:, None]
    between = np.linspace(0.35, 5.05, 48)[:, None]  # half way: d_1 = d_2 = d_test
    scored = scores(train=line, test=line[::-1] + 0.0, generated=np.vstack([between, line[:1] - 0.1, line[-1:] + 0.1]))
    assert (scored["quotient"] == 1).all()
    assert (scored["second"][:48] == 1).all()
    assert (scored["authenticity"][48:] == 1).all(), "one step outside: as far as the nearest other location"
    assert verdicts(scored)["authenticity"].all()


def test_on_a_training_location_every_score_says_copy():
    points, _ = draws(sizes=(200, 200, 50))
    scored = scores(**{**points, "generated": points["train"][:50]})
    assert np.isinf(scored["quotient"]).all()
    assert (scored[COLUMNS[1:]] == 0).all(axis=None)
    assert verdicts(scored).all(axis=None)


def test_far_from_everything_no_score_says_copy():
    points, _ = draws(sizes=(200, 200, 50))
    assert not verdicts(scores(**{**points, "generated": points["generated"] + 1e4})).any(axis=None)


def test_with_one_training_location_there_is_nothing_to_compare_with():
    points, _ = draws(sizes=(1, 20, 10))
    scored = scores(**points)
    assert scored[["second", "authenticity", "p_value"]].isna().all(axis=None)
    assert (scored["local"] == 2).all(), "the mean over one location is its distance"
    assert not verdicts(scored).drop(columns="quotient").any(axis=None)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"train": np.zeros(5)}, r"train: must be an array of shape \(points, features\), found \(5,\)"),
        ({"test": np.zeros((0, 2))}, r"test: must be an array .* found \(0, 2\)"),
        ({"generated": np.array([[0, np.nan], [0, 1], [np.inf, 0]])}, "generated: 2 points are NaN or infinite"),
        ({"test": np.zeros((5, 3))}, r"same number of features, found train \(5, 2\), test \(5, 3\)"),
    ],
)
@pytest.mark.parametrize("function", [scores, rank_test, check_points])
def test_arrays_that_do_not_fit_are_refused_with_a_reason(function, wrong, message):
    with pytest.raises(ValueError, match=message):
        function(**{"train": np.zeros((5, 2)), "test": np.ones((5, 2)), "generated": np.ones((5, 2)), **wrong})


# --- null levels ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dimension", [1, 2, 3, 5])
def test_one_third_has_the_level_three_to_the_minus_m(dimension):
    """P(d_1 / d_2 < t) = t^m for points of a Poisson process in m dimensions, at t = 1/3."""
    rng, level = np.random.default_rng(dimension), 3.0**-dimension
    share = np.mean(second(poisson(200_000, 2, dimension, rng)) < 1 / 3)
    assert share == pytest.approx(level, abs=4.5 * np.sqrt(level * (1 - level) / 200_000))


@pytest.mark.parametrize(
    ("dimension", "level"), [(1, 1.0), (2, 0.999), (3, 0.945), (5, 0.464), (10, 0.016), (20, 2e-5)]
)
def test_the_local_criterion_has_the_levels_that_are_told(dimension, level):
    """Independently of how they were found: given d_50, the others are uniform in the ball, and need not be sorted."""
    rng = np.random.default_rng(dimension)
    inner = rng.random((40_000, 49)) ** (1 / dimension)
    distance = np.sort(np.column_stack([inner, np.ones(40_000)]), axis=1)
    assert np.mean(local(distance) < 1) == pytest.approx(level, abs=0.012)


@pytest.mark.parametrize(("dimension", "level"), [(1, 0.67), (2, 0.62), (3, 0.59), (5, 0.56)])
def test_uniform_points_are_inauthentic_at_the_rate_of_two_balls(dimension, level):
    """On a torus, against 1 / (2 - I): I is the share of a ball within a second one around a point of its surface."""
    rng, redraws = np.random.default_rng(dimension), []
    for _ in range(10):
        train, generated = rng.random((1500, dimension)), rng.random((1500, dimension))
        tree = cKDTree(train, boxsize=1)
        nearest, location = tree.query(generated)
        redraws.append(np.mean(authenticity(nearest, tree.query(train, k=2)[0][location, 1]) <= 1))
    exact = 1 / (2 - betainc((dimension + 1) / 2, 0.5, 0.75))
    assert exact == pytest.approx(level, abs=0.006)
    assert np.mean(redraws) == pytest.approx(exact, abs=4.5 * np.std(redraws, ddof=1) / np.sqrt(10))


@pytest.mark.parametrize("sizes", [(1000, 1000, 1000), (1600, 400, 1000)])
def test_p_values_of_a_perfect_generator_in_the_plane_are_uniform(sizes):
    levels, redraws = np.array([0.01, 0.05, 0.2, 0.5, 0.8]), []
    for seed in range(25):
        p = scores(**draws(sizes=sizes, seed=seed)[0])["p_value"].to_numpy()
        redraws.append((p[:, None] <= levels).mean(0))
    error = np.std(redraws, axis=0, ddof=1) / 5
    assert error.max() < 0.008
    assert (np.abs(np.mean(redraws, axis=0) - levels) < 4.5 * error + 0.005).all()


def test_p_values_are_those_of_the_logistic_law():
    q = np.array([0.1, 1.0, 2.0, 7.0])
    assert np.allclose(p_value(q, dimension=3, rho=4), stats.logistic.sf(3 * np.log(q) - np.log(4)))
    assert p_value(np.array([2.0]), dimension=2).tolist() == [pytest.approx(0.2)]
    assert p_value(np.array([0, 1e30, np.inf]), dimension=64).tolist() == [1, 0, 0]


# --- copies -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("h", "raw", "r_1", "third", "z", "authentic"),
    [
        (0.003, 0.972, 0.987, 0.890, -37.6, 0.008),
        (0.01, 0.780, 0.886, 0.417, -29.5, 0.083),
        (0.02, 0.558, 0.733, 0.123, -16.6, 0.220),
        (0.03, 0.456, 0.657, 0.045, -8.6, 0.305),
        (0.05, 0.379, 0.589, 0.014, -1.3, 0.393),
        (0.08, 0.314, 0.547, -0.014, 5.0, 0.449),
    ],
)
def test_soft_copying_reads_as_in_the_dose_response_table(h, raw, r_1, third, z, authentic):
    """A kernel density estimate of bandwidth h of 1,000 moons. Its own error is one run's."""
    redraws = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        train, test = moons(1000, rng, noise=0.03), moons(1000, rng, noise=0.03)
        generated = train[rng.integers(1000, size=1000)] + h * rng.standard_normal((1000, 2))
        points = {"train": train, "test": test, "generated": generated}
        scored = scores(**points)
        found = verdicts(scored, ratio=1.5).mean()
        corrected = (found["second"] - 1 / 9) / (8 / 9)
        shares = [found["quotient"], np.mean(scored["quotient"] > 1), corrected, 1 - found["authenticity"]]
        redraws.append([*shares, rank_test(**points)])
    mean = np.mean(redraws, axis=0)
    assert mean[:4] == pytest.approx([raw, r_1, third, authentic], abs=0.03)
    assert mean[4] == pytest.approx(z, abs=2)


@pytest.mark.parametrize("dimension", [2, 12])
def test_duplicated_training_rows_leave_every_score_of_a_copier_alone(dimension):
    """Among rows, d_1 / d_2 is 1 on copies of duplicates and their spacing is 0."""
    points, rng = draws(dimension=dimension, sizes=(300, 300, 300))
    points["generated"] = points["train"] + 1e-5 * rng.standard_normal((300, dimension))
    duplicated = {**points, "train": points["train"][rng.permutation(np.repeat(np.arange(300), 4))]}
    scored = scores(**points)
    assert scores(**duplicated).equals(scored)
    assert verdicts(scored)[["quotient", "second", "authenticity"]].all(axis=None)
    assert rank_test(**duplicated) == rank_test(**points)


def test_the_list_finds_planted_copies_in_ten_dimensions_and_none_where_there_are_none():
    found, false = [], []
    for seed in range(10):
        points, rng = draws(dimension=10, seed=seed)
        false.append(verdicts(scores(**points))["p_value"].any())
        points["generated"][:50] = points["train"][:50] + 1e-3 * rng.standard_normal((50, 10))
        found.append(verdicts(scores(**points))["p_value"])
    assert sum(false) <= 2, "a list with an entry has a probability of .05"
    assert np.array(found)[:, :50].all()
    assert np.mean([one[50:].sum() / one.sum() for one in found]) < 0.1


def test_in_the_plane_a_copy_must_be_far_closer_to_be_told_by_itself():
    """A list of 50 among 1,000 points takes p below .0025: a ratio of 20 in the plane."""
    points, rng = draws()
    step = rng.standard_normal((50, 2))
    step /= np.linalg.norm(step, axis=1, keepdims=True)
    share = []
    for distance in (1e-5, 0.02):
        points["generated"][:50] = points["train"][:50] + distance * step
        share.append(verdicts(scores(**points))["p_value"][:50].mean())
    assert share[0] == 1
    assert share[1] < 0.5


def test_a_missing_p_value_is_no_discovery():
    assert discoveries(np.array([1e-9, np.nan, 0.9])).tolist() == [True, False, False]


# --- the rank test ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("sizes", [(200, 200), (60, 300)])
def test_z_is_that_of_scipy(ties, sizes):
    rng = np.random.default_rng(1)
    generated, held_out = rng.integers(0, 6, sizes[0]) + 0.5, rng.integers(0, 7, sizes[1]) + 0.5
    if not ties:
        generated, held_out = generated + rng.random(sizes[0]), held_out + rng.random(sizes[1])
    z = rank_z(generated=generated, held_out=held_out)
    other = stats.mannwhitneyu(generated, held_out, method="asymptotic", use_continuity=False, alternative="less")
    assert stats.norm.cdf(z) == pytest.approx(other.pvalue)
    assert rank_z(generated=held_out, held_out=generated) == pytest.approx(-z)


def test_complete_separation_reaches_the_end_of_the_scale():
    z = rank_z(generated=np.arange(300.0), held_out=np.arange(300.0, 500))
    assert z == pytest.approx(-np.sqrt(3 * 300 * 200 / 501))


def test_an_exact_copier_of_duplicates_is_all_ties_and_still_told():
    """All g distances are zero: the tie correction makes |Z| larger than without ties, by (1 - g^3 / N^3)^(-1/2)."""
    points, rng = draws(sizes=(100, 400, 600))
    points["train"] = np.repeat(points["train"], 5, axis=0)
    points["generated"] = points["train"][rng.integers(500, size=600)]
    correction = 1 - (600**3 - 600) / (1000**3 - 1000)
    assert rank_test(**points) == pytest.approx(-np.sqrt(3 * 600 * 400 / 1001 / correction))
    points["generated"][:300] = rng.standard_normal((300, 2))
    assert rank_test(**points) < -8, "half of them copies"


def test_two_exact_copiers_cannot_be_told_apart():
    points, _ = draws(sizes=(50, 50, 50))
    copier = np.repeat(points["train"], 4, axis=0)
    assert rank_test(train=points["train"], test=copier, generated=copier[:30]) == 0


def test_z_of_a_perfect_generator_is_about_standard_normal():
    z = [rank_test(**draws(sizes=(400, 400, 400), seed=seed)[0]) for seed in range(120)]
    assert np.mean(z) == pytest.approx(0, abs=4.5 / np.sqrt(120))
    assert 0.75 < np.std(z) < 1.35


def test_held_out_and_generated_rows_count_with_their_copies_and_training_rows_do_not():
    points, _ = draws(sizes=(100, 80, 90))
    often = {name: np.repeat(values, 2, axis=0) for name, values in points.items()}
    nearest = [cKDTree(distinct(points["train"])).query(points[name])[0] for name in ("generated", "test")]
    doubled = rank_z(generated=np.repeat(nearest[0], 2), held_out=np.repeat(nearest[1], 2))
    assert rank_test(**often) == pytest.approx(doubled)
    assert abs(doubled) > abs(rank_test(**points))
