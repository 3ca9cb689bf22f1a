"""Curves, places and components of variance against planted ones."""

import numpy as np
import pandas as pd
import pytest

from diffmem.settings.onset import OnsetCell
from diffmem.studies.onset import places, tables
from diffmem.studies.onset.theory import fit_kl

CELLS = {"c": OnsetCell.load({"law": {"name": "isotropic"}, "generator": {"name": "gaussian-fit"}})}
RATIOS = np.array([0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0])


def test_where_every_repetition_changes_sign_in_one_gap_the_interval_is_that_gap():
    table = rows()
    table["delta_cs"] = np.where(table["ratio"] > 2, 1.0, -1.0)
    cs = places.tabulate_places(table).set_index("place").loc["cs"]
    assert 2 < cs["low"] < 2.2 < cs["value"] < 3.8 < cs["high"] < 4


def test_an_interval_holds_its_estimate_where_a_later_jump_follows_a_start_above_one_half():
    """Fifteen, none, twenty and twenty of twenty."""
    table = rows(20)
    positive = (table["ratio"] > 0.5) | ((table["ratio"] == 0.25) & (table["repetition"] < 15))
    cs = places.tabulate_places(table.assign(delta_cs=np.where(positive, 1.0, -1.0))).set_index("place").loc["cs"]
    assert cs[["value", "low", "high"]].tolist() == [0, 0, 0]


def test_a_curve_comes_down_after_its_peak_interpolated_in_log_ratio():
    values = np.array([0.0, 3.0, 9.0, 5.0, 1.0, 1.0, 1.0])
    assert places.find_descent(RATIOS, values, level=5.0) == pytest.approx(2)
    assert places.find_descent(RATIOS, values, level=6.0) == pytest.approx(2 ** (3 / 4))
    assert places.find_descent(RATIOS, np.arange(7.0), level=3.0) == np.inf
    assert places.find_descent(RATIOS, np.arange(7.0), level=9.0) == 0


def test_places_that_no_resample_has_are_missing():
    """A generator that copies at every size, and is never near the truth: infinite over infinite; and no density."""
    found = places.tabulate_places(rows().assign(near_share=1.0, w2=1.0)).set_index("place")
    assert np.isinf(found.loc[["mem", "gen"], "value"]).all()
    assert found.loc[["ratio", "kl"], ["value", "low", "high"]].isna().all(axis=None)


def test_the_share_of_variance_between_training_sets():
    rng = np.random.default_rng(0)
    sets, seeds = rng.standard_normal((4000, 1)), rng.standard_normal((4000, 5))
    assert tables.compute_sets_share(2 * sets + seeds) == pytest.approx(0.8, abs=0.02)
    assert tables.compute_sets_share(seeds) < 0.02


def rows(repetitions=40, *, trainings=1, seed=0):
    """A study whose probability crosses at 2, whose copying ends at 4 and whose distance falls at 1."""
    rng = np.random.default_rng(seed)
    made = []
    for r in range(repetitions):
        for t in range(trainings):
            for x in RATIOS:
                delta = rng.standard_normal() + 3 * np.log(x / 2)
                values = {"l2_sign": np.sign(delta), "delta_cs": delta, "delta_matched": delta - 2, "delta_kl": np.nan,
                          "delta_null": rng.standard_normal(), "near_share": 0.9 if x < 4 else 0.7 if x == 4 else 0.5,
                          "w2": 1.0 if x < 1 else 0.1 if x == 1 else 0.01, "third": 0.0, "energy": 0.2, "bc_root": 0.0,
                          "log_c_train": -1.0, "log_c_fresh": -5 + abs(np.log(x)) + 0.1 * rng.standard_normal(),
                          "kl": np.inf if x < 1 else 1 / x, "nll_gap": 1.0}  # fmt: skip
                made.append({"study": "s", "cell": "c", "repetition": r, "training": t, "n": int(8 * x), "ratio": x,
                             "dimension": 8, **values})  # fmt: skip
    return pd.DataFrame(made)


def test_places_of_a_planted_study_lie_where_they_were_put():
    found = places.tabulate_places(rows()).set_index("place")
    assert found.loc["cs", "value"] == pytest.approx(2, rel=0.2)
    assert found.loc["cs", "low"] < found.loc["cs", "value"] < found.loc["cs", "high"]
    assert found.loc["l2", "value"] == found.loc["cs", "value"]
    assert found.loc["matched", "value"] > found.loc["cs", "value"]
    assert np.isnan(found.loc["kl", "value"]), "there is no KL to compare"
    assert (found.loc["peak", ["value", "low", "high"]] == 1).all()
    assert found.loc["mem", "value"] == pytest.approx(4)
    assert found.loc["gen", "value"] == pytest.approx(0.5 * 2 ** (np.log(4) / np.log(10)))
    assert found.loc["ratio", "value"] == pytest.approx(4 / found.loc["gen", "value"])


@pytest.mark.slow
def test_an_interval_of_a_crossing_covers_the_truth_in_most_studies():
    """P crosses at 2 by construction; 95 % nominal over 30 studies of 40 repetitions."""
    covered = [
        low <= 2 <= high
        for seed in range(20)
        for low, high in [np.quantile(places.resample_places(rows(seed=seed), seed=seed)["cs"][1:], [0.025, 0.975])]
    ]
    assert np.mean(covered) >= 0.8  # the 1 % quantile of 20 draws at .95


def test_curves_have_wilsons_and_students_intervals_and_none_where_infinite():
    found = tables.tabulate_curves(rows(), cells=CELLS).set_index(["measure", "ratio"])
    share = found.loc[("P(cs)", 2.0)]
    assert share["low"] < share["mean"] < share["high"]
    assert found.loc[("P(null)", 1.0), "repetitions"] == 40
    assert found.loc[("e_train", 1.0), "mean"] == pytest.approx(1 / 8)
    assert found.loc[("kl_d", 0.5), "mean"] == np.inf
    assert np.isnan(found.loc[("kl_d", 0.5), "low"])
    assert found.loc[("kl_d", 4.0), "mean"] == pytest.approx(1 / 32)
    assert np.isnan(found.loc[("P(kl)", 2.0), "mean"])
    assert found.loc[("kl_d", 4.0), "theory"] == pytest.approx(fit_kl(32, 8) / 8)
    assert found.loc[("near_share", 4.0), "theory"] == 0.5
    assert np.isnan(found.loc[("energy", 4.0), "theory"])
    assert np.isnan(found.loc[("gap", 4.0), "theory"]), "the closed form is of means, the curve of medians"
    assert found.loc[("gap", 4.0), "mean"] == pytest.approx(1 / 8)
    assert "sets_share" not in found.index.get_level_values(0)


def test_a_median_lies_between_its_order_statistics_in_most_samples():
    rng = np.random.default_rng(1)
    bounds = [tables._summarise_median(pd.Series(rng.exponential(size=40))) for _ in range(400)]
    assert 0.92 < np.mean([b["low"] < np.log(2) < b["high"] for b in bounds]) < 0.99


def test_several_trainings_give_the_share_of_the_sets_and_change_nothing_else():
    one, several = tables.tabulate_curves(rows(), cells=CELLS), tables.tabulate_curves(rows(trainings=3), cells=CELLS)
    assert set(several["measure"]) - set(one["measure"]) == {"sets_share"}
    part = several[several["measure"] == "sets_share"]
    assert (part["low"] <= part["mean"]).all()
    assert (part["mean"] <= part["high"]).all()
    assert part["mean"].max() < 0.4  # trainings are as far apart as sets here
