"""Early stopping by known outliers (paper 1's first use): when the signal would stop a run, and what that costs.

The signal is the net copied fraction of the points that fall to the known outliers, whose held-out twins are known too.
The rules:

    outlier signal        the first of K snapshots in a row at which the signal exceeds a threshold            (1)
    best held-out loss    the snapshot with the smallest held-out loss                                         (2)
    best quality          the snapshot with the smallest distance to held-out points, if one is given          (3)
    end of training       the last snapshot: no stopping at all                                                (4)

Rule (1) is decided K - 1 snapshots later and returns to the first of the K. If the signal never exceeds the threshold,
training runs to its end. (2) and (3) are chosen with hindsight, by the numbers that measure them. They are therefore
the optimum, and

    regret = loss at the epoch of the rule - smallest loss of the run >= 0                             (5)

is the loss of a rule against that optimum; the same is defined for the quality.
"""

import numpy as np
import pandas as pd

from diffmem.studies.outliers.lasting import CONFIRM, first_lasting
from diffmem.studies.outliers.survival import RUN

SIGNAL, LOSS, QUALITY, END = "outlier signal", "best held-out loss", "best quality", "end of training"


def signals(rates: pd.DataFrame, training: pd.DataFrame, *, ratio: float, stratum: str = "outlier") -> pd.DataFrame:
    """The curves that ``stopping`` takes, from the artefacts of any shards and cells.

    Args:
        rates: tables of ``measure.rates.rates`` with the columns ``RUN`` and epoch.
        training: columns ``RUN``, epoch, set, sigma, loss.
        ratio: r of the signal, one of the thresholds of ``rates``.

    Returns:
        one row per replicate and snapshot: the columns ``RUN``, epoch, signal, loss (the mean over noise levels).
    """
    is_signal = (rates["criterion"] == "net") & (rates["normalisation"] == "stratum")
    rows = rates[is_signal & (rates["stratum"] == stratum) & (rates["reference"] == "matched")]
    chosen = rows[np.isclose(rows["threshold"], ratio)]
    if chosen.empty:
        found = ", ".join(f"{r:g}" for r in sorted(rows["threshold"].unique())) or "none"
        raise ValueError(f"no rates of {stratum} at ratio {ratio:g} against the matched test set (ratios: {found})")
    held_out = training[training["set"] == "held-out"]
    loss = held_out.groupby([*RUN, "epoch"], sort=False)["loss"].mean().reset_index()
    signal = chosen[[*RUN, "epoch", "value"]].rename(columns={"value": "signal"})
    return signal.merge(loss, on=[*RUN, "epoch"], validate="one_to_one")


def stopping(curves: pd.DataFrame, *, threshold: float, confirm: int = CONFIRM) -> pd.DataFrame:
    """The snapshot that every rule picks in every replicate, and its regret.

    Args:
        curves: columns ``RUN``, epoch, signal, loss, as from ``signals``; with a column quality (of which the smallest
            is the best, such as an energy distance to held-out points) rule (3) is added.
        threshold: which the signal must exceed.
        confirm: K of (1). A run of fewer snapshots is trained to its end.

    Returns:
        one row per replicate and rule: the columns ``RUN``, rule, stopped (whether that is before the end),
        epoch, signal, loss, loss_regret; and quality, quality_regret where a quality is given.
    """
    measures = [name for name in ("loss", "quality") if name in curves]
    parts = []
    for key, run in curves.sort_values("epoch").groupby(RUN, sort=False):
        picked = _picks(run, threshold=threshold, confirm=confirm)
        rows = run.iloc[list(picked.values())][["epoch", "signal", *measures]].reset_index(drop=True)
        regrets = {f"{name}_regret": rows[name] - run[name].min() for name in measures}
        stopped = [row < len(run) - 1 for row in picked.values()]
        part = rows.assign(**regrets, rule=list(picked), stopped=stopped, **dict(zip(RUN, key, strict=True)))
        parts.append(part)
    columns = [column for name in measures for column in (name, f"{name}_regret")]
    return pd.concat(parts, ignore_index=True)[[*RUN, "rule", "stopped", "epoch", "signal", *columns]]


def _picks(run: pd.DataFrame, *, threshold: float, confirm: int) -> dict[str, int]:
    """Rule -> row of one replicate's curves, which are ordered by epoch."""
    last = len(run) - 1
    above = run["signal"].to_numpy() > threshold
    first = first_lasting(above, confirm, to_end=False)
    picked = {SIGNAL: min(first, last), LOSS: int(run["loss"].argmin())}
    if "quality" in run:
        picked[QUALITY] = int(run["quality"].argmin())
    return {**picked, END: last}
