"""Verdicts go by the interval of a ratio, and arms are compared where they differ in one factor alone."""

import numpy as np
import pytest

from diffmem.measure.emm import Estimate
from diffmem.measure.emm_ratio import Ratio
from diffmem.studies.effective.pairs import SAME, UNDECIDED, Pair, alike, compared, decided, equal, numbered
from diffmem.studies.outliers.claims import CHANCE, FEW, LEAST, REFUTED, REPRODUCED, verdict

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


def test_an_interval_decides_by_its_side_of_zero():
    assert decided(0.1, 0.3, sign=1, replicates=6) == REPRODUCED
    assert decided(0.1, 0.3, sign=-1, replicates=6) == REFUTED
    assert decided(-np.inf, -0.1, sign=-1, replicates=6) == REPRODUCED
    assert decided(-0.1, 0.3, sign=1, replicates=9) == CHANCE
    assert decided(0.1, 0.3, sign=1, replicates=5) == decided(np.nan, np.nan, sign=1, replicates=9) == FEW


@pytest.mark.parametrize(
    ("low", "high", "name"),
    [
        (0.9, 1.1, REPRODUCED), (1.05, 1.2, REPRODUCED), (0.7, 1.1, UNDECIDED), (0.9, SAME + 0.01, UNDECIDED),
        (1.1, 2.0, REFUTED), (0.0, 0.5, REFUTED), (1.1, np.inf, REFUTED), (0.0, np.inf, UNDECIDED),
    ],
)  # fmt: skip
def test_equality_needs_an_interval_within_a_factor(low, high, name):
    assert equal(pair(low, high)) == name
    assert equal(pair(low, high, replicates=5)) == FEW


def test_intervals_and_flipped_signs_ask_for_the_same_number_of_replicates_the_least_that_can_reject():
    values = np.linspace(1, 1.1, 9)
    for count in range(1, 9):
        by_signs = verdict(values[:count], sign=1)["verdict"]
        assert decided(0.1, 0.3, sign=1, replicates=count) == by_signs == (REPRODUCED if count >= LEAST else FEW)
    assert 2 / 2**LEAST < 0.05 < 2 / 2 ** (LEAST - 1)


def test_arms_are_alike_but_for_one_factor():
    found = {arm: known(100.0) for arm in ARMS if arm != "two"}
    assert alike(ARMS, "base", found, "labels") == {"none": "base", "random-10": "ten", "class": "class"}
    assert alike(ARMS, "base", found, "width") == {128: "base", 256: "wide"}
    assert numbered(ARMS, "base", {**found, "two": known(1.0)}, "labels") == {2: "two", 10: "ten"}


def test_a_pair_is_their_ratio_over_what_is_known_with_the_fewer_replicates():
    found = compared({"base": known(50.0, 9), "ten": known(400.0, 7)}, "ten", "base", over=4)
    assert (found.ratio.value, found.ratio.low, found.ratio.high) == pytest.approx((2, 2, 2))
    assert found.logs == pytest.approx((np.log(2), np.log(2)))
    assert found.replicates == 7
