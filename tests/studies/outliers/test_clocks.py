"""Slopes of planted clocks against the number of training points, and the claims about them."""

import itertools

import numpy as np
import pandas as pd
import pytest

from diffmem.studies.claims import CHANCE, FEW, REFUTED, REPRODUCED, UNDECIDED
from diffmem.studies.outliers.clocks import FEW_SIZES, claims, clocks, slopes, summary

SIZES = {"n-50": 50, "n-100": 100, "n-200": 200}
STEPS = 2 ** np.arange(15)
WORDS = {cell: f"digits, {n} inliers, 8000 steps" for cell, n in SIZES.items()}


def planted(bias=lambda n: n, copies=lambda n: 8 * n, best=1024, replicates=8, deviation=lambda n: 0.01):
    """Runs with snapshots at powers of two and at all events; an epoch is 4 steps.

    In every replicate the net copied fraction rises in proportion to the epoch. At ratio 1 it passes one half at the
    epoch ``bias(n)``, at ratio 2 one fifth at ``copies(n)``.
    """
    found, losses, rates = [], [], []
    events = {float(event(n)) for n in SIZES.values() for event in (bias, copies) if 0 < event(n) < np.inf}
    epochs = sorted({*STEPS / 4, 64.0, *events})
    for (cell, n), r in itertools.product(SIZES.items(), range(replicates)):
        key = {"study": "s", "cell": cell, "replicate": r}
        found.append({**key, "tau_gen": 64.0})
        loss = 1 + np.abs(np.log(STEPS / best))
        losses += [{**key, "step": s, "set": "held-out", "sigma": k, "loss": x + k}
                   for s, x in zip(STEPS, loss, strict=True) for k in (0, 1)]  # fmt: skip
        losses += [{**key, "step": s, "set": "train", "sigma": 0, "loss": 1 / s} for s in STEPS]
        rates += [
            {
                **key,
                "epoch": epoch,
                "step": int(4 * epoch),
                "threshold": ratio,
                "headline": ratio > 1,
                "net": 1.0001 * share * epoch / onset(n),
                "deviation": deviation(n),
            }
            for epoch in epochs
            for ratio, share, onset in ((1.0, 0.5, bias), (2.0, 0.2, copies))
        ]
    tables = {"training": pd.DataFrame(losses), "attribution": pd.DataFrame(rates)}
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
    np.testing.assert_allclose(row[["net_smallest", "net_smallest_low"]].astype(float), 4, rtol=1e-3)
    np.testing.assert_allclose(row[["net", "net_high"]].astype(float), 0.2, rtol=1e-3, err_msg="at ratio 2")


def test_sizes_at_which_a_replicate_does_not_see_the_event_have_no_part_in_its_slope():
    unseen = planted(copies=lambda n: np.inf if n == 200 else 8 * n)
    assert slopes(unseen)["copies"].size == 0, "two sizes are left"
    assert summary(unseen).set_index(["n", "event"]).loc[(200, "copies"), "seen"] == 0


def test_a_size_whose_share_chance_hides_has_no_part_in_the_slope():
    """With a level above one half at the smallest size, its onset comes late. Two sizes are left, and no slope."""
    table = planted(deviation=lambda n: 0.2 if n == 50 else 0.01)
    late = table[(table["event"] == "bias") & (table["n"] == 50)]
    assert (late["step"] > 4 * 50).all()
    assert not late["by_share"].any()
    assert slopes(table)["bias"].size == 0
    assert slopes(table)["loss"].size == 8


def test_claims_compare_the_clocks():
    table = claims(planted(), settings=WORDS).set_index("claim")
    assert table.loc["K1", "verdict"].tolist() == [REPRODUCED] * 3
    np.testing.assert_allclose(table.loc["K1", "effect"], [2.56, 1.28, 0.64], rtol=1e-3, err_msg="at step 1,024")
    assert table.loc[["K2", "K3", "K4"], "verdict"].tolist() == [REPRODUCED] * 3
    other = claims(planted(bias=lambda n: -512, copies=lambda n: 8 * n**2), settings=WORDS).set_index("claim")
    assert other.loc["K1", "verdict"].tolist() == [REFUTED] * 3, "more samples are nearer to the held-out set"
    other = claims(planted(bias=lambda n: 512, copies=lambda n: 8 * n**2), settings=WORDS).set_index("claim")
    assert other.loc[["K2", "K3", "K4"], "verdict"].tolist() == [REFUTED, REPRODUCED, REFUTED]
    assert other.loc["K4", "effect"] == pytest.approx(0)
    assert other.loc["K2", "holds_for"] == "digits, 8000 steps, at 50 to 200 inliers"
    assert other.loc["K1", "holds_for"].iloc[0] == "digits, 50 inliers, 8000 steps"


def test_runs_whose_loss_is_best_at_the_end_are_counted_in_the_statement():
    table = planted()
    last = (table["event"] == "loss") & (table["n"] == 50) & (table["replicate"] < 3)
    table.loc[last, ["step", "net_smallest"]] = np.inf, np.nan
    found = claims(table, settings=WORDS).set_index(["claim", "cell"]).loc["K1"]
    assert found["statement"].str.endswith("(seen in 5 of 8 replicates)").tolist() == [True, False, False]
    assert found["verdict"].tolist() == [CHANCE, REPRODUCED, REPRODUCED]
    assert found.loc["n-50", "reason"] == "known in 5 of 8 replicates, and a verdict needs 6"


def test_whole_epochs_are_compared_with_infinite_ones_without_a_warning(recwarn):
    """A run that never reaches the quality, among snapshots at whole epochs."""
    found = pd.DataFrame({"study": "s", "cell": "n-50", "replicate": [0, 1], "tau_gen": [2.0, np.inf]})
    rows = itertools.product((0, 1), (0, 2, 4), ((1.0, False), (2.0, True)))
    rates = [dict(study="s", cell="n-50", replicate=r, epoch=e, step=3 * e, threshold=t, headline=h, net=0.0,
                  deviation=0.1) for r, e, (t, h) in rows]  # fmt: skip
    losses = [
        dict(study="s", cell="n-50", replicate=r, step=s, set="held-out", loss=1.0) for r in (0, 1) for s in (0, 6)
    ]
    tables = {"training": pd.DataFrame(losses), "attribution": pd.DataFrame(rates)}
    table = clocks(found, **tables, sizes=SIZES)
    assert table.loc[table["event"] == "tau_gen", "step"].tolist() == [6, np.inf]
    assert not [str(warning.message) for warning in recwarn]


def test_what_few_replicates_or_sizes_show_is_no_verdict():
    assert set(claims(planted(replicates=4), settings=WORDS)["verdict"]) == {FEW}
    never = claims(planted(copies=lambda n: np.inf), settings=WORDS).set_index("claim")
    assert never.loc["K2", ["verdict", "reason"]].tolist() == [UNDECIDED, FEW_SIZES], "eight replicates are enough"
    rng = np.random.default_rng(0)
    wide = planted()
    wide["step"] *= np.exp(rng.normal(0, 0.6, len(wide)))
    assert claims(wide, settings=WORDS).set_index("claim").loc["K2", "verdict"] == UNDECIDED
