"""Clocks find planted times, know what they cannot know, and run alike on both sides of a model that copies nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffmem.data.dataset import STRATA, stack
from diffmem.measure.memorization_time import SIDES, first_lasting, hits, times
from diffmem.measure.strata import Strata, quotient, strata
from diffmem.neighbours.table import ROW, references, tabulate
from diffmem.settings import read as config

S = 10
EPOCHS = np.array([0, 1, 2, 4, 8, 16, 32, 64, 128, 256])
KNOWN = Strata(
    names=("inlier", "outlier"),
    train=np.array([0, 0, 0, 1, 1, 1]),
    test=np.array([0, 1, 0, 1, 0, 1]),
    rows=np.array([3, 3]),
    plain=(3, 3),
)
IN_A_ROW, HALF = {"confirm": 3, "share": None}, {"confirm": 3, "share": 0.5}


def swapped(table):
    """The table that the training and the held-out set have when they change places."""
    back = table.copy()
    back["train_distance"][..., 0], back["test_distance"] = table["test_distance"], table["train_distance"][..., 0]
    back["train_location"][..., 0], back["test_location"] = table["test_location"], table["train_location"][..., 0]
    return back


def planted(snapshots, *, quotient=2.0, side="train"):
    """Neighbour table (s, g) in which location -> snapshots are reproduced at that quotient, and nothing else is."""
    table = np.zeros((S, 1 + len(snapshots)), dtype=ROW)
    table["train_distance"][..., 0] = table["test_distance"] = 1.0
    for column, (location, at) in enumerate(snapshots.items(), start=1):
        table["train_location"][:, column, 0] = location
        table["test_distance"][list(at), column] = quotient
    return table if side == "train" else swapped(table)


def clock(table, known=KNOWN, **options):
    """(side, location) -> (after, by)."""
    found = times(table, known, **{"epochs": EPOCHS, "ratio": 1.5, **HALF, **options})
    keys = zip(found["side"], found["location"], strict=True)
    return dict(zip(keys, zip(found["after"], found["by"], strict=True), strict=True))


# --- planted times ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("rule", [IN_A_ROW, HALF])
def test_planted_times_are_found_and_what_never_lasts_is_censored(rule, side):
    cases = {
        0: (range(5, S), (8, 16)),  # copied from snapshot 5 on
        1: ([2], (64, np.inf)),  # copied once only
        2: ([], (64, np.inf)),  # never
        3: (range(S), (-np.inf, 0)),  # from the first snapshot on
        4: ([9], (64, np.inf)),  # once, at the very end
        5: (range(7, S), (32, 64)),  # from the last snapshot that can be confirmed
    }
    found = clock(planted({location: at for location, (at, _) in cases.items()}, side=side), **rule)
    other = SIDES[1 - SIDES.index(side)]
    for location, (_, expected) in cases.items():
        assert found[side, location] == expected, location
        assert found[other, location] == (64, np.inf), "the planted points lie far from the other side's locations"


def test_rules_differ_on_what_is_reproduced_every_other_time_and_on_what_is_forgotten():
    table = planted({0: range(2, S, 2), 1: range(3, 6), 2: range(8, S)})
    half, row = clock(table, **HALF), clock(table, **IN_A_ROW)
    assert (half["train", 0], row["train", 0]) == ((1, 2), (64, np.inf))
    assert (half["train", 1], row["train", 1]) == ((64, np.inf), (2, 4))
    assert half["train", 2] == row["train", 2] == (64, np.inf), "two snapshots do not confirm three"


@pytest.mark.parametrize(("confirm", "horizon"), [(1, 256), (2, 128), (5, 16), (10, 0)])
def test_the_horizon_is_the_last_snapshot_that_can_be_confirmed(confirm, horizon):
    found = clock(planted({0: range(S), 1: [9]}), confirm=confirm)
    assert found["train", 2] == (horizon, np.inf)
    assert found["train", 0] == (-np.inf, 0)
    assert found["train", 1] == ((128, 256) if confirm == 1 else (horizon, np.inf))


def test_a_share_is_counted_over_all_later_snapshots_and_rounding_does_not_decide():
    hit = np.zeros((25, 2), dtype=bool)
    hit[:14, 0] = hit[:13, 1] = True  # 0.56 and 0.52 of all, while 0.56 * 25 > 14 in binary
    assert first_lasting(hit, confirm=1, share=0.56).tolist() == [0, 25]


def test_the_ratio_is_exceeded_not_reached_and_a_point_on_both_sets_reproduces_neither():
    table = planted({0: range(S)}, quotient=1.5)
    assert clock(table, ratio=1.49)["train", 0] == (-np.inf, 0)
    assert clock(table, ratio=1.5)["train", 0] == (64, np.inf)
    table["train_distance"], table["test_distance"] = 0, 0
    assert not any(hits(table, KNOWN, side=side, ratio=1.0).any() for side in SIDES)


def test_the_table_is_tidy_and_keeps_strata_of_both_sides():
    found = times(planted({}), KNOWN, epochs=EPOCHS, ratio=1.5)
    assert found.columns.tolist() == ["location", "stratum", "side", "after", "by"]
    assert found["location"].tolist() == [*range(6), *range(6)]
    for side, code in zip(SIDES, (KNOWN.train, KNOWN.test), strict=True):
        assert found.loc[found["side"] == side, "stratum"].cat.codes.tolist() == code.tolist()


# --- symmetry and counting --------------------------------------------------------------------------------------------

POINT = st.tuples(st.integers(0, 4), st.integers(0, 5), st.integers(0, 4), st.integers(0, 5))


def as_table(snapshots):
    table = np.zeros((len(snapshots), len(snapshots[0])), dtype=ROW)
    for row, (train, train_location, test, test_location) in zip(table.ravel(), np.vstack(snapshots), strict=True):
        row["train_distance"], row["train_location"] = (train, train + 1), (train_location, -1)
        row["test_distance"], row["test_location"] = test, test_location
    return table


@given(st.lists(st.lists(POINT, min_size=6, max_size=6), min_size=S, max_size=S), st.sampled_from([HALF, IN_A_ROW]))
@settings(deadline=None, derandomize=True, max_examples=40)
def test_swapping_the_sets_swaps_the_sides(snapshots, rule):
    table = as_table(snapshots)
    turned = Strata(names=KNOWN.names, train=KNOWN.test, test=KNOWN.train, rows=KNOWN.rows, plain=KNOWN.plain)
    there, back = clock(table, **rule), clock(swapped(table), turned, **rule)
    assert {(SIDES[1 - SIDES.index(side)], location): time for (side, location), time in back.items()} == there


@given(st.lists(st.lists(POINT, min_size=5, max_size=5), min_size=2, max_size=4))
@settings(deadline=None, derandomize=True, max_examples=40)
def test_hits_are_what_counting_point_by_point_gives(snapshots):
    table = as_table(snapshots)
    for side in SIDES:
        count = np.zeros((len(snapshots), 6), dtype=int)
        for i, points in enumerate(snapshots):
            for train, train_location, test, test_location in points:
                own, other = (train, test) if side == "train" else (test, train)
                count[i, train_location if side == "train" else test_location] += 1.5 * own < other
        assert np.array_equal(hits(table, KNOWN, side=side, ratio=1.5), count)


# --- real data and a generator that copies nothing --------------------------------------------------------------------

SNAPSHOTS, LOCATIONS = 12, 260
SIDES_OF_DATA = ("train_stratum", "train_location", "train_plain", "test_stratum", "test_location", "test_plain")


def replicates(count, generate):
    """Neighbour table (s, g) and strata of every replicate; ``generate`` makes (s, g, d) of its data."""
    study = {"data": {"inliers": 200, "outliers": {"count": 60}, "duplicates": {"count": 60, "copies": 2},
                      "fresh": SNAPSHOTS * LOCATIONS}}  # fmt: skip
    cell = config.studies({"studies": {"s": study}})["s"].cells["base"]["data"]
    arrays = stack(cell, seed=7, replicates=range(count))
    for i in range(count):
        data = {name: array[i] for name, array in arrays.items()}
        names = ("train", "train_location", "test", "test_location", "test_plain")
        to = references(**{name: data[name] for name in names})
        table = np.stack([tabulate(points, to) for points in generate(data, np.random.default_rng(i))])
        yield table, strata(STRATA, **{name: data[name] for name in SIDES_OF_DATA})


def fresh(data, rng):
    return rng.permutation(data["fresh"]).reshape(SNAPSHOTS, LOCATIONS, -1)


def memorized(table, known, **options):
    """Share of the locations of every stratum and side that are ever reproduced lastingly."""
    found = times(table, known, epochs=np.arange(SNAPSHOTS), ratio=1.5, **options)
    return found.assign(done=np.isfinite(found["by"])).groupby(["side", "stratum"], observed=True)["done"].mean()


def test_fresh_points_of_the_truth_run_both_clocks_alike():
    drawn = list(replicates(20, fresh))
    for rule in (HALF, IN_A_ROW, {"confirm": 1, "share": None}):
        shares = [memorized(table, known, **rule).unstack("side") for table, known in drawn]
        difference = np.array([(share["train"] - share["held-out"]).to_numpy() for share in shares])  # (20, 3 strata)
        share = sum(shares).mean(axis=1).to_numpy() / len(shares)
        size = np.bincount(drawn[0][1].train)[[0, 1, 2]]
        error = np.sqrt(2 * share * (1 - share) / size)
        assert (share > 0.02).all(), "something is called memorized, or the test says nothing"
        assert (np.abs(difference.mean(0)) <= 4 * error / np.sqrt(len(drawn))).all()
        assert (np.abs(difference) <= 5 * error).all()


def test_a_first_hit_clock_calls_nearly_everything_memorized_and_a_lasting_one_does_not():
    table, known = next(replicates(1, fresh))
    assert memorized(table, known, confirm=1, share=None)["train"]["inlier"] > 0.85
    assert memorized(table, known)["train"]["inlier"] < 0.4


def test_a_perfect_copier_is_found_on_the_training_clock_alone():
    """As many points as locations: each snapshot shows 63 % of them, half of all snapshots nearly every one."""

    def copies(data, rng):
        chosen = rng.permuted(np.tile(np.arange(len(data["train"])), (SNAPSHOTS, 1)), axis=1)[:, :LOCATIONS]
        return data["train"][chosen] + 1e-6 * rng.standard_normal((SNAPSHOTS, LOCATIONS, 2))

    table, known = next(replicates(1, copies))
    share = memorized(table, known)
    assert share["train"].min() > 0.9
    assert share["held-out"].max() == 0
    assert memorized(table, known, **IN_A_ROW)["train"]["inlier"] < share["train"]["inlier"]


def test_locations_reproduced_are_those_whose_best_quotient_exceeds_the_ratio():
    """As the rates count them."""
    table, known = next(replicates(1, fresh))
    best = np.zeros((SNAPSHOTS, len(known.train)))
    snapshot = np.broadcast_to(np.arange(SNAPSHOTS)[:, None], table.shape)
    np.maximum.at(best, (snapshot, table["train_location"][..., 0]), quotient(table, "matched"))
    for ratio in (1.5, 3.0):
        assert np.array_equal(hits(table, known, side="train", ratio=ratio) > 0, best > ratio)


# --- what is refused --------------------------------------------------------------------------------------------------


def without_twins():
    return Strata(names=KNOWN.names, train=KNOWN.train, test=np.zeros(6, dtype=int), rows=KNOWN.rows, plain=KNOWN.plain)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"known": without_twins()}, "outlier: no held-out locations"),
        ({"ratio": 0.5}, "ratio = 0.5"),
        ({"confirm": 11}, "10 snapshots cannot show 11"),
        ({"confirm": 0}, "cannot show 0"),
        ({"share": 0.0}, "share = 0.0"),
        ({"share": 1.5}, "share = 1.5"),
        ({"epochs": EPOCHS[:-1]}, "expected 10 ascending numbers"),
        ({"epochs": EPOCHS[::-1]}, "expected 10 ascending numbers"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_a_sentence(change, message):
    with pytest.raises(ValueError, match=message):
        clock(planted({}), **change)
