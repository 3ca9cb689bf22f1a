r"""How well signals without samples tell how much a model copies.

Spearman's rank correlation of a signal with the net copied fraction,

    within     over the snapshots of a run, mean over runs
    between    over runs, at the last snapshot
    same-size  over runs, at the last snapshot, of ranks within the runs of one size (cell)

with 95 % intervals over replicates. The runs of one replicate share their data and random numbers at all sizes, so that
they are not independent. For the first the interval is Student's t of the replicates' means. For the others, with the
correlation rho of all R replicates, z = atanh rho, and z_i the same without the i-th replicate,

    tanh(z +- t_(R - 1) s),   s^2 = (R - 1) / R sum_i (z_i - mean z_i)^2                                  (1)

(Tukey's jackknife of Fisher's transform). Over a run everything that moves with time is correlated; the last row is the
one that no time and no size explains.

    S1   between runs of one size, those with the larger held-out minus training loss copy more
    S2 to S4   likewise by that loss at small noise levels, by the denoiser's answer, and by the stable rank
"""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy

from diffmem.measure.intervals import mean_interval
from diffmem.studies.claims import EVERY, FEW, POSITIVE, Claim, Finding, judge_interval, shared_words, tabulate
from diffmem.studies.outliers.survival import RUN

CONSTANT = "runs of one size do not differ in the signal, or not in the net copied fraction: no correlation is known"
LARGEST = 0.999  # correlations beyond count as this, since atanh 1 is infinite
OF_CLAIMS = {
    "S1": ("gap", "the larger held-out minus training loss"),
    "S2": ("gap-low", "the larger held-out minus training loss at small noise levels"),
    "S3": ("answer", "the larger answer to held-out points than to training points"),
    "S4": ("stable-rank", "the larger stable rank"),
}


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """The correlations of every signal.

    Args:
        table: ``shard.signals.shard_signals`` of all shards, with study and cell, the same replicates in every cell.

    Returns:
        study, signal, over (within, between, same-size), correlation, low, high, replicates, runs.
    """
    rows = []
    for (study, signal), part in table[table["step"] > 0].groupby(["study", "signal"], sort=False):
        key = {"study": study, "signal": signal}
        runs = pd.Series({name: _spearman(run["value"], run["net"]) for name, run in part.groupby(RUN)}, dtype=float)
        means = runs.groupby(level=RUN.index("replicate")).mean().dropna().to_numpy()
        within = dict(zip(("correlation", "low", "high"), mean_interval(means), strict=True), replicates=len(means))
        rows.append({**key, "over": "within", **within, "runs": runs.notna().sum()})
        last = part[part["step"] == part.groupby(RUN)["step"].transform("max")].sort_values(["replicate", "cell"])
        ranks = last.groupby("cell")[["value", "net"]].rank(pct=True)
        for over, pair in (("between", last[["value", "net"]]), ("same-size", ranks)):
            runs_of_replicates = pair.to_numpy().reshape(last["replicate"].nunique(), -1, 2)
            rows.append({**key, "over": over, **_with_interval(runs_of_replicates), "runs": len(last)})
    return pd.DataFrame(rows)


def _spearman(x: npt.ArrayLike, y: npt.ArrayLike) -> np.ndarray:
    """Spearman's correlation of x and y (..., r) along the last axis; missing where either is constant."""
    ranked = [scipy.stats.rankdata(values, axis=-1) for values in (x, y)]
    a, b = (ranks - ranks.mean(-1, keepdims=True) for ranks in ranked)
    with np.errstate(invalid="ignore"):
        return (a * b).sum(-1) / np.sqrt((a**2).sum(-1) * (b**2).sum(-1))


def _with_interval(runs: np.ndarray) -> dict[str, float]:
    """Spearman's correlation over all ``runs``, and its interval (1) over replicates.

    Args:
        runs: signal and net copied fraction of the c runs of every replicate, of shape (r, c, 2).
    """
    r = len(runs)
    rho, *without = (
        _spearman(*part.reshape(-1, 2).T) for part in (runs, *(np.delete(runs, i, axis=0) for i in range(r)))
    )
    z, *others = np.arctanh(np.clip([rho, *without], -LARGEST, LARGEST))
    spread = np.sqrt((r - 1) * np.var(others))
    half = scipy.special.stdtrit(r - 1, 0.975) * spread if r > 1 else np.nan
    low, high = np.tanh([z - half, z + half])
    return {"correlation": float(rho), "low": low, "high": high, "replicates": r}


def claims(found: pd.DataFrame, *, settings: dict[str, str]) -> pd.DataFrame:
    """S1 to S4, with the columns of `studies.claims`.

    Args:
        found: result of ``summary``.
        settings: cell -> the settings it holds for, in words.
    """
    cell, words = next(iter(settings)), shared_words(settings.values())
    rows = []
    for claim, (signal, side) in OF_CLAIMS.items():
        for row in found[(found["signal"] == signal) & (found["over"] == "same-size")].to_dict("records"):
            rows.append(
                Claim(
                    claim=claim,
                    statement=f"of the runs of one size, those with {side} copy more",
                    unit="rank correlation",
                    cell=cell,
                    reference=EVERY,
                    finding=_judge(row),
                    figure="signals",
                    study=row["study"],
                    holds_for=f"{words}, at all sizes of the study",
                )
            )
    return tabulate(rows)


def _judge(row: dict[str, Any]) -> Finding:
    """Finding on the correlation in a ``row`` of ``summary``, which a signal that is the same in all runs lacks."""
    numbers, count = (row["correlation"], row["low"], row["high"]), int(row["replicates"])
    finding = judge_interval(numbers, POSITIVE, known=count, replicates=count)
    constant = finding.verdict != FEW and np.isnan(numbers).any()
    return replace(finding, reason=CONSTANT) if constant else finding
