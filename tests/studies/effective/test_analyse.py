"""All tables of a study, from the tables of its cells and shards; panels hold the arms that differ in one factor."""

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from diffmem.studies.claims import REPRODUCED, UNDECIDED
from diffmem.studies.effective.analyse import analyse, panels

SIZES = (25, 50, 100, 200)
FACTORS = {"base": {"weight_decay": 0}, "little": {"weight_decay": 0.1}, "much": {"weight_decay": 10}}
EMM = {"base": 110, "little": 50, "much": 1}
CELLS = {f"{arm}_n-{n}": (arm, n) for arm in EMM for n in SIZES}


def planted(arms):
    """Copies, quality and training of ``arms``, of which "much" generates noise, joined as the scripts do it."""
    rng = np.random.default_rng(0)
    copies, quality, training = [], [], []
    for cell, (arm, n) in CELLS.items():
        works = arm != "much"
        measures = {
            "frechet": (1.0 if works else 400.0, 0.1),
            "density": (0.9 * works, 1),
            "coverage": (0.1 * works, 1),
        }
        for r in range(6) if arm in arms else ():
            share = expit(logit(0.9) - 3 * np.log(n / EMM[arm]) + 0.03 * rng.standard_normal())
            key = dict(cell=cell, replicate=r, step=9)
            rates = dict(r_mem=share, r_mem_repeated=np.nan, r_mem_single=share, count=500, ceiling=1.0, epoch=1.0)
            copies.append({**key, **rates, "threshold": 1 / 3})
            quality += [{**key, "measure": name, "value": v, "floor": f} for name, (v, f) in measures.items()]
            training += [{**key, "set": name, "sigma": 1.0, "loss": 0.5} for name in ("train", "held-out")]
    return [pd.DataFrame(rows) for rows in (copies, quality, training)]


def judged(*names):
    """The tables of a study with the arms ``names``, the baseline first."""
    cells = {cell: (arm, n) for cell, (arm, n) in CELLS.items() if arm in names}
    differs = {arm: ["training.weight_decay"] * (arm != "base") for arm in names}
    return analyse(
        *planted(names),
        arms={"factors": {n: FACTORS[n] for n in names}, "baseline": "base", "differs": differs, "cells": cells},
        resolutions=dict.fromkeys(names),
        classes=None,
        study="s",
        settings={arm: f"digits, {arm}" for arm in names},
    )


def test_claims_hold_for_the_settings_of_their_arm_and_leave_noise_out():
    tables = judged("base", "little", "much")
    claims = tables["claims"].set_index(["claim", "cell"])
    row = claims.loc[("E10", "little")]
    assert row["verdict"] == REPRODUCED
    beside = "Frechet distance minus that of fresh points: 0.900, baseline 0.900, at n = 100"
    assert row["holds_for"] == f"digits, little; {beside}"
    assert "without 10, since samples are noise" in row["statement"]
    assert claims.loc["E1", "holds_for"]["base"] == "digits, base"
    assert tables["factors"]["factor"].tolist() == ["weight_decay 0.1", "weight_decay 10"]


def test_the_only_other_arm_decides_nothing_if_it_generates_noise():
    row = judged("base", "much")["claims"].set_index("claim").loc["E10"]
    assert (row["verdict"], "samples of much are close to noise at n = 25" in row["reason"]) == (UNDECIDED, True)


def test_panels_name_the_baseline_first_and_say_which_arms_can_be_compared_by_quality():
    arms = {"base": {"width": 64, "depth": 2}, "wide": {"width": 128, "depth": 2}, "deep": {"width": 64, "depth": 4}}
    table = panels(arms=arms, baseline="base", fair=["base", "wide"])
    assert table.to_numpy().tolist() == [
        ["width", "base", True], ["width", "wide", True], ["depth", "base", True], ["depth", "deep", False],
    ]  # fmt: skip
