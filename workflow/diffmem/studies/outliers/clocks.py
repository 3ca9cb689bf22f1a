r"""Four clocks of a training, against the number n of training points.

In every replicate, in steps of the optimizer:

    loss       the snapshot with the smallest mean loss on held-out points                         (1)
    bias       c_r > max(z_r, 1/2) at the smallest ratio: half of the samples are biased           (2)
    copies     c_r > max(z_r, 1/5) at the ratio of the main figures: a fifth are copies            (3)
    tau_gen    samples are as good as held-out points, (1) of `stopping_step`

with the net copied fraction c_r and the level of chance z_r, and lasting, as in `stopping_step`. There an onset is the
first share that z_r allows to see. As z_r falls with n like n^(-1/2), such onsets come late at small sizes, and their
slopes are too small. The shares of (2) and (3) are the same at all sizes. (1) is not seen where it is the last
snapshot, since the loss may fall on. Over sizes n, least squares in every replicate gives the slope b of

    log tau = a + b log n,                                                                         (4)

over the sizes at which all replicates see the event, and most of them by its share and not by z_r. There must be three
such sizes. b = 1 is proportional to n. Intervals are over replicates (Student's t).

    K1   at the best loss on held-out points samples are biased: c_r > 0 at the smallest ratio   (arXiv 2603.03469)
    K2   the onset of copies is proportional to n, 3/4 <= b <= 5/4                               (arXiv 2505.17638)
    K3   tau_gen does not depend on n, |b| <= 1/4                                                (arXiv 2505.17638)
    K4   the onset of bias is proportional to n, as that of copies
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from diffmem.measure.attribution import level
from diffmem.measure.intervals import mean_interval, median_interval
from diffmem.studies.claims import (
    EVERY,
    POSITIVE,
    Claim,
    Finding,
    Region,
    between,
    judge_interval,
    judge_mean,
    seen_in,
    shared_words,
    tabulate,
)
from diffmem.studies.outliers.lasting import onset
from diffmem.studies.outliers.stopping_step import BIAS, COPIES, GENERALIZED, both_ratios
from diffmem.studies.outliers.survival import RUN

LOSS = "loss"
CLOCKS = (GENERALIZED, BIAS, LOSS, COPIES)
SHARES = {BIAS: 0.5, COPIES: 0.2}
LEAST_SIZES = 3
FEW_SIZES = f"fewer than {LEAST_SIZES} sizes at which all replicates see it"
AT_BEST = "at the best loss on held-out points samples are biased towards the training set"
PROPORTIONAL, CONSTANT = between(0.75, 1.25), between(-0.25, 0.25)
OF_SLOPES: dict[str, tuple[str, Region, str]] = {
    "K2": (COPIES, PROPORTIONAL, "the onset of copies grows in proportion to the training set"),
    "K3": (GENERALIZED, CONSTANT, "the step at which samples are good does not depend on the training set's size"),
    "K4": (BIAS, PROPORTIONAL, "the onset of bias grows in proportion to the training set"),
}


def clocks(
    found: pd.DataFrame, *, training: pd.DataFrame, attribution: pd.DataFrame, sizes: dict[str, int]
) -> pd.DataFrame:
    """The step of every event in every replicate.

    Args:
        found: result of ``stopping_step.per_replicate``.
        training: losses of all shards, with the columns ``RUN``, step, set and loss.
        attribution: tables of all shards (``shard.rates.shard_attribution``).
        sizes: cell -> its number of training points.

    Returns:
        the columns ``RUN``, n, event, step (infinite where the event is not seen), by_share (whether it is seen by its
        share and not by the level of chance; true for tau_gen and loss), and the net copied fraction there at the
        smallest ratio, net_smallest, and at that of the main figures, net.
    """
    both = both_ratios(attribution)
    times = both[[*RUN, "epoch", "step"]].astype({"epoch": float})  # as epochs of events, which may be infinite
    reached = found[[*RUN, GENERALIZED]].rename(columns={GENERALIZED: "epoch"}).astype({"epoch": float})
    good = reached.merge(times, on=[*RUN, "epoch"], how="left")
    good = good.assign(event=GENERALIZED, step=good["step"].fillna(np.inf))
    parts = [_best_loss(training).assign(event=LOSS), good, *(_onset(both, event) for event in SHARES)]
    table = pd.concat([part.assign(by_share=part.get("by_share", True)) for part in parts], ignore_index=True)
    table = table[table["cell"].isin(sizes)]
    table = table.assign(n=table["cell"].map(sizes))[[*RUN, "n", "event", "step", "by_share"]]
    there = both[[*RUN, "step", BIAS, COPIES]].rename(columns={BIAS: "net_smallest", COPIES: "net"})
    return table.merge(there.astype({"step": float}), on=[*RUN, "step"], how="left")


def _onset(both: pd.DataFrame, event: str) -> pd.DataFrame:
    """Step of (2) or (3) in every replicate: the columns ``RUN``, event, step and by_share."""
    rows = []
    for key, run in both.sort_values("step").groupby(RUN, sort=False):
        deviation = run[f"deviation_{event}"].to_numpy()
        at = onset(run[event].to_numpy(), deviation, least=SHARES[event])
        seen = at < len(run)
        step = float(run["step"].iloc[at]) if seen else np.inf
        by_share = bool(seen and level(deviation, len(run))[at] <= SHARES[event])
        rows.append({**dict(zip(RUN, key, strict=True)), "event": event, "step": step, "by_share": by_share})
    return pd.DataFrame(rows)


def _best_loss(training: pd.DataFrame) -> pd.DataFrame:
    """Step of (1) in every replicate: the columns ``RUN`` and step."""
    held_out = training[training["set"] == "held-out"]
    mean = held_out.groupby([*RUN, "step"], sort=False, as_index=False)["loss"].mean().dropna()
    if mean.empty:
        return pd.DataFrame(columns=[*RUN, "step"])
    best = mean.loc[mean.groupby(RUN, sort=False)["loss"].idxmin(), [*RUN, "step"]]
    last = mean.groupby(RUN, sort=False)["step"].transform("max")[best.index]
    return best.assign(step=best["step"].where(best["step"] < last, np.inf))


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Medians over replicates with their intervals, from the result of ``clocks``.

    Returns:
        study, cell, n, event, step, low, high, seen (by so many replicates) and replicates; net_smallest and net with
        their intervals, means over the replicates that see it; and, the same in all rows of an event, slope, slope_low
        and slope_high of (4).
    """
    of_event = {event: mean_interval(values) for event, values in slopes(table).items()}
    rows = []
    for (study, cell, n, event), part in table.groupby(["study", "cell", "n", "event"], sort=False):
        step, low, high = median_interval(part["step"].to_numpy())
        slope = dict(zip(("slope", "slope_low", "slope_high"), of_event[event], strict=True))
        row = {"study": study, "cell": cell, "n": n, "event": event, "step": step, "low": low, "high": high, **slope}
        for name in ("net_smallest", "net"):
            found = mean_interval(part[name].dropna().to_numpy())
            row |= dict(zip((name, f"{name}_low", f"{name}_high"), found, strict=True))
        rows.append({**row, "seen": int(np.isfinite(part["step"]).sum()), "replicates": len(part)})
    return pd.DataFrame(rows)


def slopes(table: pd.DataFrame) -> dict[str, np.ndarray]:
    """Event -> b of (4) in every replicate, of shape (r,); empty where too few sizes see the event."""
    found = {}
    for event, part in table.groupby("event", sort=False):
        steps, by_share = (
            part.pivot_table(index="n", columns="replicate", values=name, aggfunc="first").to_numpy(float)
            for name in ("step", "by_share")
        )
        sizes = np.sort(part["n"].unique())
        seen = (np.isfinite(steps) & (steps > 0)).all(1) & (by_share.mean(1) > 0.5)
        enough = seen.sum() >= LEAST_SIZES
        found[str(event)] = np.polyfit(np.log(sizes[seen]), np.log(steps[seen]), 1)[0] if enough else np.empty(0)
    return found


def claims(table: pd.DataFrame, *, settings: dict[str, str]) -> pd.DataFrame:
    """K1 for every cell and K2 to K4 for the study, with the columns of `studies.claims`.

    Args:
        table: result of ``clocks``.
        settings: cell -> the settings it holds for, in words.
    """
    rows, words = [], {"study": table["study"].iloc[0], "figure": "clocks"}
    for cell, part in table.groupby("cell", sort=False):
        at_best = part.loc[part["event"] == LOSS, "net_smallest"].to_numpy()
        statement = seen_in(AT_BEST, int(np.isfinite(at_best).sum()), replicates=part["replicate"].nunique())
        held = {"cell": str(cell), "holds_for": settings[str(cell)], "unit": "net copied fraction"}
        rows.append(Claim(claim="K1", statement=statement, finding=judge_mean(at_best, POSITIVE), **held, **words))
    first, (least, most) = str(table["cell"].iloc[0]), table["n"].agg(["min", "max"])
    shared = shared_words(settings[str(cell)] for cell in table["cell"].unique())
    held = {"cell": first, "reference": EVERY, "holds_for": f"{shared}, at {least:,} to {most:,} inliers"}
    of_event, replicates = slopes(table), table["replicate"].nunique()
    for claim, (event, region, statement) in OF_SLOPES.items():
        finding = _judged(of_event.get(event, np.empty(0)), region, replicates=replicates)
        words |= {"statement": statement, "unit": "slope of log on log"}
        rows.append(Claim(claim=claim, finding=finding, **held, **words))
    return tabulate(rows)


def _judged(values: np.ndarray, region: Region, *, replicates: int) -> Finding:
    """Whether the mean slope lies in the ``region``; zero is a slope like any other, so that no sign is tested."""
    finding = judge_interval(mean_interval(values), region, known=len(values), replicates=replicates)
    return finding if len(values) else replace(finding, reason=FEW_SIZES)
