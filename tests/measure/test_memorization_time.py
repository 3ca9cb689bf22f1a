"""Planted times are found with the delay of theory, false alarms stay below their bound, and both sides are alike."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffmem.data.dataset import STRATA, stack
from diffmem.measure.memorization_time import SIDES, chance_of_hit, first_alarm, hits, times
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
RULE = {"epochs": EPOCHS, "ratio": 1.5, "dimension": 2.0}


def swapped(table):
    """The table that the training and the held-out set have when they change places."""
    back = table.copy()
    back["train_distance"][..., 0], back["test_distance"] = table["test_distance"], table["train_distance"][..., 0]
    back["train_location"][..., 0], back["test_location"] = table["test_location"], table["train_location"][..., 0]
    return back


def planted(counts, *, quotient=2.0, side="train", points=36):
    """Neighbour table (s, points) in which location -> counts (s,) of points reproduce it, and nothing else happens."""
    table = np.zeros((S, points), dtype=ROW)
    table["train_distance"][..., 0] = table["test_distance"] = 1.0
    for snapshot in range(S):
        column = 0
        for location, count in counts.items():
            rows = slice(column, column + count[snapshot])
            table["train_location"][snapshot, rows, 0] = location
            table["test_distance"][snapshot, rows] = quotient
            column += count[snapshot]
    return table if side == "train" else swapped(table)


def timed(table, known=KNOWN, **options):
    """(side, location) -> (after, by)."""
    found = times(table, known, **{**RULE, **options})
    keys = zip(found["side"], found["location"], strict=True)
    return dict(zip(keys, zip(found["after"], found["by"], strict=True), strict=True))


# --- planted times ----------------------------------------------------------------------------------------------------


def steps(first, count, last=S):
    """``count`` points at the snapshots from ``first`` to before ``last``."""
    return np.where((np.arange(S) >= first) & (np.arange(S) < last), count, 0)


@pytest.mark.parametrize("side", SIDES)
def test_planted_times_are_found_and_locations_without_an_alarm_are_censored(side):
    """Six points per location, c = 4/13: twelve hits add 6.97, six 2.45, the threshold is log 200 = 5.30."""
    cases = {
        0: (steps(5, 12), (8, 16)),  # twice its share: at once
        1: (steps(2, 6), (4, 8)),  # its share: at the third snapshot
        2: (steps(0, 0), (256, np.inf)),
        3: (steps(0, 12, last=1), (-np.inf, 0)),  # later snapshots do not revoke an alarm
        4: (steps(4, 6, last=5), (256, np.inf)),  # once is not enough
        5: (steps(9, 10), (128, 256)),
    }
    found = timed(planted({location: count for location, (count, _) in cases.items()}, side=side))
    other = SIDES[1 - SIDES.index(side)]
    for location, (_, expected) in cases.items():
        assert found[side, location] == expected, location
        assert found[other, location] == (256, np.inf), "the planted points lie far from the other side's locations"


def test_a_time_does_not_depend_on_later_snapshots():
    rng = np.random.default_rng(0)
    count = rng.poisson(0.6, (40, 500))
    whole = first_alarm(count, expected=1, chance=0.3)
    for length in (10, 20, 30):
        # the threshold grows with the number of snapshots: give the shorter run the same
        part = first_alarm(count[:length], expected=1, chance=0.3, false_alarms=0.05 * length / 40)
        assert np.array_equal(part == np.arange(length)[:, None], whole == np.arange(length)[:, None])
    assert (whole < 40).mean() > 0.2


def test_the_cumulative_sum_is_that_of_its_definition():
    """S_i = max over starts of the sum of the log likelihood ratios since then, and 0."""
    rng = np.random.default_rng(1)
    count = rng.poisson(1.0, (12, 30))
    gain = count * np.log(0.65 / 0.3) - 2 * (0.65 - 0.3)
    total = np.array([[max(0.0, max(gain[k : i + 1, j].sum() for k in range(i + 1))) for j in range(30)]
                      for i in range(12)])  # fmt: skip
    over = total >= np.log(12 / 0.05)
    expected = np.where(over.any(0), over.argmax(0), 12)
    assert np.array_equal(first_alarm(count, expected=2, chance=0.3), expected)
    assert 0 < (expected < 12).mean() < 1


@pytest.mark.parametrize(("expected", "chance"), [(1, 0.3), (5, 0.3), (1, 0.05), (5, 0.05)])
def test_false_alarms_stay_below_their_bound_and_the_delay_is_that_of_theory(expected, chance):
    rng = np.random.default_rng(2)
    nothing = rng.poisson(chance * expected, (50, 20_000))
    assert (first_alarm(nothing, expected=expected, chance=chance) < 50).mean() < 0.05
    begins = 25
    copied = np.vstack([nothing[:begins, :4000], rng.poisson(expected, (75, 4000))])
    alarm = first_alarm(copied, expected=expected, chance=chance)
    copying = (1 + chance) / 2
    drift = expected * (np.log(copying / chance) - (copying - chance))
    delay = alarm[alarm >= begins].mean() - begins + 1
    theory = np.log(len(copied) / 0.05) / drift
    assert (alarm < begins).mean() < 0.05
    assert (alarm == len(copied)).mean() < 0.01
    assert abs(delay - theory) < 0.15 * theory + 1


def test_the_chance_of_a_hit_is_that_of_the_local_dimension_and_has_a_floor():
    assert chance_of_hit(1.5, dimension=2.0) == pytest.approx(1 / (1 + 1.5**2))
    assert chance_of_hit(1.5, dimension=50.0) == 0.01
    assert chance_of_hit(1.5, dimension=float("nan")) == pytest.approx(1 / 2.5)


def test_the_ratio_is_exceeded_not_reached_and_a_point_on_both_sets_reproduces_neither():
    table = planted({0: steps(0, 12)}, quotient=1.5)
    assert timed(table, ratio=1.49)["train", 0] == (-np.inf, 0)
    assert timed(table, ratio=1.5)["train", 0] == (256, np.inf)
    table["train_distance"], table["test_distance"] = 0, 0
    assert not any(hits(table, KNOWN, side=side, ratio=1.0).any() for side in SIDES)


def test_the_table_is_tidy_and_keeps_strata_of_both_sides():
    found = times(planted({}), KNOWN, **RULE)
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


@given(st.lists(st.lists(POINT, min_size=6, max_size=6), min_size=S, max_size=S))
@settings(deadline=None, derandomize=True, max_examples=40)
def test_swapping_the_sets_swaps_the_sides(snapshots):
    table = as_table(snapshots)
    turned = Strata(names=KNOWN.names, train=KNOWN.test, test=KNOWN.train, rows=KNOWN.rows, plain=KNOWN.plain)
    there, back = timed(table), timed(swapped(table), turned)
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
    cell = config.studies({"studies": {"s": study}})["s"].cells["base"].data
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
    """Share of the locations of every stratum and side that are memorized by the last snapshot."""
    found = times(table, known, **{**RULE, "epochs": np.arange(SNAPSHOTS), **options})
    return found.assign(done=np.isfinite(found["by"])).groupby(["side", "stratum"], observed=True)["done"].mean()


def test_fresh_points_of_the_truth_give_both_sides_the_same_times():
    shares = [memorized(*one).unstack("side") for one in replicates(20, fresh)]
    difference = np.array([(share["train"] - share["held-out"]).to_numpy() for share in shares])  # (20, 3 strata)
    error = difference.std(0, ddof=1) / np.sqrt(len(shares))
    assert (np.abs(difference.mean(0)) <= 4 * error + 1e-12).all()
    assert sum(shares).to_numpy().sum() > 0, "something is called memorized, or the test says nothing"
    assert sum(shares)["train"].max() / len(shares) < 0.25, "far below the .85 of a first hit"


def test_a_perfect_copier_is_found_on_the_training_side_alone():
    """Each location is copied .68 times a snapshot, a duplicate twice that: at r = 3 the cumulative sum needs about
    six of the twelve snapshots, at r = 1.5, which chance exceeds more often, more than there are."""

    def copies(data, rng):
        chosen = rng.permuted(np.tile(np.arange(len(data["train"])), (SNAPSHOTS, 1)), axis=1)[:, :LOCATIONS]
        return data["train"][chosen] + 1e-6 * rng.standard_normal((SNAPSHOTS, LOCATIONS, 2))

    table, known = next(replicates(1, copies))
    share = {ratio: memorized(table, known, ratio=ratio) for ratio in (1.5, 3.0)}
    assert share[3.0]["train"].min() > 0.7
    assert share[3.0]["train"]["duplicate"] > 0.95
    assert share[1.5]["train"]["inlier"] < share[3.0]["train"]["inlier"]
    assert max(share[ratio]["held-out"].max() for ratio in share) == 0


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
        ({"false_alarms": 0.0}, "false_alarms = 0.0"),
        ({"false_alarms": 1.5}, "false_alarms = 1.5"),
        ({"epochs": EPOCHS[:-1]}, "expected 10 ascending numbers"),
        ({"epochs": EPOCHS[::-1]}, "expected 10 ascending numbers"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_a_sentence(change, message):
    with pytest.raises(ValueError, match=message):
        timed(planted({}), **change)
