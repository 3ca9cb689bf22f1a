"""The calibration is what one computes by hand."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from diffmem.studies.calibration.summary import summarise_criteria, summarise_generators


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


def test_the_summary_of_criteria_by_hand():
    a, b = summarise_criteria(planted()).to_dict("records")
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


def test_the_summary_of_generators_has_their_means_and_shares():
    table = summarise_generators(planted()).set_index(["criterion", "generator"])
    assert len(table) == 12
    row = table.loc[("a", "narrow")]
    assert (row["mean"], row["copies"], row["replicates"]) == pytest.approx((0.15, 0.75, 4))
    half = stats.t.ppf(0.975, 3) * np.std([0, 0.1, 0.2, 0.3], ddof=1) / 2
    assert (row["low"], row["high"]) == pytest.approx((0.15 - half, 0.15 + half))
    assert row["coverage"] == 0.5  # of zero: in [-0.1, 0] and [0, 0.1]
    assert np.isnan(table.loc[("a", "kde-1"), "coverage"])
    assert table.loc[("b", "kde-1"), "bandwidth"] == 1
