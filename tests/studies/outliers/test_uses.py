"""Planted runs give the stopping rule and the detector the verdicts they deserve."""

import numpy as np
import pandas as pd
import pytest

from diffmem.studies.claims import CHANCE, REFUTED, REPRODUCED
from diffmem.studies.outliers.stopping import END, SIGNAL
from diffmem.studies.outliers.uses import FOREST, LATE, claims, stopped, summary

EPOCHS = [0, 1, 2, 4, 8, 16, 32, 64]
RUNS = range(8)


def artefacts(*, begins, best):
    """Eight runs whose outliers are copied from the snapshot ``begins`` on, with the smallest loss at ``best``."""
    rng = np.random.default_rng(0)
    rows = [(r, i, e) for r in RUNS for i, e in enumerate(EPOCHS)]
    table = pd.DataFrame(rows, columns=["replicate", "i", "epoch"]).assign(study="s", cell="a")
    loss = (table["i"] - best).abs() + 0.01 * rng.random(len(table))
    rates = table.assign(criterion="net", normalisation="stratum", stratum="outlier", reference="matched")
    rates = rates.assign(threshold=1.5, headline=True, value=np.where(table["i"] >= begins, 0.6, 0.0))
    return rates, table.assign(set="held-out", sigma=1.0, loss=loss), table.assign(measure="energy", value=loss)


def found(late, forest):
    """Areas under the ROC curve of two detectors, the held-out one at chance, with noise."""
    rng = np.random.default_rng(1)
    level = {(LATE, "train"): late, (LATE, "held-out"): 0.5, (FOREST, "train"): forest}
    rows = [
        dict(study="s", cell="a", replicate=r, detector=d, side=s, auroc=v + 0.02 * rng.standard_normal())
        for r in RUNS
        for (d, s), v in level.items()
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(("begins", "best", "name"), [(3, 3, REPRODUCED), (1, 7, REFUTED), (8, 3, CHANCE)])
def test_stopping_is_better_where_outliers_are_copied_when_the_loss_is_best(begins, best, name):
    picked = stopped(*artefacts(begins=begins, best=best))
    epochs = picked.set_index("rule")["epoch"]
    assert set(epochs[SIGNAL]) == {EPOCHS[min(begins, 7)]}
    assert set(epochs[END]) == {64}
    table = claims(picked, found(0.5, 0.5), settings={"a": "moons"})
    assert table.loc[table["claim"] == "U1", "verdict"].tolist() == [name, name]
    ends = table.loc[table["claim"] == "U1", "statement"].str.partition(", by ")[2]
    assert ends.tolist() == ["held-out loss", "energy distance to the truth"], "each statement says what it compares"


def test_a_detector_is_judged_against_held_out_twins_and_against_the_forest():
    table = claims(pd.DataFrame(), found(0.8, 0.9), settings={"a": "moons"})
    assert table["verdict"].tolist() == [REPRODUCED, REFUTED]
    assert table["effect"].tolist() == pytest.approx([0.3, -0.1], abs=0.02)


def test_the_summary_has_a_row_for_every_rule_and_detector():
    picked = stopped(*artefacts(begins=3, best=3))
    table = summary(picked, found(0.8, 0.9)).set_index(["use", "name", "side"])
    assert table.loc[("loss_regret", END, ""), "mean"] == pytest.approx(4, abs=0.02)
    assert table.loc[("auroc", LATE, "train"), "mean"] == pytest.approx(0.8, abs=0.02)
    assert (table["replicates"] == len(RUNS)).all()


def test_a_study_without_outliers_or_twins_has_no_uses():
    rates, training, quality = artefacts(begins=3, best=3)
    picked = stopped(rates.assign(reference="plain"), training, quality)
    assert claims(picked, pd.DataFrame(), settings={}).empty
    assert summary(picked, pd.DataFrame()).empty


@pytest.mark.parametrize(("count", "rows"), [(2, 0), (3, 4 * len(RUNS))])
def test_stopping_is_judged_from_three_snapshots_on(count, rows):
    rates, training, quality = artefacts(begins=0, best=0)
    picked = stopped(rates[rates["i"] < count], training, quality)
    assert len(picked) == rows
    assert len(claims(picked, pd.DataFrame(), settings={"a": "moons"})) == (2 if rows else 0)
