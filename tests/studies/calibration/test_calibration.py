"""Generators do what they say, criteria agree with closed forms, and the card is what one computes by hand."""

import ast
import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from diffmem.locations import distinct
from diffmem.measure import audit
from diffmem.measure.chance import chance
from diffmem.measure.criteria import spacing
from diffmem.studies.calibration import card
from diffmem.studies.calibration import criteria as verdicts
from diffmem.studies.calibration import generators as controls
from diffmem.studies.calibration import settings as ladder

SETTING = controls.Setting("moons", train=60, test=50, generated=40, duplicates=6)
COPYING = [name for name in controls.CONTROLS if name.startswith("pi-") or name in ("optimum", "duplicates")]


def world(shape="gaussian-5", *, seed=0, **sizes):
    setting = controls.Setting(shape, **{"train": 200, "test": 200, "generated": 0, **sizes})
    return controls.draw_world(setting, np.random.default_rng(seed))


def draw(name, of, count=2000, seed=1):
    return controls.CONTROLS[name].draw(of, np.random.default_rng(seed), count)


def found_in(points, rows):
    """Which of the points are, to the bit, among the rows."""
    known = {row.tobytes() for row in rows}
    return np.array([point.tobytes() in known for point in points])


def binomial(hits, count, share):
    return abs(hits - count * share) <= 4.5 * np.sqrt(count * share * (1 - share))


# --- generators -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", controls.SHAPES)
def test_every_generator_draws_as_many_points_of_the_right_dimension_and_again_the_same(shape):
    of = world(shape, train=20, duplicates=2)
    for name in controls.CONTROLS:
        points = draw(name, of, count=7)
        assert points.shape == (7, of.train.shape[1])
        assert np.isfinite(points).all()
        np.testing.assert_array_equal(points, draw(name, of, count=7))


@pytest.mark.parametrize("name", COPYING)
def test_a_mixture_has_a_binomial_number_of_exact_copies(name):
    of = world(duplicates=10)
    pi = controls.CONTROLS[name].pi
    assert binomial(found_in(draw(name, of, count=4000), of.train).sum(), 4000, pi)


@pytest.mark.parametrize("name", controls.NOTHING_COPIED)
def test_what_copies_nothing_copies_nothing(name):
    of = world(duplicates=10)
    assert controls.CONTROLS[name].pi == 0
    assert not found_in(draw(name, of), of.train).any()


def test_the_other_half_is_copied_whole_and_is_drawn_as_training_is():
    of = world(duplicates=10)
    assert found_in(draw("other-half", of), of.other).all()
    assert of.other.shape == of.train.shape
    assert len(distinct(of.other)) == 200


def test_duplicates_are_locations_with_ten_rows_and_the_only_ones_that_their_copier_copies():
    of = world(duplicates=10)
    positions, rows = np.unique(of.train, axis=0, return_counts=True)
    assert sorted(rows) == [1] * 190 + [controls.ROWS] * 10
    points = draw("duplicates", of)
    copied = points[found_in(points, of.train)]
    assert found_in(copied, positions[rows > 1]).all()
    assert len(distinct(copied)) == 10


def test_the_optimum_draws_rows_alike_so_that_duplicates_come_as_often_as_they_have_rows():
    of = world(duplicates=10)
    hits = found_in(draw("optimum", of, count=4000), of.train[: 10 * controls.ROWS])
    assert binomial(hits.sum(), 4000, 100 / 290)


@pytest.mark.parametrize(("name", "scale"), [("truth", 1), ("wide", 1.3), ("narrow", 1 / 1.3)])
def test_a_wide_or_narrow_generator_has_the_spread_that_it_should(name, scale):
    assert draw(name, world()).std() == pytest.approx(scale, rel=0.03)


@pytest.mark.parametrize(("name", "noise"), [("truth", 0.03), ("wide", 0.09), ("narrow", 0.01)])
def test_moons_are_wide_and_narrow_in_their_noise(name, noise):
    x, y = ((draw(name, world("moons")) + 1) / [2, 3] - 0.3).T
    off = np.stack([np.hypot(x, y) - 1, np.hypot(x - 1, y - 0.5) - 1])
    off = off[:, np.abs(off).min(0) < 4 * noise]  # away from where a moon ends
    assert np.take_along_axis(off, np.abs(off).argmin(0)[None], 0).std() == pytest.approx(noise, rel=0.1)


@pytest.mark.parametrize("shape", ["moons", "gaussian-50"])
def test_a_soft_copy_is_off_by_so_many_median_spacings(shape):
    of = world(shape)
    points, source = draw("kde-0.05", of), draw("optimum", of)  # the same stream: the same rows
    step = np.sqrt(np.square(points - source).sum(1).mean())
    assert step == pytest.approx(0.05 * np.median(spacing(of.train)), rel=0.05)


def test_low_rank_data_lie_in_one_subspace_whatever_the_draw():
    of = world("rank-10-in-64")
    assert np.linalg.matrix_rank(np.vstack([of.train, of.other, draw("wide", of)])) == 10


# --- running ----------------------------------------------------------------------------------------------------------


def test_controls_do_not_depend_on_each_other_or_on_what_else_is_run():
    table = controls.simulate(SETTING, repetitions=[3], permutations=5)
    again = controls.run(SETTING, name="wide", repetition=3, permutations=5)
    for criterion, row in table[table["generator"] == "wide"].set_index("criterion").iterrows():
        np.testing.assert_equal(tuple(row[list(verdicts.Verdict._fields)]), tuple(again[criterion]))


def test_a_table_of_controls_has_a_row_for_each_generator_repetition_and_criterion():
    table = controls.simulate(SETTING, repetitions=range(2), permutations=5)
    expected = set(itertools.product(controls.CONTROLS, range(2), verdicts.CRITERIA))
    assert set(zip(table["generator"], table["repetition"], table["criterion"], strict=True)) == expected
    assert len(table) == len(expected)
    assert set(table.columns) | {"setting"} == set(card.COLUMNS)


def test_where_nothing_is_duplicated_there_is_no_copier_of_duplicates():
    setting = controls.Setting("gaussian-1", train=20, test=20, generated=10)
    assert "duplicates" not in set(controls.simulate(setting, repetitions=[0], permutations=3)["generator"])


# --- ladder -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ladder.SETTINGS)
def test_a_ladders_settings_exist_and_its_figure_shows_some_of_them(name):
    settings = ladder.SETTINGS[name]
    assert {controls.Setting(**values).shape for values in settings.values()} <= set(controls.SHAPES)
    assert set(ladder.SHOWN[name]) <= set(settings)
    assert all(values["duplicates"] <= values["train"] for values in settings.values())


def test_the_full_ladder_has_all_shapes_and_sizes_with_and_without_duplicates():
    assert len(ladder.FULL) == len(controls.SHAPES) * 2 * 2
    assert tuple(controls.SHAPES) == ladder.SHAPES
    assert ladder.SHARDS["controls-full"][-1] == "r1900-1999"


def test_the_ladder_can_be_read_without_numpy():
    tree = ast.parse(Path(ladder.__file__).read_text())
    assert [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)] == ["diffmem.settings.study"]
    assert not any(isinstance(node, ast.Import) for node in ast.walk(tree))


# --- criteria ---------------------------------------------------------------------------------------------------------


def evidence(train, test, generated, **known):
    """Evidence on a line, with whatever of it is ``known`` instead of measured."""
    sets = (np.array(points, dtype=float)[:, None] for points in (train, test, generated))
    made = verdicts.Evidence(*sets, permutations=20, rng=np.random.default_rng(0))
    made.__dict__.update(known)
    return made


def test_raw_closer_and_third_by_hand():
    """Points at 1 and 28 are closer to training, 21 is by 1.5 times only with r < 8, and 0 is a copy."""
    of = evidence([0, 20, 30, 50], [6, 29], [1, 21, 28, 0], dimension=2.0)
    assert of.rho == 2
    # d_train 1, 1, 2, 0; d_test 5, 8, 1, 6; second 19, 9, 8, 20
    for criterion, hits, level in [
        (verdicts.CRITERIA["raw 1.5"], 3, 2 / (2 + 1.5**2)),
        (verdicts.CRITERIA["raw 2"], 3, 2 / (2 + 2**2)),
        (verdicts.CRITERIA["closer"], 3, 2 / 3),
        (verdicts.CRITERIA["third"], 4, 1 / 9),
    ]:
        verdict = criterion(of)
        assert verdict.estimate == pytest.approx((hits / 4 - level) / (1 - level))
        assert verdict.p_value == pytest.approx(stats.binom.sf(hits - 1, 4, level))
        assert verdict.copies == (verdict.p_value < 0.05)
        low, high = stats.binomtest(hits, 4).proportion_ci(method="wilson")
        assert (verdict.low, verdict.high) == pytest.approx(((low - level) / (1 - level), (high - level) / (1 - level)))


def test_authenticity_by_hand():
    """Spacings 2, 2, 7; d_1 of generated points 0, 1, 3 at locations 0, 2, 9; of held-out ones 4, 11."""
    verdict = verdicts.authenticity(evidence([0, 2, 9], [-4, 20], [0, 3, 12]))
    assert verdict.estimate == 1  # of three, all inauthentic; of two held-out points, none
    assert verdict.p_value == pytest.approx(stats.norm.sf(1 / np.sqrt(0.6 * 0.4 * (1 / 3 + 1 / 2))))
    assert verdict.copies


def test_the_two_sample_rule_is_the_uncorrected_chi_square_test():
    called, held_out = np.arange(30) < 14, np.arange(50) < 11
    table = [[14, 16], [11, 39]]
    p = stats.chi2_contingency(table, correction=False).pvalue / 2
    assert verdicts._beyond_held_out(called, held_out).p_value == pytest.approx(p)


def test_rank_counts_pairs():
    of = evidence([0, 10], [3, 4, 15], [1, 12, 13.5, 10])
    generated, held_out = of.near.distance[:, 0], of.held_out.distance[:, 0]
    farther = np.mean([(g > h) + 0.5 * (g == h) for g in generated for h in held_out])
    assert verdicts.rank(of).estimate == pytest.approx(1 - 2 * farther)


def test_net_is_the_packages_own_audit():
    of = evidence(*np.random.default_rng(1).standard_normal((3, 40)))
    sets = {"train": of.train, "test": of.test, "generated": of.generated}
    expected = audit(**sets, seed=0, permutations=20)
    for row in expected.itertuples():
        verdict = verdicts.CRITERIA[f"travelling {row.ratio:g}"](of)
        assert tuple(verdict)[:1] + tuple(verdict)[2:4] == pytest.approx((row.net, row.net_low, row.net_high))
        assert verdict.copies == (row.net_low > 0)


def test_all_criteria_find_an_exact_copier_and_those_without_an_answer_have_none():
    of = world("gaussian-10", train=300)
    test = of.truth(300, np.random.default_rng(2))
    found = verdicts.judge(
        train=of.train, test=test, generated=draw("optimum", of, 200), permutations=30, rng=np.random.default_rng(3)
    )
    assert all(verdict.copies for verdict in found.values())
    assert [verdict.estimate for verdict in found.values()] == pytest.approx([1] * len(found))


def test_the_local_criterion_has_no_estimate_where_it_calls_every_point_a_copy():
    of = world("moons")
    test = of.truth(200, np.random.default_rng(2))
    made = verdicts.Evidence(of.train, test, test[:50], 5, np.random.default_rng(0))
    made.__dict__["held_out"] = made.index.nearest(of.train, 50)
    verdict = verdicts.local(made)
    assert np.isnan(verdict.estimate)
    assert not verdict.copies


def test_raw_takes_chance_from_the_held_out_points_dimension():
    of = world("gaussian-5", train=400)
    test, points = (of.truth(400, np.random.default_rng(seed)) for seed in (2, 3))
    made = verdicts.Evidence(of.train, test, points, 5, np.random.default_rng(0))
    assert made.dimension == pytest.approx(5, rel=0.2)
    share = np.mean(1.5 * made.near.distance[:, 0] < made.test_distance)
    level = chance(1.5, dimension=made.dimension)
    assert verdicts.CRITERIA["raw 1.5"](made).estimate == pytest.approx((share - level) / (1 - level))


# --- card -------------------------------------------------------------------------------------------------------------


def planted():
    """Two criteria on truth, narrow, pi-0.01, pi-0.2 and kde-1: four repetitions each, one without intervals."""
    pis = {"truth": 0, "narrow": 0, "pi-0.01": 0.01, "pi-0.2": 0.2, "duplicates": 0.2, "kde-1": np.nan}
    rows = []
    for (name, pi), repetition, criterion in itertools.product(pis.items(), range(4), ("a", "b")):
        rows.append(
            {
                "setting": "s",
                "generator": name,
                "pi": pi,
                "bandwidth": 1.0 if name == "kde-1" else np.nan,
                "repetition": repetition,
                "criterion": criterion,
                "estimate": 0.1 * repetition,
                "copies": repetition >= {"truth": 4, "narrow": 1}.get(name, 2),
                "low": 0.1 * repetition - 0.1 if criterion == "a" else np.nan,
                "high": 0.1 * repetition if criterion == "a" else np.nan,
                "p_value": np.nan,
            }
        )
    return pd.DataFrame(rows)


def test_the_card_by_hand():
    a, b = card.card(planted()).to_dict("records")
    assert (a["setting"], a["criterion"], b["criterion"]) == ("s", "a", "b")
    assert a["false_alarm"] == 3 / 8  # none of four and three of four
    assert (a["false_alarm_truth"], a["false_alarm_narrow"]) == (0, 0.75)
    assert (a["power_1"], a["power_20"]) == (0.5, 0.5)
    assert np.isnan(a["power_5"])
    assert a["bias"] == pytest.approx(0.15 - 0.105)
    # pi = 0.01 lies in (0, 0.1]; 0.2 in (0.1, 0.2] and, rounding aside, in (0.2, 0.3]
    assert a["coverage"] == 3 / 8
    assert np.isnan([b["coverage"], b["coverage_low"]]).all()
    assert a["controls"] == 24


@pytest.mark.parametrize(("hits", "count"), [(0, 8), (3, 8), (400, 400)])
def test_shares_have_wilsons_interval(hits, count):
    z, share = stats.norm.ppf(0.975), hits / count
    centre = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z / (1 + z**2 / count) * np.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    assert card.wilson(hits, count) == pytest.approx((centre - half, centre + half), abs=1e-12)
    assert np.isnan(card.wilson(0, 0)).all()


def test_levels_are_means_and_shares_of_single_generators():
    table = card.levels(planted()).set_index(["criterion", "generator"])
    assert len(table) == 12
    row = table.loc[("a", "narrow")]
    assert (row["mean"], row["copies"], row["replicates"]) == pytest.approx((0.15, 0.75, 4))
    half = stats.t.ppf(0.975, 3) * np.std([0, 0.1, 0.2, 0.3], ddof=1) / 2
    assert (row["low"], row["high"]) == pytest.approx((0.15 - half, 0.15 + half))
    assert row["coverage"] == 0.5  # of zero: in [-0.1, 0] and [0, 0.1]
    assert np.isnan(table.loc[("a", "kde-1"), "coverage"])
    assert table.loc[("b", "kde-1"), "bandwidth"] == 1
