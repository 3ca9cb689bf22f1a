"""Signals that follow the copies of a run, or of its size alone, are told apart."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from diffmem.studies.claims import CHANCE, FEW, REPRODUCED
from diffmem.studies.outliers.signals import CONSTANT, _with_interval, claims, summary

SIZES = (50, 100, 200, 400, 800)


def planted(*, of_run, replicates=8, seed=0, shared=False):
    """Net fractions by size and run; the signal follows the run's own part with the weight ``of_run``.

    With ``shared``, the runs of a replicate have the same part at all sizes.
    """
    rng, rows = np.random.default_rng(seed), []
    parts = rng.standard_normal((1 if shared else len(SIZES), replicates, 2))
    for size, of_size in zip(SIZES, np.broadcast_to(parts, (len(SIZES), replicates, 2)), strict=True):
        for replicate, (own, noise) in enumerate(of_size):
            for step in (0, 10, 100, 1000):
                key = {"study": "s", "cell": f"n-{size}", "replicate": replicate, "step": step}
                net = step / size + 0.1 * own * (step > 0)
                signal = step / size + 0.1 * (of_run * own + (1 - of_run) * noise)
                rows.append({**key, "signal": "gap", "net": net, "value": signal})
                rows.append({**key, "signal": "stable-rank", "net": net, "value": 7.0})
    return pd.DataFrame(rows)


def row(table, over, signal="gap"):
    return table.set_index(["signal", "over"]).loc[(signal, over)]


def test_a_signal_of_size_and_time_alone_says_nothing_of_runs_of_one_size():
    table = summary(planted(of_run=0, seed=1))
    assert row(table, "within").low > 0.9
    assert row(table, "between").low > 0.9
    found = row(table, "same-size")
    assert found.low < 0 < found.high
    assert (found.runs, found.replicates) == (40, 8)


def test_a_signal_of_the_run_is_seen_in_runs_of_one_size():
    table = summary(planted(of_run=1))
    assert row(table, "same-size").correlation == pytest.approx(1)
    found = claims(table, settings={"n-50": "digits"}).set_index("claim")
    assert found.loc["S1", ["verdict", "reason"]].tolist() == [REPRODUCED, ""]
    assert found.loc["S4", ["verdict", "reason"]].tolist() == [CHANCE, CONSTANT], "eight replicates are enough"
    few = claims(summary(planted(of_run=1, replicates=5)), settings={"n-50": "digits"}).set_index("claim")
    assert few.loc["S4", ["verdict", "reason"]].tolist() == [FEW, ""]
    assert (
        claims(summary(planted(of_run=0, seed=1)), settings={"n-50": "x"}).set_index("claim").loc["S1", "verdict"]
        == CHANCE
    )


def test_rows_about_all_sizes_do_not_name_one_of_them():
    settings = {"n-50": "digits, 50 inliers, 8000 steps", "n-800": "digits, 800 inliers, 8000 steps"}
    found = claims(summary(planted(of_run=1)), settings=settings)
    assert set(found["holds_for"]) == {"digits, 8000 steps, at all sizes of the study"}


def test_the_correlation_between_runs_is_that_of_scipy():
    table = planted(of_run=0.5)
    last = table[(table["step"] == 1000) & (table["signal"] == "gap")]
    found = row(summary(table), "between")
    assert found.correlation == pytest.approx(stats.spearmanr(last["value"], last["net"]).statistic)
    assert found.low < found.correlation < found.high


@pytest.mark.parametrize("shared", [False, True])
def test_the_interval_holds_for_runs_that_share_their_replicate(shared):
    """No correlation is planted."""
    found = [row(summary(planted(of_run=0, seed=seed, shared=shared)), "same-size") for seed in range(100)]
    assert np.mean([one.low < 0 < one.high for one in found]) == pytest.approx(0.95, abs=0.06)


def test_the_interval_of_independent_runs_is_fishers():
    """One size: z +- 1.03 t / sqrt(R - 3), the factor being that of ranks (Fieller et al. 1957)."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((400, 2)) @ [[1, 0.6], [0, 0.8]]
    found = _with_interval(x[:, None])
    z, half = np.arctanh(stats.spearmanr(*x.T).statistic), 1.96 * 1.03 / np.sqrt(397)
    np.testing.assert_allclose([found["low"], found["high"]], np.tanh([z - half, z + half]), atol=0.015)
