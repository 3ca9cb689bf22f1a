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
    assert text.endswith(" Samples are as good as held-out points from epoch 20 [10, 30] on, in 8 of 8 replicates.")
    assert "is seen from epoch 40 [30, 50] on; copies, by the main ratio, begin after epoch 70 and by" in text
    assert "by epoch 90 [80, beyond the end]. Samples" in text
    assert text.startswith(
        "100 inliers: Stop at epoch 70 [60, 80]: 3.0 % of the samples are net copies there instead of 60 % at the end."
    )
    assert "It comes before" not in text


def test_snapshots_that_the_user_counts_in_steps_are_called_steps():
    (text,) = sentences(EVENTS, {"c": "mine"}, counted="step")
    assert "Stop at step 70" in text
    assert "epoch" not in text


def test_a_stop_before_samples_are_good_says_so_and_its_cost_is_not_negative():
    early = EVENTS.assign(epoch=[90.0, 40.0, 90.0, 70.0], cost_low=-0.02)
    (text,) = sentences(early, {"c": "100 inliers"})
    assert "is there 0.010 [0, 0.020] above the smallest of the same replicate" in text
    assert "It comes before samples are as good as held-out points." in text


def test_a_stop_where_samples_never_become_good_is_not_said_to_come_before_that():
    (text,) = sentences(EVENTS.assign(epoch=[np.inf, 40.0, 90.0, 70.0]), {"c": "100 inliers"})
    assert "do not become as good" in text
    assert "It comes before" not in text


def test_what_was_not_seen_is_said():
    never = EVENTS.assign(epoch=[np.inf, np.inf, np.inf, 100.0], low=np.inf, high=np.inf, seen=[0, 2, 0, 0])
    (text,) = sentences(never, {"c": "100 inliers"})
    assert "do not become as good as held-out points in most of 8 replicates" in text
    assert "is seen in 2 of 8 replicates only; copies, by the main ratio, begin in no replicate." in text
    assert "nothing is gained by stopping before its end" in text
