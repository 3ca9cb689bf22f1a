"""Slopes of planted clocks against the number of training points, and the claims about them."""

import itertools

import numpy as np
import pandas as pd
import pytest

from diffmem.studies.claims import FEW, REFUTED, REPRODUCED, UNDECIDED
from diffmem.studies.outliers.clocks import claims, clocks, slopes, summary

SIZES = {"n-50": 50, "n-100": 100, "n-200": 200}
STEPS = 2 ** np.arange(15)
WORDS = dict.fromkeys(SIZES, "digits")


def planted(bias=lambda n: n, copies=lambda n: 8 * n, best=1024, replicates=8):
    """Events of all replicates and their losses; an epoch is 4 steps, and events lie on snapshots."""
    found, losses, times = [], [], []
    for cell, n in SIZES.items():
        for r in range(replicates):
            key = {"study": "s", "cell": cell, "replicate": r}
            found.append({**key, "tau_gen": 64.0, "bias": bias(n), "copies": copies(n)})
            loss = 1 + np.abs(np.log(STEPS / best))
            losses += [{**key, "step": s, "set": "held-out", "sigma": k, "loss": x + k}
                       for s, x in zip(STEPS, loss, strict=True) for k in (0, 1)]  # fmt: skip
            losses += [{**key, "step": s, "set": "train", "sigma": 0, "loss": 1 / s} for s in STEPS]
            epochs = {64.0, best / 4, float(bias(n)), float(copies(n))} - {np.inf}
            times += [
                {
                    **key,
                    "epoch": epoch,
                    "step": int(4 * epoch),
                    "threshold": ratio,
                    "headline": ratio > 1,
                    "net": epoch / ratio,
                    "deviation": 0.01,
                }
                for epoch, ratio in itertools.product(epochs, (1.0, 2.0))
            ]
    tables = {"training": pd.DataFrame(losses), "attribution": pd.DataFrame(times)}
    return clocks(pd.DataFrame(found), **tables, sizes=SIZES)


def test_events_are_counted_in_steps_and_the_best_loss_is_that_of_held_out_points():
    table = planted()
    one = table[(table["cell"] == "n-100") & (table["replicate"] == 3)]
    assert one.set_index("event")["step"].to_dict() == {"loss": 1024, "tau_gen": 256, "bias": 400, "copies": 3200}


def test_a_loss_that_is_best_at_the_end_is_not_yet_best():
    table = planted(best=STEPS[-1])
    assert np.isinf(table.loc[table["event"] == "loss", "step"]).all()


def test_slopes_are_those_that_were_planted():
    found = slopes(planted(copies=lambda n: float(n) ** 2))
    assert {event: pytest.approx(values.mean()) for event, values in found.items()} == {
        "loss": 0, "tau_gen": 0, "bias": 1, "copies": 2}  # fmt: skip
    row = summary(planted()).set_index(["n", "event"]).loc[(100, "copies")]
    assert row[["step", "low", "high", "seen", "replicates"]].tolist() == [3200, 3200, 3200, 8, 8]
    np.testing.assert_allclose(row[["slope", "slope_low", "slope_high"]].astype(float), 1)
    np.testing.assert_allclose(row[["net_smallest", "net_smallest_low"]].astype(float), 800)
    np.testing.assert_allclose(row[["net", "net_high"]].astype(float), 400, err_msg="at the ratio of the figures")


def test_sizes_at_which_a_replicate_does_not_see_the_event_have_no_part_in_its_slope():
    unseen = planted(copies=lambda n: np.inf if n == 200 else 8 * n)
    assert slopes(unseen)["copies"].size == 0, "two sizes are left"
    assert summary(unseen).set_index(["n", "event"]).loc[(200, "copies"), "seen"] == 0


def test_claims_compare_the_clocks():
    table = claims(planted(), settings=WORDS).set_index("claim")
    assert table.loc["K1", "verdict"].tolist() == [REPRODUCED] * 3, "at steps 200, 400 and 800, the loss at 1,024"
    assert table.loc[["K2", "K3", "K4"], "verdict"].tolist() == [REPRODUCED] * 3
    other = claims(planted(bias=lambda n: 512, copies=lambda n: 8 * n**2), settings=WORDS).set_index("claim")
    assert other.loc["K1", "verdict"].tolist() == [REFUTED] * 3
    assert other.loc[["K2", "K3", "K4"], "verdict"].tolist() == [REFUTED, REPRODUCED, REFUTED]
    assert other.loc["K4", "effect"] == pytest.approx(0)
    assert "50 to 200 inliers" in other.loc["K2", "holds_for"]


def test_what_few_replicates_or_sizes_show_is_no_verdict():
    assert set(claims(planted(replicates=4), settings=WORDS)["verdict"]) == {FEW}
    never = claims(planted(copies=lambda n: np.inf), settings=WORDS).set_index("claim")
    assert never.loc["K2", "verdict"] == FEW
    assert "fewer than 3 sizes" in never.loc["K2", "reason"]
    rng = np.random.default_rng(0)
    wide = planted()
    wide["step"] *= np.exp(rng.normal(0, 0.6, len(wide)))
    assert claims(wide, settings=WORDS).set_index("claim").loc["K2", "verdict"] == UNDECIDED
