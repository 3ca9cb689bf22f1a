"""Losses by noise level are those of the last snapshot, at one size that all arms of a panel have run."""

import itertools

import numpy as np
import pandas as pd
import pytest

from diffmem.studies.effective.losses import COLUMNS, by_noise

ARMS = {
    "base": {"labels": "none", "width": 64},
    "random": {"labels": "random-10", "width": 64},
    "wide": {"labels": "none", "width": 256},
}
DIFFERS = {"base": [], "random": ["data.labels"], "wide": ["model.width"]}
SIZES = {"base": (25, 50, 100), "random": (25, 50, 100), "wide": (25, 100)}
CELLS = {f"{arm}_n-{n}": (arm, n) for arm, sizes in SIZES.items() for n in sizes}
SIGMA = (0.1, 1.0)
OF = {"base": 0.1, "random": 0.2, "wide": 0.3}


def planted(replicates=4):
    """Losses that tell arm, size, set, noise level and replicate apart; those before the last step are far off."""
    keys = itertools.product(CELLS, range(replicates), (0, 10), ("train", "held-out"), SIGMA)
    table = pd.DataFrame(keys, columns=["cell", "replicate", "step", "set", "sigma"])
    arm, n = zip(*(CELLS[cell] for cell in table["cell"]), strict=True)
    loss = pd.Series(arm).map(OF) + np.array(n) + 0.01 * table["sigma"] + 0.001 * table["replicate"]
    table["loss"] = loss + 5 * (table["set"] == "held-out") + 100 * (table["step"] == 0)
    return table.sample(frac=1, random_state=0)


def found(near, **changes):
    settings = {"cells": CELLS, "arms": ARMS, "differs": DIFFERS, "baseline": "base", **changes}
    return by_noise(planted(), near=near, **settings)


@pytest.mark.parametrize(("near", "labels", "width"), [(48, 50, 25), (30, 25, 25), (71, 100, 100), (9000, 100, 100)])
def test_a_panel_is_at_the_size_nearest_to_the_baselines_that_its_arms_share(near, labels, width):
    table = found(near)
    assert table.columns.tolist() == COLUMNS
    assert table.groupby("factor")["n"].agg(set).to_dict() == {"labels": {labels}, "width": {width}}


def test_losses_are_means_over_replicates_at_the_last_snapshot():
    table = found(48).set_index(["factor", "arm", "set", "sigma"])
    for arm, sigma in itertools.product(("base", "random"), SIGMA):
        row = table.loc[("labels", arm, "train", sigma)]
        assert row["mean"] == pytest.approx(OF[arm] + 50 + 0.01 * sigma + 0.0015)
        assert row["low"] < row["mean"] < row["high"]
        assert row["replicates"] == 4
    held_out, train = (table.loc[("width", "wide", name, 1.0), "mean"] for name in ("held-out", "train"))
    assert held_out - train == pytest.approx(5)


def test_held_out_losses_are_those_of_arms_of_which_they_can_be_compared():
    assert set(found(48).query("set == 'held-out'")["arm"]) == {"base", "wide"}
    other = {**DIFFERS, "wide": ["model.width", "data.pixels"]}
    assert set(found(48, differs=other).query("set == 'held-out'")["arm"]) == {"base"}
    assert set(found(48, differs=other).query("set == 'train'")["arm"]) == set(ARMS)


def test_arms_that_share_no_size_have_no_panel():
    cells = {name: (arm, 2 * n if arm == "wide" else n) for name, (arm, n) in CELLS.items()}
    cells["wide_n-25"] = ("wide", 30)
    assert set(found(48, cells=cells)["factor"]) == {"labels"}
    alone = {"base": ARMS["base"], "wide": ARMS["wide"]}
    assert found(48, cells=cells, arms=alone).empty
    assert found(48, cells=cells, arms=alone).columns.tolist() == COLUMNS
