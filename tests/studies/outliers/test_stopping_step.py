"""Where quality, bias and copies begin, on planted curves."""

import numpy as np
import pandas as pd
import pytest

from diffmem.studies.claims import CHANCE, FEW, REFUTED, REPRODUCED, UNDECIDED
from diffmem.studies.outliers.lasting import first_lasting
from diffmem.studies.outliers.stopping_step import claims, jointly, judge_order, per_replicate
from diffmem.studies.outliers.stopping_step import summary as summarise

EPOCHS = [0, 1, 2, 4, 8, 16, 32]


def planted(replicates=8, copies=(0, 0, 0, 0, 0.2, 0.5, 0.8), bias=(0, 0, 0.1, 0.1, 0.3, 0.6, 0.9), deviation=0.01):
    """Tables of one cell: quality reaches that of held-out points at epoch 2, is best at 4 and worse from then on."""
    energy = [3, 1, 0.2, 0.1, 0.15, 0.3, 0.4]
    attribution, quality = [], []
    for r in range(replicates):
        key = {"study": "s", "cell": "c", "replicate": r}
        for j, epoch in enumerate(EPOCHS):
            for threshold, curve in ((1.0, bias), (1.5, copies)):
                row = {"epoch": epoch, "step": 5 * epoch, "threshold": threshold, "headline": threshold == 1.5}
                attribution.append({**key, **row, "net": curve[j], "deviation": deviation})
            row = {"measure": "energy", "epoch": epoch, "value": energy[j], "held_out": 0.2 + 0.01 * (-1) ** r}
            quality.append({**key, **row})
    return pd.DataFrame(attribution), pd.DataFrame(quality)


def summary(attribution, quality):
    return summarise(per_replicate(attribution, quality), jointly(attribution))


@pytest.mark.parametrize(
    ("held", "index"),
    [("0001110", 3), ("0101100", 7), ("0100011", 5), ("0000001", 6), ("1110000", 0), ("0000000", 7)],
)
def test_an_event_lasts_three_snapshots_or_to_the_end(held, index):
    assert first_lasting(np.array([value == "1" for value in held])) == index


def test_events_lie_where_they_were_planted_and_the_stop_is_before_the_copies():
    found = per_replicate(*planted())
    assert (found[["tau_gen", "bias", "copies", "stop"]] == [2, 2, 8, 4]).all().all()
    np.testing.assert_allclose(found["cost"], 0)
    np.testing.assert_allclose(found["gain"], 0.3)
    table = summary(*planted()).set_index("event")
    assert table.loc["copies", ["epoch", "low", "high", "step", "seen"]].tolist() == [8, 8, 8, 40, 8]
    assert table.loc["stop", ["epoch", "net", "net_end"]].tolist() == [4, 0, 0.8]


def test_what_is_expected_by_chance_is_no_bias_and_a_few_copies_are_no_reason_to_stop():
    assert (per_replicate(*planted(deviation=0.05))["bias"] == 8).all(), "the level is .157"
    found = per_replicate(*planted(copies=[0.04] * 7, deviation=0.001))
    assert np.isinf(found["copies"]).all()


def test_without_copies_nothing_is_stopped():
    found = per_replicate(*planted(copies=[0] * 7, bias=[0] * 7))
    assert np.isinf(found["copies"]).all()
    assert (found["stop"] == 32).all()
    assert summary(*planted(copies=[0] * 7, bias=[0] * 7)).set_index("event").loc["stop", "seen"] == 0


def test_stopping_before_the_copies_is_better_here_and_quality_comes_first():
    table = claims(per_replicate(*planted()), settings={"c": "words"}).set_index("claim")
    assert table.loc["G1", "verdict"] == REPRODUCED
    assert table.loc["G1", "effect"] == 1
    assert table.loc["G2", "verdict"] == REPRODUCED
    assert table.loc["G2", "effect"] == pytest.approx(-0.3)
    assert set(claims(per_replicate(*planted(replicates=2)), settings={"c": "words"})["verdict"]) == {FEW}


def test_a_single_run_has_places_but_no_interval():
    table = summary(*planted(replicates=1)).set_index("event")
    assert table.loc["copies", "epoch"] == 8
    assert table[["low", "high", "cost_low"]].isna().all().all()


def test_all_replicates_together_see_what_none_sees_alone():
    """Copies of .1 against a level of .16 of a single run, and of .055 of eight."""
    attribution, quality = planted(copies=[0, 0, 0, 0, 0.1, 0.1, 0.1], bias=[0] * 7, deviation=0.05)
    found = per_replicate(attribution, quality)
    assert np.isinf(found["copies"]).all()
    assert (found["stop"] == 4).all()
    table = summarise(found, jointly(attribution)).set_index("event")
    assert table.loc["copies", ["epoch", "low", "high", "seen"]].tolist() == [8, 8, 8, 0]
    assert table.loc["stop", ["epoch", "seen"]].tolist() == [4, 8]


def test_the_interval_of_a_place_is_wider_where_replicates_differ():
    attribution, _ = planted(copies=[0, 0, 0, 0, 0.08, 0.5, 0.8], deviation=0.001)
    late = (attribution["replicate"] % 4 == 0) & (attribution["threshold"] == 1.5) & (attribution["epoch"] < 32)
    attribution.loc[late, "net"] = 0.0
    row = jointly(attribution).set_index("event").loc["copies"]
    assert row["low"] == 8 <= row["epoch"] < row["high"]


def test_replicates_that_know_nothing_of_the_split_seldom_raise_an_alarm_together():
    rng, alarms = np.random.default_rng(0), 0
    for _ in range(100):
        attribution, _ = planted(deviation=0.05)
        attribution["net"] = 0.05 * rng.standard_normal(len(attribution))
        alarms += np.isfinite(jointly(attribution).set_index("event").loc[["bias", "copies"], "epoch"]).any()
    assert alarms <= 5


def test_quality_is_compared_with_the_onset_of_all_replicates_together():
    """All see copies of .1 from epoch 1, none alone before .5 at epoch 16; quality comes at 2."""
    found = per_replicate(*planted(copies=[0, 0.1, 0.1, 0.1, 0.1, 0.5, 0.5], deviation=0.05))
    assert (found["copies"] == 16).all()
    assert (found["begun"] == 1).all()
    assert claims(found, settings={"c": "words"}).set_index("claim").loc["G1", "verdict"] == REFUTED


def test_events_at_one_snapshot_may_have_come_in_either_order():
    tie = judge_order(pd.Series([4.0] * 12), pd.Series([4.0] * 12))
    assert tie.verdict == UNDECIDED
    assert tie.low < 0.3 < 0.7 < tie.high


def test_replicates_that_see_neither_event_are_counted_in_the_statement():
    found = per_replicate(*planted(copies=[0] * 7))
    found.loc[found["replicate"] < 2, "tau_gen"] = np.inf
    row = claims(found, settings={"c": "words"}).set_index("claim").loc["G1"]
    assert row[["verdict", "effect", "replicates"]].tolist() == [REPRODUCED, 1, 6]
    assert row["statement"].endswith("before copies begin (seen in 6 of 8 replicates)")
    found.loc[found["replicate"] < 4, "tau_gen"] = np.inf
    row = claims(found, settings={"c": "words"}).set_index("claim").loc["G1"]
    assert row[["verdict", "reason"]].tolist() == [
        UNDECIDED,
        "known in 4 of 8 replicates, and a verdict needs 6",
    ]


def test_what_never_happens_needs_no_more_replicates():
    found = per_replicate(*planted(copies=[0] * 7)).assign(tau_gen=np.inf)
    table = claims(found, settings={"c": "words"}).set_index("claim")
    assert table.loc["G1", ["verdict", "reason"]].tolist() == [
        UNDECIDED,
        "neither event is seen in any of 8 replicates",
    ]
    assert table.loc["G2", ["verdict", "reason"]].tolist() == [
        CHANCE,
        "copies do not begin in 8 replicates together",
    ]


def test_cells_of_several_sizes_are_asked_for_one_quality():
    attribution, quality = planted()
    small = [table.assign(cell="small") for table in (attribution, quality)]
    small[1] = small[1].assign(held_out=small[1]["held_out"] + 0.9)
    both = [pd.concat(tables) for tables in zip((attribution, quality), small, strict=True)]
    assert per_replicate(*both).groupby("cell")["tau_gen"].first().to_dict() == {"c": 2, "small": 1}
    assert (per_replicate(*both, one_target=True)["tau_gen"] == 2).all()


def test_no_cell_gives_empty_tables():
    attribution, quality = (table[:0] for table in planted())
    found = per_replicate(attribution, quality)
    assert summarise(found, jointly(attribution)).empty
    assert claims(found, settings={}).empty
