"""Verdicts go by the interval of a ratio, and arms are compared where they differ in one factor alone."""

import numpy as np
import pytest

from diffmem.measure.emm import Estimate
from diffmem.measure.emm_ratio import Ratio
from diffmem.studies.claims import FEW, REFUTED, REPRODUCED, UNDECIDED
from diffmem.studies.effective.pairs import EQUAL, SAME, Pair, compare, matching_arms, numeric_levels

ARMS = {
    "base": {"labels": "none", "width": 128},
    "ten": {"labels": "random-10", "width": 128},
    "two": {"labels": "random-2", "width": 128},
    "class": {"labels": "class", "width": 128},
    "wide": {"labels": "none", "width": 256},
    "both": {"labels": "random-5", "width": 256},
}


def known(emm, replicates=6):
    return Estimate(emm, emm, emm, (emm, emm), replicates=replicates)


def pair(low, high, replicates=6):
    return Pair("one", "other", Ratio(1.0, low, high), replicates)


@pytest.mark.parametrize(
    ("low", "high", "name"),
    [
        (0.9, 1.1, REPRODUCED), (1.05, 1.2, REPRODUCED), (0.7, 1.1, UNDECIDED), (0.9, SAME + 0.01, UNDECIDED),
        (1.1, 2.0, REFUTED), (0.0, 0.5, REFUTED), (1.1, np.inf, REFUTED), (0.0, np.inf, UNDECIDED),
    ],
)  # fmt: skip
def test_equality_needs_an_interval_within_a_factor(low, high, name):
    assert pair(low, high).verdict(EQUAL) == name
    assert pair(low, high, replicates=5).verdict(EQUAL) == FEW


def test_a_margin_is_the_nearer_end_of_the_interval_on_the_side_that_is_asked_for():
    assert pair(2.0, 4.0).margin(1) == pytest.approx(np.log(2))
    assert pair(2.0, 4.0).margin(-1) == pytest.approx(-np.log(4))
    assert pair(0.5, 4.0).margin(1) == pytest.approx(-np.log(2))


def test_arms_match_the_baseline_but_for_one_factor():
    found = {arm: known(100.0) for arm in ARMS if arm != "two"}
    assert matching_arms(ARMS, "base", found, "labels") == {"none": "base", "random-10": "ten", "class": "class"}
    assert matching_arms(ARMS, "base", found, "width") == {128: "base", 256: "wide"}
    assert numeric_levels(ARMS, "base", {**found, "two": known(1.0)}, "labels") == {2: "two", 10: "ten"}


def test_of_arms_with_one_value_the_baseline_is_taken_or_else_the_first():
    twins = {"early": ARMS["base"], **ARMS, "late": ARMS["base"], "ten-again": ARMS["ten"]}
    found = {arm: known(100.0) for arm in twins}
    assert matching_arms(twins, "base", found, "width") == {128: "base", 256: "wide"}
    assert matching_arms(twins, "base", found, "labels")["random-10"] == "ten"


def test_a_pair_is_their_ratio_over_what_is_known_with_the_fewer_replicates():
    found = compare({"base": known(50.0, 9), "ten": known(400.0, 7)}, "ten", "base", over=4)
    assert (found.ratio.value, found.ratio.low, found.ratio.high) == pytest.approx((2, 2, 2))
    assert found.logs == pytest.approx((np.log(2), np.log(2)))
    assert found.replicates == 7
