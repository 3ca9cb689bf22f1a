"""Planted curves come back as curves, crossings, ratios and qualities."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit, logit

from diffmem.measure.neighbours import Index
from diffmem.studies.effective import changed, chosen, curves, estimates, factors, fits, groups, matches, table

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


def test_every_arm_has_its_crossing_and_a_curve_through_it():
    found = estimates(planted())
    drawn = fits(found)
    for arm, crossing in EMM.items():
        assert found[arm].emm == pytest.approx(crossing, rel=0.06)
        line = drawn[drawn["arm"] == arm]
        assert np.interp(np.log(found[arm].emm), np.log(line["n"]), line["r_mem"]) == pytest.approx(0.9, abs=0.005)
        assert SIZES[0] <= line["n"].min() < line["n"].max() <= SIZES[-1]
    assert estimates(planted(), snapshot="best")["base"].emm > found["base"].emm


def test_the_table_says_open_ends_in_words():
    found = table(estimates(planted({"base": 120, "random": 10_000, "wide": 3}))).set_index("arm")
    assert found.loc["random", "words"] == ">= 800"
    assert found.loc["wide", "words"] == "< 50"
    assert found.loc["base", "words"].startswith(f"{found.loc['base', 'emm']:,.0f} [")
    assert found.loc["base", ["bracket_low", "bracket_high"]].tolist() == [100, 200]
    assert set(fits(estimates(planted({"wide": 3})))) == {"arm", "n", "r_mem"}


def test_factors_are_ratios_to_the_baseline_with_the_quality_at_a_common_size():
    runs = planted()
    found = factors(runs, estimates(runs), arms=ARMS, baseline="base", quality="frechet").set_index("arm")
    assert found["factor"].to_dict() == {"random": "labels random-10", "wide": "width 256"}
    for arm in ("random", "wide"):
        row, truth = found.loc[arm], EMM[arm] / EMM["base"]
        assert row["low"] < truth < row["high"]
        assert row["ratio"] == pytest.approx(truth, rel=0.08)
        assert row["quality_n"] == 100, "the size run that is nearest to an EMM of 120"
        assert row["quality_difference"] == pytest.approx(0.01 * (EMM[arm] - EMM["base"]))
        assert row["quality_low"] == pytest.approx(row["quality_high"]), "paired, replicates do not matter"
        assert row["quality"] == pytest.approx(0.01 * EMM[arm] + 1 + 1.5)


def test_quality_is_missing_where_no_size_is_shared():
    runs = pd.concat([planted({"base": 120}), planted({"wide": 60}, sizes=(30, 60, 110, 230))], ignore_index=True)
    found = factors(runs, estimates(runs), arms=ARMS, baseline="base", quality="frechet")
    assert found["ratio"].item() == pytest.approx(0.5, rel=0.1)
    assert found["quality"].isna().all()


def test_what_an_arm_changes_is_what_differs_from_the_baseline():
    assert changed({"width": 64, "labels": "none", "depth": 3}, {"width": 32, "labels": "none"}) == {
        "width": 64,
        "depth": 3,
    }


def test_panels_hold_the_baseline_and_what_differs_from_it_in_one_factor():
    arms = {**ARMS, "both": {"labels": "class", "width": 256}, "class": {"labels": "class", "width": 128}}
    assert groups(arms, baseline="base") == {"labels": ["base", "random", "class"], "width": ["base", "wide"]}
    assert groups({"base": {}}, baseline="base") == {"": ["base"]}


def test_matches_are_the_nearest_those_at_the_threshold_and_the_farthest():
    train = 10 * np.eye(6)
    far = np.sqrt(200)  # between any two
    steps = np.array([0.05, 0.25, 0.45]) * far
    toward = (train[[1, 2, 3]] - train[[0, 1, 2]]) / far
    generated = np.concatenate([train[:3] + steps[:, None] * toward, train[5:] * 9])
    found = Index(train).nearest(generated, 2)
    neighbours = {"train_distance": found.distance, "train_location": found.location}
    sheet = matches(generated=generated, positions=train, neighbours=neighbours, shape=(2, 3), count=2)
    assert sheet.generated.shape == sheet.nearest.shape == (3, 2, 2, 3)
    np.testing.assert_allclose(sheet.score[0], [0.05 / 0.95, 0.25 / 0.75])
    assert sheet.score[1, 0] == pytest.approx(1 / 3)
    np.testing.assert_allclose(sheet.generated[2, 0].ravel(), train[5] * 9)
    np.testing.assert_allclose(sheet.nearest[2, 0].ravel(), train[5])
    np.testing.assert_allclose(sheet.nearest[0, 0].ravel(), train[0])


def test_a_training_image_is_shown_once_while_there_are_others():
    train = 10 * np.eye(4)
    generated = np.concatenate([train[[0, 0, 0]], train[[1]] + 0.5])
    found = Index(train).nearest(generated, 2)
    neighbours = {"train_distance": found.distance, "train_location": found.location}
    sheet = matches(generated=generated, positions=train, neighbours=neighbours, shape=(4,), count=3)
    assert sheet.nearest[0].argmax(1).tolist() == [0, 1, 0]
