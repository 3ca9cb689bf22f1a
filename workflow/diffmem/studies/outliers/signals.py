r"""How well signals without samples tell how much a model copies.

Spearman's rank correlation of a signal with the net copied fraction,

    within     over the snapshots of a run, mean over runs
    between    over runs, at the last snapshot
    same-size  over runs, at the last snapshot, of ranks within the runs of one size (cell)

with 95 % intervals: Student's t over runs for the first, bootstrap over runs (percentiles of ``DRAWS``) for the others.
Over a run everything that moves with time is correlated; the last row is the one that no time and no size explains.

    S1   between runs of one size, those with the larger held-out minus training loss copy more
    S2 to S4   likewise by that loss at small noise levels, by the denoiser's answer, and by the stable rank
"""

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy

from diffmem.measure.intervals import mean_interval
from diffmem.studies.claims import POSITIVE, Claim, Finding, decide, tabulate
from diffmem.studies.outliers.survival import RUN

DRAWS = 2000
OF_CLAIMS = {
    "S1": ("gap", "the larger held-out minus training loss"),
    "S2": ("gap-low", "the larger held-out minus training loss at small noise levels"),
    "S3": ("answer", "the larger answer to held-out points than to training points"),
    "S4": ("stable-rank", "the larger stable rank"),
}


def summary(table: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """The correlations of every signal.

    Args:
        table: ``shard.signals.shard_signals`` of all shards, with study and cell.
        seed: of the bootstrap.

    Returns:
        study, signal, over (within, between, same-size), correlation, low, high, runs.
    """
    rows = []
    for (study, signal), part in table[table["step"] > 0].groupby(["study", "signal"], sort=False):
        key = {"study": study, "signal": signal}
        runs = np.array([_spearman(run["value"], run["net"]) for _, run in part.groupby(RUN, sort=False)])
        seen = runs[np.isfinite(runs)]
        mean, low, high = mean_interval(seen)
        rows.append({**key, "over": "within", "correlation": mean, "low": low, "high": high, "runs": len(seen)})
        last = part[part["step"] == part.groupby(RUN)["step"].transform("max")]
        ranks = last.groupby("cell")[["value", "net"]].rank(pct=True)
        for over, pair in (("between", last[["value", "net"]]), ("same-size", ranks)):
            rows.append({**key, "over": over, **_with_interval(pair.to_numpy(), seed), "runs": len(last)})
    return pd.DataFrame(rows)


def _spearman(x: npt.ArrayLike, y: npt.ArrayLike) -> np.ndarray:
    """Spearman's correlation of x and y (..., r) along the last axis; missing where either is constant."""
    ranked = [scipy.stats.rankdata(values, axis=-1) for values in (x, y)]
    a, b = (ranks - ranks.mean(-1, keepdims=True) for ranks in ranked)
    with np.errstate(invalid="ignore"):
        return (a * b).sum(-1) / np.sqrt((a**2).sum(-1) * (b**2).sum(-1))


def _with_interval(pairs: np.ndarray, seed: int) -> dict[str, float]:
    """Spearman's correlation of ``pairs`` (r, 2), and percentiles of its bootstrap over runs."""
    chosen = np.random.default_rng(seed).integers(len(pairs), size=(DRAWS, len(pairs)))
    drawn = _spearman(pairs[chosen, 0], pairs[chosen, 1])
    low, high = np.nanpercentile(drawn, [2.5, 97.5]) if np.isfinite(drawn).any() else (np.nan, np.nan)
    return {"correlation": float(_spearman(pairs[:, 0], pairs[:, 1])), "low": low, "high": high}


def claims(found: pd.DataFrame, *, settings: dict[str, str]) -> pd.DataFrame:
    """S1 to S4, with the columns of `studies.claims`.

    Args:
        found: result of ``summary``.
        settings: cell -> the settings it holds for, in words.
    """
    cell, words = next(iter(settings.items()))
    rows = []
    for claim, (signal, side) in OF_CLAIMS.items():
        for row in found[(found["signal"] == signal) & (found["over"] == "same-size")].to_dict("records"):
            verdict = decide(row["low"], row["high"], POSITIVE, replicates=row["runs"])
            finding = Finding(verdict, row["correlation"], row["low"], row["high"], replicates=row["runs"])
            rows.append(
                Claim(
                    claim=claim,
                    statement=f"of the runs of one size, those with {side} copy more",
                    unit="rank correlation",
                    cell=cell,
                    finding=finding,
                    figure="signals",
                    study=row["study"],
                    holds_for=f"{words}, and the study's other sizes",
                )
            )
    return tabulate(rows)
