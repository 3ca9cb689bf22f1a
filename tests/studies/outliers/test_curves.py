"""Curves are means over replicates with Student's interval, key by key; a loss is averaged over noise levels first."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from diffmem.studies.outliers.curves import CURVE, LOSS, curves, losses

HEADLINE = {"n-100": 1.5, "n-2000": 1.0}  # ratio of the main figures by cell
KEYS = {
    "study": ["s"],
    "cell": ["n-100", "n-2000"],
    "weights": ["raw"],
    "step": [0, 30],
    "stratum": ["inlier", "all"],
    "reference": ["plain", "matched"],
    "criterion": ["net"],
    "threshold": [1.0, 1.5],
    "normalisation": ["stratum"],
}


def rates(replicates=6, seed=0):
    """Rates of every key and replicate; the epoch goes with the step and an index column goes unused."""
    rng = np.random.default_rng(seed)
    rows = [
        {**dict(zip(KEYS, key, strict=True)), "replicate": r, "index": "scipy k-d tree, float64"}
        for r in range(replicates)
        for key in itertools.product(*KEYS.values())
    ]
    table = pd.DataFrame(rows)
    names = ("value", "floor", "ceiling", "chance", "resolution", "recall")
    numbers = {name: rng.standard_normal(len(table)) for name in names}
    headline = table["threshold"] == table["cell"].map(HEADLINE)
    return table.assign(epoch=table["step"] / 10, count=1, headline=headline, **numbers)


def of(table, row):
    """The rows of a table that have the keys of ``row``."""
    return table[np.logical_and.reduce([table[key] == row[key] for key in KEYS])]


def test_curves_hold_every_key_once_with_mean_and_interval_of_value_floor_and_chance():
    table = rates()
    result = curves(table)
    assert not result.duplicated(CURVE).any()
    assert len(result) == len(table) / 6
    for _, row in result.iterrows():
        own = of(table, row)
        assert len(own) == row["replicates"] == 6
        value = stats.ttest_1samp(own["value"], 0).confidence_interval()
        floor = stats.ttest_1samp(own["floor"], 0).confidence_interval()
        assert (row["mean"], row["low"], row["high"]) == pytest.approx((own["value"].mean(), value.low, value.high))
        assert (row["floor"], row["floor_low"], row["floor_high"]) == pytest.approx(
            (own["floor"].mean(), floor.low, floor.high)
        )
        assert row["chance"] == pytest.approx(own["chance"].mean())
        assert row["epoch"] == row["step"] / 10


def test_curves_do_not_depend_on_the_order_in_which_shards_arrive():
    table = rates()
    shards = [part for _, part in table.groupby("replicate")]
    one, other = (curves(pd.concat(parts)).sort_values(CURVE) for parts in (shards, shards[::-1]))
    pd.testing.assert_frame_equal(one.reset_index(drop=True), other.reset_index(drop=True))


def test_a_missing_floor_hides_neither_the_value_nor_other_floors():
    table = rates()
    first = table["threshold"] == 1.0
    result = curves(table.assign(floor=table["floor"].where(~first)))
    assert result["mean"].notna().all()
    assert result["floor"].isna().equals(result["threshold"] == 1.0)


def test_mass_without_a_threshold_keeps_its_curve():
    table = rates().query("threshold == 1").assign(threshold=np.nan, criterion="mass")
    assert len(curves(table)) == len(table) / 6


def test_one_replicate_gives_curves_without_intervals():
    result = curves(rates(replicates=1))
    assert result["mean"].notna().all()
    assert result[["low", "high", "floor_low", "floor_high"]].isna().all(axis=None)


@pytest.mark.parametrize("levels", [1, 5])
def test_a_loss_is_averaged_over_noise_levels_before_replicates(levels):
    """Averaging all rows at once would take the spread over noise levels for one over replicates."""
    rng, replicates = np.random.default_rng(1), 4
    own = rng.standard_normal((replicates, 2))
    keys = itertools.product(range(replicates), (0, 1), range(levels))
    training = pd.DataFrame(
        [
            dict(study="s", cell="a", step=0, epoch=0, set=("train", "held-out")[s], replicate=r, sigma=float(j),
                 loss=own[r, s] + 10 * j)
            for r, s, j in keys
        ]
    )  # fmt: skip
    result = losses(training)
    gap = result[result["set"] == "gap"]
    assert gap["sigma"].tolist() == list(range(levels))
    assert gap["mean"].tolist() == pytest.approx([float((own[:, 1] - own[:, 0]).mean())] * levels)
    result = result[result["set"] != "gap"]
    assert result[LOSS].values.tolist() == [["s", "a", 0, 0, "train"], ["s", "a", 0, 0, "held-out"]]
    for s in range(2):
        expected = stats.ttest_1samp(own[:, s] + 10 * np.mean(range(levels)), 0)
        interval = expected.confidence_interval()
        assert (result["low"][s], result["high"][s]) == pytest.approx((interval.low, interval.high))
        assert result["replicates"][s] == replicates


def test_the_relative_value_is_zero_at_the_floor_one_at_the_ceiling_and_missing_where_they_meet():
    table = rates().assign(floor=0.3, ceiling=0.9)
    for value, relative in ((0.3, 0), (0.9, 1), (0.6, 0.5), (0.0, -0.5)):
        assert curves(table.assign(value=value))["relative"].to_numpy() == pytest.approx(relative)
    assert curves(table.assign(ceiling=0.31))["relative"].isna().all()


def test_bands_are_drawn_at_each_cells_ratio_alone_and_hold_the_pointwise_mean():
    result = curves(rates())
    drawn = result["band_low"].notna()
    ratio = result["cell"].map(HEADLINE)
    assert drawn.equals(result["threshold"] == ratio)
    shown = result[drawn]
    assert (shown["band_low"] < shown["mean"]).all()
    assert (shown["mean"] < shown["band_high"]).all()
