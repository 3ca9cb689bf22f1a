"""Intervals over replicates are Student's, skip what is missing, and cover as often as they promise."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from diffmem.measure.intervals import band, mean_interval, median_interval, over_replicates, share, sign_flip


def table(values, **columns):
    """One row per replicate, replicates down and groups across."""
    values = np.atleast_2d(np.asarray(values, dtype=float).T).T
    replicate, group = np.indices(values.shape).reshape(2, -1)
    return pd.DataFrame({"group": group, "replicate": replicate, "value": values.ravel(), **columns})


@pytest.mark.parametrize("count", [2, 3, 10, 50])
@pytest.mark.parametrize("level", [0.5, 0.95, 0.99])
def test_intervals_are_those_of_scipy(count, level):
    values = np.random.default_rng(count).lognormal(size=(count, 4))
    result = over_replicates(table(values), by=["group"], value="value", level=level)
    for row, sample in zip(result.itertuples(), values.T, strict=True):
        expected = stats.ttest_1samp(sample, 0).confidence_interval(level)
        assert (row.low, row.high) == pytest.approx((expected.low, expected.high))
        assert (row.low, row.high) == pytest.approx(
            stats.t.interval(level, count - 1, loc=sample.mean(), scale=stats.sem(sample))
        )
        assert row.mean == pytest.approx(sample.mean())
        assert row.replicates == count


def test_one_replicate_has_a_mean_and_no_interval():
    result = over_replicates(table([[0.25]]), by=["group"], value="value").iloc[0]
    assert (result["mean"], result["replicates"]) == (0.25, 1)
    assert np.isnan(result["low"])
    assert np.isnan(result["high"])


def test_missing_values_do_not_count():
    values = np.array([[1.0, np.nan, np.nan], [3.0, 2.0, np.nan], [np.nan, 4.0, np.nan], [8.0, 9.0, np.nan]])
    result = over_replicates(table(values), by=["group"], value="value")
    assert result["replicates"].tolist() == [3, 3, 0]
    for column in range(2):
        sample = values[~np.isnan(values[:, column]), column]
        expected = stats.ttest_1samp(sample, 0).confidence_interval()
        assert (result["low"][column], result["high"][column]) == pytest.approx((expected.low, expected.high))
    assert result.loc[2, ["mean", "low", "high"]].isna().all()


def test_the_order_of_rows_does_not_matter():
    rows = table(np.random.default_rng(1).standard_normal((7, 5)))
    shuffled = rows.sample(frac=1, random_state=2)
    one, other = (over_replicates(t, by=["group"], value="value").sort_values("group") for t in (rows, shuffled))
    assert np.allclose(one, other)


def test_missing_keys_and_unused_categories_make_neither_gaps_nor_groups():
    rows = pd.DataFrame({
        "stratum": pd.Categorical(["inlier", "all"] * 2, categories=["inlier", "outlier", "all"]),
        "threshold": [np.nan, 1.5] * 2,
        "value": [1.0, 2.0, 3.0, 6.0],
    })  # fmt: skip
    result = over_replicates(rows, by=["stratum", "threshold"], value="value")
    assert result[["stratum", "mean", "replicates"]].values.tolist() == [["inlier", 2.0, 2], ["all", 4.0, 2]]


@pytest.mark.parametrize("count", [3, 10])
def test_95_percent_intervals_cover_the_truth_95_times_in_100(count):
    values = np.random.default_rng(3).normal(0.3, 2, (count, 4000))
    result = over_replicates(table(values), by=["group"], value="value")
    covered = ((result["low"] < 0.3) & (result["high"] > 0.3)).sum()
    assert stats.binomtest(int(covered), 4000, 0.95).pvalue > 1e-3


def test_a_sign_flip_test_is_exact_for_few_pairs():
    """All differences positive: only the observed signs and their mirror image are as extreme."""
    for r in (3, 5, 6, 10):
        assert sign_flip(np.arange(1.0, r + 1)) == pytest.approx(2 / 2**r)
    assert sign_flip(np.array([1.0, -1.0, 2.0, -2.0])) == pytest.approx(1)


def test_a_band_holds_the_whole_of_a_curve_in_19_cases_of_20():
    rng = np.random.default_rng(0)
    held = []
    for _ in range(200):
        curves = np.cumsum(rng.standard_normal((8, 30)), axis=1)
        low, high = band(curves)
        held.append((low <= 0).all() and (high >= 0).all())
    assert 0.89 < np.mean(held) < 0.99


def test_a_band_is_wider_than_the_interval_at_each_point_and_needs_no_exact_enumeration():
    curves = np.random.default_rng(1).standard_normal((20, 40))
    low, high = band(curves)
    for j in range(40):
        _, point_low, point_high = mean_interval(curves[:, j])
        assert low[j] < point_low
        assert point_high < high[j]


@pytest.mark.parametrize(("hits", "count"), [(0, 8), (3, 8), (400, 400)])
def test_shares_have_wilsons_interval(hits, count):
    z, expected = stats.norm.ppf(0.975), hits / count
    centre = (expected + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z / (1 + z**2 / count) * np.sqrt(expected * (1 - expected) / count + z**2 / (4 * count**2))
    assert share(np.arange(count) < hits) == pytest.approx((expected, centre - half, centre + half), abs=1e-12)
    assert np.isnan(share(np.zeros(0, dtype=bool))).all()


@pytest.mark.parametrize(("r", "k"), [(6, 1), (8, 1), (9, 2), (10, 2), (12, 3), (20, 6)])
def test_the_interval_of_a_median_takes_the_order_statistics_of_the_tables(r, k):
    """Conover 1999, table A3: ranks of the 95 % interval for the median."""
    assert median_interval(np.arange(1, r + 1)[::-1]) == ((r + 1) / 2, k, r + 1 - k)


def test_a_median_of_few_values_has_no_interval_and_some_may_be_infinite():
    assert np.isnan(median_interval(np.arange(5))[1])
    assert median_interval(np.array([1, 2, 3, 4, 5, 6, np.inf])) == (4, 1, np.inf)
    assert median_interval(np.full(6, np.inf)) == (np.inf, np.inf, np.inf)
