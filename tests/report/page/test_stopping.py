"""Three sentences on when to stop."""

import numpy as np
import pandas as pd

from diffmem.report.page.stopping import sentences

EVENTS = pd.DataFrame(
    {
        "study": "s",
        "cell": "c",
        "event": ["tau_gen", "bias", "copies", "stop"],
        "epoch": [20.0, 40.0, 90.0, 70.0],
        "low": [10.0, 30.0, 80.0, 60.0],
        "high": [30.0, 50.0, np.inf, 80.0],
        "seen": [8, 8, 7, 7],
        "replicates": 8,
        "cost": [np.nan] * 3 + [0.01],
        "cost_low": [np.nan] * 3 + [0.0],
        "cost_high": [np.nan] * 3 + [0.02],
        "net": [np.nan] * 3 + [0.03],
        "net_end": [np.nan] * 3 + [0.6],
    }
)


def test_a_cell_is_told_where_quality_bias_and_copies_begin_and_when_to_stop():
    (text,) = sentences(EVENTS, {"c": "100 inliers"})
    assert text.startswith("100 inliers: samples are as good as held-out points from epoch 20 [10, 30] on. ")
    assert "begins at epoch 40 [30, 50], copies at epoch 90 [80, beyond the end]. Stop at epoch 70 [60, 80]:" in text
    assert "3.0 % of the samples are net copies instead of 60 %" in text


def test_what_was_not_seen_is_said():
    never = EVENTS.assign(epoch=[np.inf, np.inf, np.inf, 100.0], low=np.inf, high=np.inf, seen=[0, 2, 0, 0])
    (text,) = sentences(never, {"c": "100 inliers"})
    assert "do not become as good as held-out points in most of 8 replicates" in text
    assert "begins in 2 of 8 replicates only, copies in no replicate." in text
    assert "nothing is gained by stopping before its end" in text
