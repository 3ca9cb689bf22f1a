"""Claims on planted runs: what each definition says of a copier, and of a model that knows nothing."""

import numpy as np
import pandas as pd
import pytest

from diffmem.studies.bridge.definitions import beside, claims, summary
from diffmem.studies.claims import REFUTED, REPRODUCED, UNDECIDED

STEPS = [0, 1, 2, 4, 8, 16, 32, 64]
WORDS = {"n-50": "moons"}


def planted(*, biased_from, copies_from, delta, matched, replicates=8):
    """One size; net copied fraction at ratio 1 and R_mem jump to .8 at the given snapshots, signs are fixed."""
    found, attribution = [], []
    for r in range(replicates):
        for j, step in enumerate(STEPS):
            key = {"study": "s", "cell": "n-50", "replicate": r, "step": step}
            net = 0.8 * (j >= biased_from)
            for ratio, headline in ((1.0, False), (1.5, True)):
                attribution.append({**key, "epoch": step, "threshold": ratio, "headline": headline, "net": net,
                                    "deviation": 0.01})  # fmt: skip
            found.append({**key, "r_mem": 0.8 * (j >= copies_from), "delta": delta, "matched": matched})
    return beside(pd.DataFrame(found), attribution=pd.DataFrame(attribution))


def test_bias_that_comes_before_copies_and_agrees_with_the_matched_comparison():
    table = claims(planted(biased_from=3, copies_from=6, delta=-1, matched=-1), settings=WORDS).set_index("claim")
    assert table["verdict"].to_dict() == {"B1": REPRODUCED, "B3": REPRODUCED}  # no model has Delta > 0
    assert table.loc["B1", "effect"] == 1


def test_a_generalizing_model_that_knows_its_training_set_refutes_the_claim():
    table = claims(planted(biased_from=3, copies_from=2, delta=1, matched=1), settings=WORDS).set_index("claim")
    assert table["verdict"].to_dict() == {"B1": REFUTED, "B2": REFUTED, "B3": REFUTED}
    assert table.loc["B2", ["effect", "low", "high"]].tolist() == pytest.approx([0.8, 0.8, 0.8])


def test_a_generalizing_model_that_knows_nothing_reproduces_it():
    table = claims(planted(biased_from=99, copies_from=99, delta=1, matched=1), settings=WORDS).set_index("claim")
    assert table.loc["B2", ["verdict", "effect"]].tolist() == [REPRODUCED, 0]


def test_replicates_whose_model_does_not_generalize_are_counted_in_the_statement():
    table = planted(biased_from=99, copies_from=99, delta=1, matched=1)
    table.loc[table["replicate"] < 2, "delta"] = -1
    row = claims(table, settings=WORDS).set_index("claim").loc["B2"]
    assert row["statement"].endswith("knows nothing of the latter (seen in 6 of 8 replicates)")
    assert row["verdict"] == REPRODUCED
    table.loc[table["replicate"] < 3, "delta"] = -1
    few = claims(table, settings=WORDS).set_index("claim")
    assert few.loc["B2", ["verdict", "reason"]].tolist() == [
        UNDECIDED,
        "known in 5 of 8 replicates, and a verdict needs 6",
    ]
    assert "seen in" not in few.loc["B3", "statement"], "judged on all"


def test_the_summary_holds_means_of_shares_and_shares_of_runs():
    table = planted(biased_from=3, copies_from=6, delta=-1, matched=1)
    table.loc[table["replicate"] < 2, "delta"] = 1
    rows = summary(table, sizes={"n-50": 50}).set_index(["measure", "step"])
    assert rows.loc[("delta", 64), "value"] == 0.75
    assert rows.loc[("matched", 64), "value"] == 0
    assert rows.loc[("r_mem", 64), "value"] == pytest.approx(0.8)
    assert rows.loc[("net-smallest", 2), "value"] == 0
    assert (rows["n"] == 50).all()
    assert np.isclose(rows.loc[("delta", 64), "low"], 0.409, atol=1e-3)  # Wilson's interval of 6 in 8
