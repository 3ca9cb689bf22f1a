"""Planted curves stop where they should, and regret is what a rule gives away."""

import numpy as np
import pandas as pd
import pytest

from diffmem.studies.outliers.stopping import END, LOSS, QUALITY, SIGNAL, signals, stopping
from diffmem.studies.outliers.survival import RUN

EPOCHS = [0, 1, 2, 4, 8, 16, 32, 64]
RISING = [0.0, 0.1, 0.9, 0.2, 0.6, 0.7, 0.8, 0.9]  # a single spike at epoch 2, lasting from epoch 8 on
DIPPING = [1.0, 0.8, 0.5, 0.4, 0.5, 0.6, 0.8, 1.0]  # best at epoch 4
QUALITIES = [9.0, 5.0, 3.0, 2.0, 1.5, 1.0, 1.2, 1.4]  # best at epoch 16


def curves(signal=RISING, loss=DIPPING, replicate=0, **columns):
    table = pd.DataFrame({"epoch": EPOCHS, "signal": signal, "loss": loss, **columns})
    return table.assign(study="s", cell="a", replicate=replicate)


def picked(table, **options):
    return stopping(table, **{"threshold": 0.5, **options}).set_index("rule")


def test_planted_curves_stop_where_they_should():
    found = picked(curves(quality=QUALITIES))
    assert found["epoch"].to_dict() == {SIGNAL: 8, LOSS: 4, QUALITY: 16, END: 64}
    assert found["loss"].to_dict() == {SIGNAL: 0.5, LOSS: 0.4, QUALITY: 0.6, END: 1.0}
    assert found["loss_regret"].to_dict() == pytest.approx({SIGNAL: 0.1, LOSS: 0, QUALITY: 0.2, END: 0.6})
    assert found["quality_regret"].to_dict() == pytest.approx({SIGNAL: 0.5, LOSS: 1, QUALITY: 0, END: 0.4})
    assert found["stopped"].to_dict() == {SIGNAL: True, LOSS: True, QUALITY: True, END: False}
    assert found["signal"].to_dict() == {SIGNAL: 0.6, LOSS: 0.2, QUALITY: 0.7, END: 0.9}


def test_without_a_quality_nothing_is_said_of_it():
    found = stopping(curves(), threshold=0.5)
    assert found["rule"].tolist() == [SIGNAL, LOSS, END]
    assert found.columns.tolist() == [*RUN, "rule", "stopped", "epoch", "signal", "loss", "loss_regret"]


@pytest.mark.parametrize(("confirm", "epoch"), [(1, 2), (2, 8), (4, 8), (5, 64)])
def test_a_signal_counts_once_it_lasts(confirm, epoch):
    assert picked(curves(), confirm=confirm)["epoch"][SIGNAL] == epoch


@pytest.mark.parametrize(("threshold", "epoch"), [(0.15, 2), (0.59, 8), (0.6, 16), (0.7, 64), (0.95, 64)])
def test_a_threshold_is_exceeded_not_reached_and_one_never_exceeded_does_not_stop(threshold, epoch):
    found = picked(curves(), threshold=threshold)
    assert found["epoch"][SIGNAL] == epoch
    assert found["stopped"][SIGNAL] == (epoch < 64)


@pytest.mark.parametrize(("confirm", "epoch"), [(2, 8), (3, 16), (9, 16)])
def test_a_run_too_short_to_confirm_the_signal_is_trained_to_its_end(confirm, epoch):
    """Two snapshots above the threshold at the end are no three in a row, unlike an event that stays to the end."""
    table = curves(signal=[0.0] * 4 + [0.9] * 4).iloc[2:6]
    assert picked(table, confirm=confirm)["epoch"][SIGNAL] == epoch


def test_every_replicate_is_judged_by_itself_in_any_order_of_rows():
    late = [0.0] * 5 + [0.9] * 3
    both = pd.concat([curves(), curves(signal=late, loss=DIPPING[::-1], replicate=1)])
    found = stopping(both.sample(frac=1, random_state=0), threshold=0.5)
    assert not found.duplicated([*RUN, "rule"]).any()
    epochs = found.set_index(["replicate", "rule"])["epoch"]
    assert epochs[0].to_dict() == {SIGNAL: 8, LOSS: 4, END: 64}
    assert epochs[1].to_dict() == {SIGNAL: 16, LOSS: 8, END: 64}
    assert (found["loss_regret"] >= 0).all()


# --- from the artefacts -----------------------------------------------------------------------------------------------


def rates():
    """Every criterion, normalisation, reference, stratum and ratio, each value unlike all others."""
    keys = [
        (criterion, normalisation, reference, stratum, ratio, replicate, epoch)
        for criterion in ("raw", "net")
        for normalisation in ("location", "stratum")
        for reference in ("plain", "matched")
        for stratum in ("inlier", "outlier")
        for ratio in (1.5, 3.0)
        for replicate in (0, 1)
        for epoch in EPOCHS
    ]
    names = ["criterion", "normalisation", "reference", "stratum", "threshold", "replicate", "epoch"]
    table = pd.DataFrame(keys, columns=names).assign(study="s", cell="a")
    return table.assign(value=np.arange(len(table)) / len(table))


def training():
    """Losses at two noise levels; those of the training set are not to be used."""
    levels = [
        {"study": "s", "cell": "a", "replicate": r, "epoch": e, "set": s, "sigma": sigma, "loss": loss + sigma + r}
        for r in (0, 1)
        for e, loss in zip(EPOCHS, DIPPING, strict=True)
        for s in ("train", "held-out")
        for sigma in ((1.0, 3.0) if s == "held-out" else (100.0, 300.0))
    ]
    return pd.DataFrame(levels)


@pytest.mark.parametrize("ratio", [1.5, 3.0])
def test_the_signal_is_the_net_copied_fraction_of_outliers_beside_the_mean_held_out_loss(ratio):
    table = rates()
    found = signals(table, training(), ratio=ratio)
    assert found.columns.tolist() == [*RUN, "epoch", "signal", "loss"]
    assert len(found) == 2 * len(EPOCHS)
    expected = table.query(
        "criterion == 'net' and normalisation == 'stratum' and stratum == 'outlier'"
        " and reference == 'matched' and threshold == @ratio"
    )
    assert found["signal"].tolist() == expected["value"].tolist()
    for replicate in (0, 1):
        assert found.loc[found["replicate"] == replicate, "loss"].tolist() == pytest.approx(
            [loss + 2 + replicate for loss in DIPPING]
        )
    assert len(stopping(found, threshold=0.5)) == 6


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ratio": 2.0}, r"no rates of outlier at ratio 2 against the matched test set \(ratios: 1.5, 3\)"),
        ({"stratum": "near-duplicate"}, r"\(ratios: none\)"),
    ],
)
def test_a_signal_that_was_not_measured_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        signals(rates(), training(), **{"ratio": 1.5, **change})
