"""Planted curves come back as curves, crossings, ratios and qualities."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit, logit

from diffmem.studies.effective import emm as effective
from diffmem.studies.effective.emm import (
    OF,
    changed,
    chosen,
    curves,
    estimates,
    fits,
    groups,
    relative,
    table,
)
from diffmem.studies.effective.factors import factors, label_words

SIZES = (50, 100, 200, 400, 800)
ARMS = {
    "base": {"labels": "none", "width": 128},
    "random": {"labels": "random-10", "width": 128},
    "wide": {"labels": "none", "width": 256},
}
EMM = {"base": 120, "random": 240, "wide": 60}


def planted(emm=EMM, *, sizes=SIZES, replicates=4, spread=0.05, seed=0):
    """Runs of logistic curves with the given crossings: an untrained, a better middle and a last snapshot.

    Rows are in no order, and quality gets worse with the arm's EMM.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for arm, crossing in emm.items():
        for n in sizes:
            for replicate in range(replicates):
                last = expit(logit(0.9) - 3 * np.log(n / crossing) + spread * rng.standard_normal())
                for step, share in ((0, 1.0), (500, min(1, last + 0.02)), (1000, last)):
                    quality = 0.01 * crossing + step / 1000 + replicate
                    key = dict(arm=arm, n=n, replicate=replicate, step=step, epoch=step / n)
                    rows.append({**key, "r_mem": share, "count": 1000, "knn": 1 - share, "frechet": quality})
    return pd.DataFrame(rows).sample(frac=1, random_state=seed, ignore_index=True)


def test_the_last_snapshot_is_that_of_the_most_steps_and_the_best_is_a_trained_one():
    runs = planted()
    last, best = chosen(runs, "last"), chosen(runs, "best")
    assert len(last) == len(best) == len(EMM) * len(SIZES) * 4
    assert set(last["step"]) == {1000}
    assert set(best["step"]) == {500}, "an untrained model copies by accident only"


@pytest.mark.parametrize("snapshot", ["last", "best"])
def test_tables_of_shards_that_repeat_their_index_give_one_row_per_run(snapshot):
    """Arms with other numbers of snapshots, and tables joined as the scripts do it."""
    runs = planted()
    runs = runs[(runs["arm"] != "wide") | (runs["step"] != 500)]
    parts = [part.reset_index(drop=True) for _, part in runs.groupby(["arm", "replicate"])]
    found = chosen(pd.concat(parts), snapshot)
    pd.testing.assert_frame_equal(found, chosen(pd.concat(parts, ignore_index=True), snapshot))
    assert len(found) == len(EMM) * len(SIZES) * 4


def test_a_search_sees_every_replicate_of_all_shards_once():
    """Ten replicates in shards of four, four and two, whose last shares are their numbers over ten."""
    shards = []
    for replicates in (range(4), range(4, 8), range(8, 10)):
        rows = [(r, step, r / 10 if step else 1.0) for r in replicates for step in (0, 9)]
        shard = pd.DataFrame(rows, columns=["replicate", "step", "r_mem"])
        shards.append(shard.assign(cell="a_n-50", threshold=1 / 3))
    found = effective.shares_by_size(pd.concat(shards), sizes={"a_n-50": 50})
    assert found == {50: [r / 10 for r in range(10)]}


def test_curves_are_means_and_students_intervals_over_replicates():
    runs = planted()
    found = curves(runs, quality=["knn", "frechet"]).set_index(["arm", "n", "snapshot", "measure"])
    assert len(found) == len(EMM) * len(SIZES) * 2 * 3
    where = (runs["arm"] == "wide") & (runs["n"] == 100) & (runs["step"] == 1000)
    for measure in ("r_mem", "frechet"):
        sample = runs.loc[where, measure]
        row = found.loc[("wide", 100, "last", measure)]
        interval = stats.ttest_1samp(sample, 0).confidence_interval()
        assert row[["mean", "low", "high"]].tolist() == pytest.approx([sample.mean(), interval.low, interval.high])
        assert row["replicates"] == 4


def test_the_frechet_distance_of_fresh_points_is_taken_off_in_every_replicate():
    """A generator of fresh points reads what fresh points read, 2.17 and 2.3, and one that is off 0.5 more."""
    key = [("a_n-50", r, step) for r in (0, 1) for step in (0, 9)]
    times = pd.DataFrame(key, columns=["cell", "replicate", "step"])
    floor = times["replicate"].map({0: 2.17, 1: 2.3})
    frechet = times.assign(measure="frechet", value=floor + 0.5 * (times["step"] == 0), floor=floor)
    density = times.assign(measure="density", value=0.7, floor=1.1)
    found = effective.runs(
        times.assign(threshold=1 / 3, r_mem=0.5, count=100),
        pd.concat([density, frechet]),
        times.assign(set="held-out", loss=0.2),
        cells={"a_n-50": ("a", 50)},
    )
    assert found["frechet_beyond_fresh"].tolist() == pytest.approx([0.5, 0, 0.5, 0])
    assert found["frechet_floor"].tolist() == [2.17, 2.17, 2.3, 2.3]
    assert set(found["density"]) == {0.7}
    assert set(found["density_floor"]) == {1.1}


def test_every_arm_has_its_crossing_and_a_curve_through_it():
    found = estimates(planted())
    drawn = fits(found)
    for arm, crossing in EMM.items():
        assert found[arm].emm == pytest.approx(crossing, rel=0.06)
        line = drawn[drawn["arm"] == arm]
        assert np.interp(np.log(found[arm].emm), np.log(line["n"]), line["r_mem"]) == pytest.approx(0.9, abs=0.005)
        assert SIZES[0] <= line["n"].min() < line["n"].max() <= SIZES[-1]
    assert estimates(planted(), of="best")["base"].emm > found["base"].emm


def test_an_optimum_of_one_leaves_all_as_it_is():
    runs = planted().assign(ceiling=1.0)
    assert table({"": estimates(runs, of="relative")}).equals(table({"": estimates(runs)}))


def test_relative_to_the_optimum_is_the_share_of_copies_that_the_sampler_blurs():
    """Models and optimum whose copies are recognised in 19 cases of 20: relative, each has the EMM it has unblurred."""
    true = planted().assign(ceiling=1.0)
    blurred = true.assign(ceiling=0.95, r_mem=0.95 * true["r_mem"])
    plain, lower, found = estimates(true), estimates(blurred), estimates(blurred, of="relative")
    for arm, crossing in EMM.items():
        assert found[arm].emm == pytest.approx(plain[arm].emm, rel=0.01)
        assert (found[arm].low, found[arm].high) == pytest.approx((plain[arm].low, plain[arm].high), rel=0.02)
        assert lower[arm].emm < 0.9 * crossing, "as it is, fewer points are copies"


def test_a_relative_share_is_at_most_one_and_counts_the_copies_that_were_counted():
    runs = pd.DataFrame({"r_mem": [0.95, 0.855, 0.19, 0.97], "ceiling": 0.95, "count": 1000})
    found = relative(runs)
    np.testing.assert_allclose(found["r_mem"], [1, 0.9, 0.2, 1])
    np.testing.assert_allclose((found["r_mem"] * found["count"])[:3], (runs["r_mem"] * runs["count"])[:3])


def test_a_run_whose_optimum_shows_no_copy_has_no_part_in_the_relative_estimate():
    runs = planted(replicates=6).assign(ceiling=1.0)
    blind = runs["replicate"] >= 4
    found = estimates(runs.assign(ceiling=runs["ceiling"].mask(blind, 0)), of="relative")
    assert table({"": found}).equals(table({"": estimates(runs[~blind])}))
    assert estimates(runs.assign(ceiling=0.0), of="relative") == {}


def test_the_table_says_what_each_estimate_is_of():
    runs = planted().assign(ceiling=1.0)
    found = table({of: estimates(runs, of=of) for of in OF})
    assert found.groupby("of")["arm"].agg(list).to_dict() == {of: found["arm"].unique().tolist() for of in OF}
    by = found.set_index(["of", "arm"])["emm"]
    assert by["best", "base"] > by["last", "base"] == by["relative", "base"]


def test_the_table_says_open_ends_in_words():
    found = table({"last": estimates(planted({"base": 120, "random": 10_000, "wide": 3}))}).set_index("arm")
    assert found.loc["random", "words"] == ">= 800"
    assert found.loc["wide", "words"] == "< 50"
    assert found.loc["base", "words"].startswith(f"{found.loc['base', 'emm']:,.0f} [")
    assert found.loc["base", ["bracket_low", "bracket_high"]].tolist() == [100, 200]
    assert set(fits(estimates(planted({"wide": 3})))) == {"arm", "n", "r_mem"}


def test_factors_are_ratios_to_the_baseline_with_the_quality_at_a_common_size():
    runs = planted()
    known = dict(arms=ARMS, baseline="base", quality="frechet")
    found = factors(runs, estimates(runs), **known, fair=list(ARMS)).set_index("arm")
    assert found["factor"].to_dict() == {"random": "labels: 10 random", "wide": "width 256"}
    for arm in ("random", "wide"):
        row, truth = found.loc[arm], EMM[arm] / EMM["base"]
        assert row["low"] < truth < row["high"]
        assert row["ratio"] == pytest.approx(truth, rel=0.08)
        assert row["quality_n"] == 100, "the size run that is nearest to an EMM of 120"
        assert row["quality_difference"] == pytest.approx(0.01 * (EMM[arm] - EMM["base"]))
        assert row["quality_low"] == pytest.approx(row["quality_high"]), "paired, replicates do not matter"
        assert row["quality"] == pytest.approx(0.01 * EMM[arm] + 1 + 1.5)


def test_what_an_arm_changes_is_said_in_words():
    """Of settings with keys only those that differ, lists without brackets, and no line without words."""
    same = {"snapshots": {"spacing": "log", "count": 20, "more": {"a": 1, "b": 2}}, "multipliers": [1, 2], "clip": None}
    late = {**same, "snapshots": {"spacing": "linear", "count": 5, "more": {"a": 1, "b": 3}}}
    arms = {"base": same, "again": same, "late": late, "list": {**same, "multipliers": [2, 4], "clip": {"at": 1}}}
    runs = planted(dict.fromkeys(arms, 120))
    table = factors(runs, estimates(runs), arms=arms, baseline="base", quality="frechet", fair=[])
    assert table.set_index("arm")["factor"].to_dict() == {
        "again": "as the baseline",
        "late": "snapshots spacing linear, snapshots count 5, snapshots more b 3",
        "list": "multipliers 2, 4, clip at 1",
    }


def test_kinds_of_labels_have_words():
    kinds = ("none", "class", "random-10", "unique", "random-ly")
    assert [label_words(kind) for kind in kinds] == ["none", "true", "10 random", "one for each image", "random-ly"]


def test_quality_is_missing_where_no_size_is_shared():
    runs = pd.concat([planted({"base": 120}), planted({"wide": 60}, sizes=(30, 60, 110, 230))], ignore_index=True)
    known = dict(arms=ARMS, baseline="base", quality="frechet")
    found = factors(runs, estimates(runs), **known, fair=list(ARMS))
    assert found["ratio"].item() == pytest.approx(0.5, rel=0.1)
    assert found["quality"].isna().all()


def test_the_quality_of_an_arm_that_cannot_be_compared_is_left_blank_and_its_copies_are_not():
    runs = planted()
    known = dict(arms=ARMS, baseline="base", quality="frechet")
    every, some = (factors(runs, estimates(runs), **known, fair=fair) for fair in (list(ARMS), ["base", "wide"]))
    blank = some.set_index("arm").loc["random"]
    assert blank[[name for name in some if name.startswith("quality")]].isna().all()
    assert some["ratio"].equals(every["ratio"])
    wide = [table[table["arm"] == "wide"] for table in (some, every)]
    pd.testing.assert_frame_equal(*wide, check_dtype=False)


def test_what_an_arm_changes_is_what_differs_from_the_baseline():
    assert changed({"width": 64, "labels": "none", "depth": 3}, {"width": 32, "labels": "none"}) == {
        "width": 64,
        "depth": 3,
    }


def test_panels_hold_the_baseline_and_what_differs_from_it_in_the_same_factors():
    arms = {**ARMS, "both": {"labels": "class", "width": 256}, "class": {"labels": "class", "width": 128}}
    panels = {"labels": ["base", "random", "class"], "width": ["base", "wide"], "labels, width": ["base", "both"]}
    assert groups(arms, baseline="base") == panels
    assert groups({"base": {}}, baseline="base") == {"": ["base"]}
