"""A sweep of the threshold gives, at every one, the crossing that was planted there."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from diffmem.measure.copies import THRESHOLDS
from diffmem.studies.effective.emm import estimates, runs, table
from diffmem.studies.effective.thresholds import COLUMNS, thresholds

SIZES = (50, 100, 200, 400, 800)
AT = dict(zip(THRESHOLDS, (60, 90, 120, 300, 3000), strict=True))  # threshold -> crossing of the first arm
CELLS = {f"{arm}_n-{n}": (arm, n) for arm in ("base", "wide") for n in SIZES}


def planted(replicates=4):
    """Copies whose crossing moves with the threshold, twice as far out for one arm; first snapshots copy all."""
    rng = np.random.default_rng(0)
    rows = []
    for cell, (arm, n) in CELLS.items():
        for replicate in range(replicates):
            for h, crossing in AT.items():
                last = expit(logit(0.9) - 3 * np.log(n / crossing / (1 + (arm == "wide"))) + 0.03 * rng.normal())
                key = dict(cell=cell, replicate=replicate, threshold=h, count=1000)
                rows += [{**key, "step": step, "r_mem": share} for step, share in ((0, 1.0), (9, last))]
    return pd.DataFrame(rows).sample(frac=1, random_state=1)


def test_every_threshold_has_the_crossing_that_was_planted():
    found = thresholds(planted(), cells=CELLS)
    assert found.columns.tolist() == COLUMNS
    assert len(found) == 2 * len(AT)
    by = found.set_index(["arm", "threshold"])
    for h, crossing in AT.items():
        for arm, times in (("base", 1), ("wide", 2)):
            row = by.loc[(arm, h)]
            if times * crossing > SIZES[-1]:
                assert row["words"] == ">= 800"
                assert row["censored"] == ">="
            else:
                assert row["emm"] == pytest.approx(times * crossing, rel=0.05)
                assert row["low"] < row["emm"] < row["high"]


def test_at_a_third_it_is_the_estimate_of_the_study():
    copies = planted()
    key = ["cell", "replicate", "step"]
    times = copies[key].drop_duplicates()
    quality = times.assign(measure="frechet", value=1.0, floor=0.5)
    study = runs(copies, quality, times.assign(set="held-out", loss=0.1), cells=CELLS)
    expected = table({"last": estimates(study)}).sort_values("arm")
    found = thresholds(copies, cells=CELLS)
    third = found[np.isclose(found["threshold"], 1 / 3)]
    assert third["words"].tolist() == expected["words"].tolist()


def test_tables_that_repeat_their_index_and_arms_with_fewer_snapshots_change_nothing():
    copies = planted()
    arm = copies["cell"].str.startswith("wide")
    copies = copies[~arm | (copies["step"] > 0)]
    parts = [part.reset_index(drop=True) for _, part in copies.groupby(["cell", "replicate"])]
    pd.testing.assert_frame_equal(thresholds(pd.concat(parts), cells=CELLS), thresholds(copies, cells=CELLS))
