"""Signals that follow the copies of a run, or of its size alone, are told apart."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from diffmem.studies.claims import CHANCE, FEW, REPRODUCED
from diffmem.studies.outliers.signals import claims, summary


def planted(*, of_run, replicates=8, sizes=(50, 100, 200, 400, 800)):
    """Net fractions by size and run; the signal follows the run's own part with the weight ``of_run``."""
    rng, rows = np.random.default_rng(0), []
    for size in sizes:
        for replicate in range(replicates):
            own, noise = rng.standard_normal(2)
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
    table = summary(planted(of_run=0))
    assert row(table, "within").low > 0.9
    assert row(table, "between").low > 0.9
    found = row(table, "same-size")
    assert found.low < 0 < found.high
    assert found.runs == 40


def test_a_signal_of_the_run_is_seen_in_runs_of_one_size():
    table = summary(planted(of_run=1))
    assert row(table, "same-size").correlation == pytest.approx(1)
    verdicts = claims(table, settings={"n-50": "digits"}).set_index("claim")["verdict"]
    assert verdicts["S1"] == REPRODUCED
    assert verdicts["S4"] == FEW, "a constant has no correlation"
    assert claims(summary(planted(of_run=0)), settings={"n-50": "x"}).set_index("claim").loc["S1", "verdict"] == CHANCE


def test_the_correlation_between_runs_is_that_of_scipy():
    table = planted(of_run=0.5)
    last = table[(table["step"] == 1000) & (table["signal"] == "gap")]
    found = row(summary(table), "between")
    assert found.correlation == pytest.approx(stats.spearmanr(last["value"], last["net"]).statistic)
    assert found.low < found.correlation < found.high
