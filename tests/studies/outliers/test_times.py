"""Planted delays beyond held-out locations are found, equal delays of both sides are not."""

import numpy as np
import pandas as pd

from diffmem.studies.claims import CHANCE, REPRODUCED
from diffmem.studies.outliers.times import claims, curves

EPOCHS = np.array([0, 1, 10, 100, 1000])


def planted(late, *, replicates=8, late_held_out=False):
    """Times of 40 locations per stratum; those of ``late`` strata come a snapshot later, on one side or on both."""
    rng = np.random.default_rng(0)
    rows = []
    for replicate in range(replicates):
        for stratum in ("inlier", "outlier", "duplicate"):
            for side in ("train", "held-out"):
                index = rng.integers(1, 3, size=40)
                if stratum in late and (side == "train" or late_held_out):
                    index = index + 1
                part = pd.DataFrame({"location": np.arange(40), "after": EPOCHS[index - 1], "by": 1.0 * EPOCHS[index]})
                rows.append(part.assign(study="s", cell="c", replicate=replicate, stratum=stratum, side=side))
    return pd.concat(rows, ignore_index=True)


def verdicts(times):
    return claims(times, settings={"c": "moons"}).set_index("claim")["verdict"]


def test_a_delay_of_training_locations_alone_is_memorized_later():
    found = claims(planted({"outlier"}), settings={"c": "moons"}).set_index("claim")
    assert found.loc["O1-time", "verdict"] == REPRODUCED
    middle = (np.log1p(EPOCHS[:-1]) + np.log1p(EPOCHS[1:])) / 2  # of the intervals, from which times move one on
    assert abs(found.loc["O1-time", "effect"] - (middle[2] - middle[0]) / 2) < 0.2
    assert found.loc["O2-time", "verdict"] == CHANCE


def test_a_delay_of_both_sides_is_no_memorization():
    assert verdicts(planted({"outlier"}, late_held_out=True))["O1-time"] == CHANCE


def test_duplicates_that_come_first_reproduce_the_second_claim():
    assert verdicts(planted({"inlier", "outlier"}))["O2-time"] == REPRODUCED


def test_curves_are_mean_shares_over_replicates():
    times = planted(set())
    table = curves(times).set_index(["stratum", "side", "epoch"])
    expected = times.query("stratum == 'inlier' and side == 'train'").groupby("replicate")["by"]
    share = expected.apply(lambda by: (by <= 10).mean())
    assert table.loc[("inlier", "train", 10.0), "mean"] == share.mean()
    assert table.loc[("inlier", "train", 10.0), "replicates"] == 8
