"""Planted shares at one size get the verdicts that they deserve."""

import numpy as np
import pandas as pd
import pytest

from diffmem.studies.claims import CHANCE, COLUMNS, FEW, REFUTED, REPRODUCED
from diffmem.studies.effective.label_claims import label_claims

LEVEL = {"none": 0.2, "random-10": 0.5, "random-100": 0.5, "unique": 0.4, "class": 0.9}
ARMS = {kind: {"labels": kind, "width": 64} for kind in LEVEL} | {"wide": {"labels": "none", "width": 256}}


def judged(replicates):
    rng = np.random.default_rng(0)
    rows = [
        {"arm": arm, "n": n, "replicate": r, "step": step, "epoch": 0.0, "count": 100,
         "r_mem": (LEVEL.get(arm, 1.0) if step else 0.0) + 0.01 * rng.standard_normal()}
        for arm in ARMS for n in (50, 100) for r in range(replicates) for step in (0, 9)
    ]  # fmt: skip
    runs = pd.DataFrame(rows).sample(frac=1, random_state=1)
    return label_claims(runs, arms=ARMS, baseline="none", study="s", settings={arm: f"digits, {arm}" for arm in ARMS})


def test_more_labels_raise_the_share_where_they_do_and_only_labels_are_compared():
    table = judged(8)
    assert table.columns.tolist() == COLUMNS
    assert table["statement"].str.contains("n = 50,").sum() == len(table) / 2 == 3
    half = table[table["statement"].str.contains("n = 100,")].set_index(["cell", "reference"])
    assert half["verdict"].to_dict() == {
        ("random-10", "none"): REPRODUCED,
        ("random-100", "random-10"): CHANCE,
        ("unique", "random-100"): REFUTED,
    }
    assert half["effect"].tolist() == pytest.approx([0.3, 0.0, -0.1], abs=0.02)
    assert half["holds_for"].tolist() == ["digits, random-10", "digits, random-100", "digits, unique"]
    assert half["claim"].tolist() == ["E7-n", "E7-n", "E8-n"]


def test_few_replicates_get_no_verdict():
    assert set(judged(5)["verdict"]) == {FEW}
