"""Arms whose samples are noise are no evidence, nor are bounds on EMM of arms that cannot be compared."""

from dataclasses import replace

import numpy as np
import pandas as pd

from diffmem.measure.emm import Estimate
from diffmem.studies import cautions
from diffmem.studies.claims import REPRODUCED, UNDECIDED
from diffmem.studies.effective import evidence
from diffmem.studies.effective.evidence import noisy, qualities

SEEN = Estimate(50.0, 40.0, 60.0, (40.0, 60.0), replicates=6)
FINE = {"density": 0.9, "coverage": 0.1, "density_floor": 1.0, "coverage_floor": 0.97}  # as of copies of few images
BAD = {"density": 0.01, "coverage": 0.0}


def test_a_bound_on_emm_of_an_arm_that_cannot_be_judged_by_quality_is_no_evidence(judged):
    """Images of so many pixels that the network cannot draw them: no copies at any size."""
    arms = {("dimension", 16): 200, ("dimension", 784): 1}
    row = judged(arms, fair=["base"]).set_index("claim").loc["E2"]
    assert (row["verdict"], row["unit"], row["low"]) == (UNDECIDED, "<= ratio of EMMs", 0)
    assert row["reason"] == "EMM of dimension 784 is only a bound, and the arms cannot be compared by quality"
    row = judged(arms).set_index("claim").loc["E2"]
    assert (row["verdict"], row["reason"]) == (REPRODUCED, ""), "of comparable quality"
    row = judged({("dimension", 16): 1, ("dimension", 8): 200}, fair=["base"]).set_index("claim").loc["E2"]
    assert row["verdict"] == UNDECIDED, "the bound is the baseline's"
    known = judged({("dimension", 16): 200, ("dimension", 32): 60}, fair=["base"]).set_index("claim").loc["E2"]
    assert known["verdict"] == REPRODUCED, "the crossing itself was seen"


def test_weight_decay_that_leaves_noise_alone_does_not_show_that_it_lowers_emm(judged):
    arms = {("weight_decay", 0): 200, ("weight_decay", 10): 1}
    row = judged(arms, noise=["weight_decay 10"]).set_index("claim").loc["E10"]
    assert (row["verdict"], row["unit"]) == (UNDECIDED, "<= ratio of EMMs")
    assert row["reason"] == (
        "samples of weight_decay 10 are close to noise at n = 25: density 0.01 (1.00) and coverage 0.00 (0.97), "
        "in brackets of fresh points"
    )
    works = judged(arms).set_index("claim").loc["E10"]
    assert (works["verdict"], works["reason"]) == (REPRODUCED, ""), "copies of few images cover as little as noise"


def test_a_direction_is_judged_by_the_arms_that_generate_their_data(judged):
    arms = {("width", 64): 1, ("width", 128): 200, ("width", 256): 330}
    row = judged(arms, noise=["width 64"]).set_index("claim").loc["E3"]
    assert (row["cell"], row["reference"], row["verdict"]) == ("width 256", "base", REPRODUCED)
    assert "1 of 1 steps from 128 to 256; without 64, since samples are noise" in row["statement"]
    every = judged(arms).set_index("claim").loc["E3"]
    assert (every["reference"], every["verdict"]) == ("width 64", REPRODUCED)
    assert "2 of 2 steps from 64 to 256" in every["statement"]


def test_a_depth_of_noise_makes_no_hump(judged):
    arms = {("depth", 2): 200, ("depth", 4): 350, ("depth", 8): 1}
    assert judged(arms).set_index("claim").loc["E4", "verdict"] == REPRODUCED
    row = judged(arms, noise=["depth 8"]).set_index("claim").loc["E4"]
    assert (row["verdict"], "depth 8 are close to noise" in row["reason"]) == (UNDECIDED, True)
    more = judged({**arms, ("depth", 6): 200}, noise=["depth 8"]).set_index("claim").loc["E4"]
    assert (more["verdict"], more["cell"]) == (REPRODUCED, "depth 4")
    assert "3 depths" in more["statement"]
    assert "without 8, since samples are noise" in more["statement"]


def test_noise_is_told_from_copies_and_from_a_bound_at_other_sizes():
    """Only arms without a crossing are asked, at the smallest size, and both measures must be low."""
    found = {"fine": replace(SEEN, censored="<"), "bad": replace(SEEN, censored="<"), "seen": SEEN}
    rows = [
        dict(arm=arm, n=n, replicate=r, step=1, **{**FINE, **(BAD if noise == n or arm == "seen" else {})})
        for arm, noise in (("fine", 50), ("bad", 25), ("seen", 25))
        for n in (50, 25)
        for r in range(3)
    ]
    assert list(noisy(pd.DataFrame(rows), found)) == ["bad"]
    assert list(noisy(pd.DataFrame(rows).assign(density=np.nan, coverage=np.nan), found)) == ["fine", "bad"]
    assert evidence.is_noise is cautions.is_noise


def test_a_pair_of_skips_with_an_arm_of_noise_decides_nothing(kept):
    skips = {"1": 200, "2": 230, "7": 60, "8": 1}
    assert kept(skips)["verdict"].tolist() == [REPRODUCED]
    assert kept(skips, noise=["skips 8"])["verdict"].tolist() == [UNDECIDED]


def test_words_on_quality_name_the_measure_and_both_arms():
    row = {"arm": "wide", "measure": "frechet_beyond_fresh", "quality": 2.341, "quality_baseline": 2.4, "quality_n": 50}
    blank = {**row, "arm": "other", "quality": np.nan}
    assert qualities(pd.DataFrame([row, blank])) == {
        "wide": "; Frechet distance minus that of fresh points: 2.34, baseline 2.40, at n = 50"
    }
