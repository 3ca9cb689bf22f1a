"""Rates count what they say, find the share that was copied, and say nothing of a generator that copies nothing."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from diffmem.data.dataset import DUPLICATE, OUTLIER, STRATA, stack
from diffmem.data.toy import moons
from diffmem.locations import first_rows
from diffmem.measure.criteria import spacing
from diffmem.measure.rates import rates
from diffmem.measure.strata import ALL, Strata, quotient, strata
from diffmem.neighbours.table import ROW, references, tabulate
from diffmem.settings import read as config

RATIOS = [1.0, 1.5, 2.0, 3.0]
SIDES = ("train", "train_location", "test", "test_location", "test_plain")
SIDES_WITH_STRATA = (
    "train_stratum", "train_location", "train_plain", "test_stratum", "test_location", "test_plain",
)  # fmt: skip
EVERYTHING = {"outliers": {"count": 60, "distance": 6.0}, "duplicates": {"count": 60, "copies": 3},
              "near_duplicates": {"count": 60}}  # fmt: skip


def replicate(seed=0, **data):
    study = {"data": {"inliers": 1000, "fresh": 2000, **data}}
    chosen = config.studies({"studies": {"s": study}})["s"].cells["base"].data
    return {name: array[0] for name, array in stack(chosen, seed=seed, replicates=range(1)).items()}


def near(data):
    """Spacing of the training locations, and distances from held-out points to them."""
    positions = data["train"][first_rows(data["train_location"])]
    return {"spacing": spacing(positions), "held_out": cKDTree(positions).query(data["test"])[0]}


def judged(data, generated, *, fresh=None, reference="matched", headline=2.0):
    """Rates of one set of generated points, with a key for each: column -> value."""
    to = references(**{name: data[name] for name in SIDES})
    known = strata(STRATA, **{name: data[name] for name in SIDES_WITH_STRATA})
    floor = tabulate(data["fresh"] if fresh is None else fresh, to)
    around = dict(fresh=floor, ceiling=floor, **near(data))
    asked = dict(ratios=RATIOS, headline=headline, references=[reference])
    table = rates(tabulate(generated, to)[None], known, **around, **asked)
    return table.set_index(["criterion", "normalisation", "stratum"]).sort_index()


def curve(table, criterion, normalisation, stratum=ALL, column="value"):
    """One number per ratio."""
    return table.loc[[(criterion, normalisation, stratum)], column].to_numpy()


def copied(points, rng, count, jitter=1e-5):
    """Rows of ``points`` drawn uniformly, moved by next to nothing."""
    return points[rng.integers(len(points), size=count)] + jitter * rng.standard_normal((count, points.shape[1]))


def assert_mean(redraws, expected, largest_error):
    """The mean over redraws is the expected one within 4.5 of its standard errors, which are small enough to tell."""
    error = np.std(redraws, axis=0, ddof=1) / np.sqrt(len(redraws))
    assert error.max() < largest_error
    assert (np.abs(np.mean(redraws, axis=0) - expected) <= 4.5 * error).all()


# --- counting ---------------------------------------------------------------------------------------------------------

K, TRAIN, TEST = 3, np.array([0, 0, 1, 1, 1]), np.array([0, 1, 1, 0])
DISTANCE = st.integers(0, 6).map(float)
POINT = st.tuples(DISTANCE, st.integers(0, 4), DISTANCE, DISTANCE, st.integers(0, 3))
SPACING = 2.0
THRESHOLDS = [1.0, 1.37, 2.03, 5.5]  # no quotients of small integers but 1: rounding never decides


def as_table(rows):
    table = np.zeros(len(rows), dtype=ROW)
    for row, (train, location, plain, extra, test_location) in zip(table, rows, strict=True):
        row["train_distance"], row["train_location"] = (train, train + 1), (location, -1)
        row["plain_distance"], row["test_distance"], row["test_location"] = plain, min(plain, extra), test_location
    return table


def by_hand(table, known, reference, r, draws):
    """(criterion, normalisation) -> value for every stratum and all, counted point by point; coverage by all choices
    of ``draws`` points."""
    points = []
    for row in table:
        near, far = row["train_distance"][0], row["plain_distance" if reference == "plain" else "test_distance"]
        held_out = reference == "matched" and far < near
        code = known.test[row["test_location"]] if held_out else known.train[row["train_location"][0]]
        third, inauthentic = row["train_distance"][0] < row["train_distance"][1] / 3, near <= SPACING
        points.append((code, row["train_location"][0], r * near < far, r * far < near, third, inauthentic))
    result = {}
    for s in (*range(K), ALL):
        own = [p for p in points if s in (ALL, p[0])]
        up, down = sum(p[2] for p in own), sum(p[3] for p in own)
        places = [j for j, code in enumerate(known.train) if s in (ALL, code)]
        hits = [len({p[1] for p in some if p[2]} & set(places)) for some in itertools.combinations(points, draws)]
        share = known.rows.sum() if s == ALL else known.rows[s]
        result["raw", "generated", s] = up / len(points)
        result["net", "generated", s] = (up - down) / len(points)
        result["raw", "stratum", s] = up / len(own) if own else np.nan
        result["net", "stratum", s] = (up - down) / len(own) if own else np.nan
        result["raw", "location", s] = np.mean(hits) / len(places) if places else np.nan
        result["third", "stratum", s] = sum(p[4] for p in own) / len(own) if own else np.nan
        result["authenticity", "stratum", s] = sum(p[5] for p in own) / len(own) if own else np.nan
        result["mass", "generated", s] = len(own) / len(points)
        result["mass", "training", s] = len(own) / len(points) / (share / known.rows.sum()) if share else np.nan
    return result


@given(st.lists(POINT, min_size=1, max_size=7), st.lists(POINT, min_size=1, max_size=7))
@settings(deadline=None, derandomize=True, max_examples=40)
def test_rates_are_what_counting_point_by_point_gives(generated, fresh):
    known = Strata(names=("a", "b", "c"), train=TRAIN, test=TEST, rows=np.array([2, 9, 0]), plain=(4, 3))
    tables = as_table(generated), as_table(fresh)
    result = rates(
        tables[0][None],
        known,
        fresh=tables[1],
        ceiling=tables[0],
        spacing=np.full(len(TRAIN), SPACING),
        held_out=np.array([1.0, 2.0]),
        ratios=THRESHOLDS,
        headline=1.37,
        references=["plain", "matched"],
    )
    np.testing.assert_array_equal(result["ceiling"], result["value"])
    result = result[~result["criterion"].isin(["rank", "discoveries"])]
    draws = min(len(TRAIN), len(generated), len(fresh))
    assert set(result["stratum"]) == {"a", "b", ALL}, "the third stratum has no rows"
    for reference in ("plain", "matched"):
        for r in THRESHOLDS:
            value, floor = (by_hand(table, known, reference, r, draws) for table in tables)
            single = "criterion in ('mass', 'third', 'authenticity')"
            rows = result.query(f"reference == @reference and (threshold == @r or {single})")
            assert len(rows) == len({(*key[:2],) for key in value}) * 3
            for row in rows.itertuples():
                key = row.criterion, row.normalisation, {"a": 0, "b": 1, ALL: ALL}[row.stratum]
                assert row.value == pytest.approx(value[key], nan_ok=True), key
                assert row.floor == pytest.approx(floor[key], nan_ok=True), key


def test_a_ratio_that_is_just_reached_does_not_count():
    table = as_table([(2.0, 0, 3.0, 3.0, 0), (3.0, 0, 2.0, 2.0, 0), (0.0, 0, 0.0, 0.0, 0)])
    known = Strata(names=("a",), train=np.zeros(5, int), test=np.zeros(4, int), rows=np.array([5]), plain=(5, 4))
    around = dict(fresh=table, ceiling=table, spacing=np.ones(5), held_out=np.ones(4))
    result = rates(table[None], known, **around, ratios=[1.0, 1.5], headline=1.5, references=["matched"])
    raw = result.query("criterion == 'raw' and normalisation == 'stratum' and stratum == 'all'")
    assert raw["count"].tolist() == [1, 0]
    assert quotient(table, "matched").tolist() == [1.5, pytest.approx(2 / 3), 1]


def test_only_fractions_at_the_ratio_of_the_main_figures_are_headline():
    """At r = 1 as well, which is a threshold of another criterion too."""
    data = replicate(outliers={"count": 60, "distance": 6.0})
    for headline in (1.0, 2.0):
        table = judged(data, data["fresh"], headline=headline).reset_index()
        marked = table[table["headline"]]
        assert table["headline"].dtype == bool
        assert set(marked["criterion"]) == {"raw", "net"}
        assert (marked["threshold"] == headline).all()
        assert len(marked) == table["criterion"].isin(["raw", "net"]).sum() / len(RATIOS)


def test_snapshots_are_judged_one_by_one():
    data = replicate()
    rng = np.random.default_rng(0)
    to = references(**{name: data[name] for name in SIDES})
    known = strata(STRATA, **{name: data[name] for name in SIDES_WITH_STRATA})
    tables = [tabulate(copied(data[half], rng, 50), to) for half in ("train", "test", "fresh")]
    judge = dict(ratios=RATIOS, headline=2.0, references=["plain", "matched"], **near(data))
    together = rates(np.stack(tables), known, fresh=tables[2], ceiling=tables[0], **judge)
    for number, table in enumerate(tables):
        alone = rates(table[None], known, fresh=tables[2], ceiling=tables[0], **judge)
        assert together[together["snapshot"] == number].drop(columns="snapshot").reset_index(drop=True).equals(
            alone.drop(columns="snapshot")
        )  # fmt: skip


# --- the net copied fraction ------------------------------------------------------------------------------------------


def truth(data, rng, count):
    return data["fresh"][:count]


def wide(data, rng, count):
    return moons(count, rng, noise=0.5)


def garbage(data, rng, count):
    return rng.uniform(-20, 20, (count, 2))


@pytest.mark.parametrize(("generator", "largest_error"), [(truth, 0.01), (wide, 0.025), (garbage, 0.08)])
def test_net_is_zero_for_a_generator_that_copies_nothing(generator, largest_error):
    redraws = []
    for seed in range(30):
        data = replicate(seed)
        table = judged(data, generator(data, np.random.default_rng(seed), 1000), fresh=data["fresh"][1000:])
        redraws.append(curve(table, "net", "generated"))
    assert_mean(redraws, 0, largest_error)


def test_far_off_samples_are_no_copies_at_any_ratio_above_one():
    data = replicate()
    table = judged(data, 1e6 + np.random.default_rng(0).standard_normal((500, 2)))
    assert (curve(table, "net", "generated")[1:] == 0).all()
    assert (curve(table, "raw", "generated")[1:] == 0).all()


@pytest.mark.parametrize("share", [0.2, 0.7])
@pytest.mark.parametrize("data", [{}, {"dataset": "mixture", "dimension": 8}, {"dataset": "gaussian", "dimension": 3}],
                         ids=["moons", "mixture 8-d", "gaussian 3-d"])  # fmt: skip
def test_net_is_the_share_of_copies_at_every_ratio(share, data):
    redraws = []
    for seed in range(25):
        drawn, rng = replicate(seed, **{**data, "inliers": 500}), np.random.default_rng(seed)
        copies = int(1000 * share)
        generated = np.vstack([copied(drawn["train"], rng, copies), drawn["fresh"][: 1000 - copies]])
        redraws.append(curve(judged(drawn, generated, fresh=drawn["fresh"][1000:]), "net", "generated"))
    assert_mean(redraws, share, 0.011)


def test_one_of_two_strata_that_is_copied_is_told_from_the_other():
    """Half of the outliers are copied, no inlier is; the outliers are a third of the samples but 1/17 of the rows."""
    redraws = []
    for seed in range(25):
        data, rng = replicate(seed, outliers={"count": 60, "distance": 6.0}, fresh=4000), np.random.default_rng(seed)
        outliers = data["train"][data["train_stratum"] == OUTLIER]
        far = np.linalg.norm(data["fresh"] - data["train"].mean(0), axis=1) > 5
        inliers, others = data["fresh"][~far], data["fresh"][far][:200]
        generated = np.vstack([copied(outliers, rng, len(others)), others, inliers[:800]])
        table = judged(data, generated, fresh=inliers[800:])
        redraws.append([curve(table, "net", "stratum", name)[1:] for name in ("outlier", "inlier")])
    assert_mean(redraws, np.array([[0.5], [0.0]]), 0.03)


def test_net_changes_its_sign_when_training_and_held_out_points_are_swapped():
    """In every stratum of the matched reference; and net is the raw fraction less that of the other side."""
    data, rng = replicate(1, **EVERYTHING), np.random.default_rng(1)
    swapped = {**data, "test_plain": np.ones(len(data["train"]), bool)}
    for name in ("", "_stratum", "_location"):
        swapped["train" + name], swapped["test" + name] = data["test" + name], data["train" + name]
    generated = np.vstack([copied(data["train"], rng, 700, jitter=0.01), data["fresh"][:500], 9 * rng.random((200, 2))])
    there, back = judged(data, generated), judged(swapped, generated)
    for name in (*STRATA, ALL):
        for normalisation in ("generated", "stratum"):
            net = curve(there, "net", normalisation, name)
            assert np.array_equal(net, -curve(back, "net", normalisation, name))
            raw = [curve(table, "raw", normalisation, name) for table in (there, back)]
            assert np.allclose(raw[0] - raw[1], net)
        assert np.array_equal(*(curve(table, "mass", "generated", name) for table in (there, back)))


# --- strata -----------------------------------------------------------------------------------------------------------


def test_outliers_without_twins_all_look_memorized_and_with_twins_read_chance():
    """Fresh points of the outlier clusters read 1.000 without held-out outliers, .293 with them."""
    redraws = []
    for seed in range(20):
        data = replicate(seed, outliers={"count": 40, "distance": 6.0}, fresh=4000)
        plain, matched = (judged(data, data["fresh"], reference=reference) for reference in ("plain", "matched"))
        assert (curve(plain, "raw", "stratum", "outlier") == 1).all()
        redraws.append([curve(matched, "raw", "stratum", name)[1:3] for name in ("outlier", "inlier")])
    assert_mean(redraws, np.array([[0.30, 0.194], [0.303, 0.196]]), 0.025)


def test_net_of_fresh_points_is_zero_in_every_stratum():
    redraws = []
    for seed in range(25):
        table = judged(replicate(seed, **EVERYTHING), np.zeros((1, 2)))
        redraws.append([curve(table, "net", "stratum", name, "floor") for name in STRATA])
    assert_mean(redraws, 0, 0.03)


@pytest.mark.parametrize("copies", [1, 5])
def test_duplication_leaves_the_score_of_a_copier_alone(copies):
    data, rng = replicate(2, duplicates={"count": 200, "copies": copies}), np.random.default_rng(2)
    table = judged(data, copied(data["train"], rng, 4000, jitter=1e-6))
    for criterion in ("raw", "net"):
        for name in ("inlier", "duplicate"):
            assert (curve(table, criterion, "stratum", name) > 0.995).all()


def test_a_copier_of_rows_gives_every_stratum_the_mass_of_its_rows():
    data, rng = replicate(3, **EVERYTHING), np.random.default_rng(3)
    table = judged(data, copied(data["train"], rng, 20000, jitter=1e-7))
    for code, name in enumerate(STRATA):
        share = np.mean(data["train_stratum"] == code)
        assert curve(table, "mass", "generated", name) == pytest.approx(share, abs=4.5 * np.sqrt(share / 20000))
        assert curve(table, "mass", "training", name) == pytest.approx(1, abs=4.5 / np.sqrt(20000 * share))
    assert curve(table, "mass", "training").tolist() == [1]


@pytest.mark.parametrize("count", [300, 1000, 4000])
def test_a_uniform_copier_reaches_the_coverage_of_random_draws(count):
    """1 - (1 - p)^P with p the share of a location's rows, P draws of as many as there are locations: 63 % of the
    locations at P = n."""
    redraws, rows = [], 1000 + 100 * 4
    for seed in range(10):
        data = replicate(seed, duplicates={"count": 100, "copies": 4}, fresh=4000)
        table = judged(data, copied(data["train"], np.random.default_rng(seed), count, jitter=1e-7))
        redraws.append([curve(table, "raw", "location", name)[1] for name in ("inlier", "duplicate")])
    draws = min(count, 1000)
    expected = [1 - (1 - 1 / rows) ** draws, 1 - (1 - 5 / rows) ** draws]
    assert np.mean(redraws, axis=0) == pytest.approx(expected, abs=0.02)


def test_locations_of_a_stratum_that_is_never_copied_are_not_covered():
    data, rng = replicate(4, duplicates={"count": 100, "copies": 4}), np.random.default_rng(4)
    rows = data["train"][data["train_stratum"] == DUPLICATE]
    table = judged(data, copied(rows, rng, 3000, jitter=1e-7))
    assert (curve(table, "raw", "location", "duplicate") > 0.99).all()
    assert (curve(table, "raw", "location", "inlier") == 0).all()
    assert (curve(table, "raw", "generated", "duplicate") > 0.99).all()


# --- floor and chance -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("criterion", ["raw", "net"])
@pytest.mark.parametrize(
    ("reference", "injected"),
    [
        ("plain", {}),
        ("matched", {"outliers": {"count": 100, "distance": 6.0}}),
        ("plain", {"outliers": {"count": 400, "distance": 6.0}}),
        ("matched", {"duplicates": {"count": 400, "copies": 3}}),
        ("plain", {"duplicates": {"count": 400, "copies": 3}}),
        ("matched", {"near_duplicates": {"count": 400}}),
        ("plain", {"near_duplicates": {"count": 400}}),
    ],
    ids=["alone", "outliers", "outliers-plain", "copies", "copies-plain", "near", "near-plain"],
)
def test_the_chance_level_of_inliers_is_what_fresh_points_show(criterion, reference, injected):
    redraws, levels = [], []
    for seed in range(20):
        table = judged(replicate(seed, inliers=800, **injected), np.zeros((1, 2)), reference=reference)
        redraws.append(curve(table, criterion, "stratum", "inlier", "floor"))
        levels.append(curve(table, criterion, "stratum", "inlier", "chance"))
    assert np.abs(np.mean(redraws, axis=0) - np.mean(levels, axis=0)).max() < 0.025


@pytest.mark.parametrize("criterion", ["raw", "net"])
def test_no_chance_level_is_claimed_for_outliers_that_have_no_counterpart(criterion):
    data = replicate(5, outliers={"count": 60, "distance": 6.0})
    table = judged(data, data["fresh"], reference="plain")
    floor, chance = (curve(table, criterion, "stratum", "outlier", column) for column in ("floor", "chance"))
    assert (floor == 1).all()
    assert np.isnan(chance).all()


def test_the_floor_does_not_depend_on_what_was_generated():
    data = replicate(6, **EVERYTHING)
    tables = [judged(data, generated) for generated in (data["fresh"], data["train"], np.zeros((2000, 2)))]
    for other in tables[1:]:
        assert tables[0]["floor"].equals(other["floor"])


def test_raw_fractions_fall_with_the_ratio():
    data = replicate(7, **EVERYTHING)
    table = judged(data, copied(data["train"], np.random.default_rng(7), 1000, jitter=0.02))
    for normalisation in ("generated", "stratum", "location"):
        for name in (*STRATA, ALL):
            assert (np.diff(curve(table, "raw", normalisation, name)) <= 0).all()


def test_strata_hold_every_location_once_and_count_rows_with_their_copies():
    data = replicate(8, **EVERYTHING)
    known = strata(STRATA, **{name: data[name] for name in SIDES_WITH_STRATA})
    assert np.bincount(known.train).tolist() == np.bincount(known.test).tolist() == [880, 60, 60, 120]
    assert known.rows.tolist() == [880, 60, 240, 120]
    assert known.plain == (1000, 1000)
    assert known.rho("matched") == 1
