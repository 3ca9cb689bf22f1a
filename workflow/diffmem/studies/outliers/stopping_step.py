r"""When to stop training: events in a run, and the recommended stopping step.

In every replicate, over its snapshots t, with E the energy distance to fresh points and c_r the net copied fraction of
all generated points at ratio r:

    tau_gen    E(t) <= mean over replicates of E of as many draws, with replacement, from the held-out points   (1)
    bias       c_r(t) > z_r(t) at the smallest ratio: more samples are nearer to the training set               (2)
    copies     c_r(t) > max(z_r(t), ``LEAST``) at the ratio of the main figures                                 (3)

each at the first snapshot from which on it holds three times in a row, or to the end (`lasting`). z_r(t) is the level
of `measure.attribution`, which a run that knows nothing of the split passes with probability .05 at most, at any of
its snapshots. The epoch of an event that is not seen is infinite.

A single run of a hundred points shows (2) and (3) late, where a fifth of its samples may be copies. All R replicates
together show them sooner: their mean of c_r is compared with the level of sqrt(sum v_r^2) / R, which has the same rate
of false alarms. Places of (2) and (3), and the stop, are those of all replicates together, with the 95 % interval of a
bootstrap over replicates.

    stop       the last snapshot before (3), the end where there are no copies                                  (4)
    cost       E(stop) - min E, the loss of quality against the run's best snapshot, chosen with hindsight      (5)

The place of (1) is the median over replicates with an interval of order statistics (`measure.intervals`).

    G1   quality reaches that of held-out points before copies begin: (1) of the replicate before (3) of all together,
         undecided where both come at one snapshot
    G2   stopping at (4) gives better samples than training to the end, by E; of replicates in which copies begin
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from diffmem.measure.intervals import mean_interval, median_interval, share
from diffmem.studies.claims import LEAST as LEAST_RUNS
from diffmem.studies.claims import NEGATIVE, Claim, Finding, Region, judge_interval, judge_mean, seen_in, tabulate
from diffmem.studies.outliers.lasting import first_lasting, onset
from diffmem.studies.outliers.survival import RUN

DRAWS = 400  # of the bootstrap
LEAST = 0.05  # of the samples: fewer copies are no reason to stop
EVENTS = GENERALIZED, BIAS, COPIES, STOP = "tau_gen", "bias", "copies", "stop"
OF_RUN = ("begun", STOP, "stopped", "cost", "gain", "net", "net_end", "per_epoch")  # columns of a run besides events
OF_EVENT = ("study", "cell", "event", "epoch", "low", "high", "step", "seen", "replicates")
OF_STOP = ("cost", "cost_low", "cost_high", "net", "net_end")
MOSTLY = Region((0.5, 1), (0.5, 1))
FIRST = "quality reaches that of held-out points before copies begin"


def per_replicate(attribution: pd.DataFrame, quality: pd.DataFrame, *, one_target: bool = False) -> pd.DataFrame:
    """The epoch of every event in every replicate by itself, and the stop of all together.

    Args:
        attribution: the tables of all shards of a study, of cells whose outliers have twins.
        quality: likewise, with the columns value and held_out of the measure energy.
        one_target: whether (1) is the same for all cells, the smallest of them. The distance of n points drawn with
            replacement falls like 1 / n, so that cells of several sizes are asked for different qualities otherwise.

    Returns:
        the columns ``RUN``, the epochs tau_gen, bias, copies (infinite where not seen), begun (copies, by all
        replicates together) and stop, cost, gain (energy at the end less at stop), net (copied fraction) at stop and
        at the end, and per_epoch, steps in an epoch.
    """
    energy = quality[quality["measure"] == "energy"]
    of_cell = energy.groupby("cell", sort=False)
    targets = {cell: own.groupby("replicate")["held_out"].first().mean() for cell, own in of_cell}
    parts = []
    for cell, own in both_ratios(attribution).groupby("cell", sort=False):
        runs = own.merge(energy[energy["cell"] == cell][[*RUN, "epoch", "value", "held_out"]], on=[*RUN, "epoch"])
        begun = _joint_onset(*_curves(own, COPIES)[1:], least=LEAST)
        for key, run in runs.sort_values("epoch").groupby(RUN, sort=False):
            parts.append(
                {
                    **dict(zip(RUN, key, strict=True)),
                    **_events(run, min(targets.values()) if one_target else targets[cell], begun),
                }
            )
    return pd.DataFrame(parts, columns=[*RUN, *EVENTS[:3], *OF_RUN])


def jointly(attribution: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """Where bias and copies begin, and where to stop, by all replicates of a cell together.

    Args:
        attribution: as for ``per_replicate``.
        seed: of the bootstrap.

    Returns:
        the columns study, cell, event, epoch (infinite if not seen), low and high; no interval of one replicate.
    """
    rows, rng = [], np.random.default_rng(seed)
    for (study, cell), own in both_ratios(attribution).groupby(["study", "cell"], sort=False):
        for event, least in ((BIAS, 0.0), (COPIES, LEAST)):
            epoch, net, deviation = _curves(own, event)
            drawn = rng.integers(len(net), size=(DRAWS if len(net) > 1 else 0, len(net)))
            at = [
                _joint_onset(net, deviation, least=least),
                *(_joint_onset(net[d], deviation[d], least=least) for d in drawn),
            ]
            rows.append({"study": study, "cell": cell, "event": event, **_place(np.append(epoch, np.inf), at)})
            if event == COPIES:
                before = [max(index - 1, 0) for index in at]
                rows.append({"study": study, "cell": cell, "event": STOP, **_place(epoch, before)})
    return pd.DataFrame(rows)


def _place(epoch: np.ndarray, at: list[int]) -> dict[str, float]:
    """The epoch at the first index of ``at``, with percentiles of those of the bootstrap, which follow."""
    if len(at) == 1:
        return {"epoch": float(epoch[at[0]]), "low": np.nan, "high": np.nan}
    drawn = np.sort(at[1:])
    low, high = drawn[len(drawn) // 40], drawn[-1 - len(drawn) // 40]
    return {"epoch": float(epoch[at[0]]), "low": float(epoch[low]), "high": float(epoch[high])}


def _curves(own: pd.DataFrame, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Epochs (s,), and net copied fraction and deviation of every replicate (r, s), of one cell at one ratio."""
    keys = name, f"deviation_{name}"
    net, deviation = (own.pivot_table(index="replicate", columns="epoch", values=key) for key in keys)
    return net.columns.to_numpy(float), net.to_numpy(), deviation.to_numpy()


def _joint_onset(net: np.ndarray, deviation: np.ndarray, *, least: float) -> int:
    """Index of the first snapshot at which the mean of ``net`` (r, s) exceeds ``least`` and chance; s if none."""
    return onset(net.mean(0), np.sqrt(np.square(deviation).sum(0)) / len(net), least=least)


def both_ratios(table: pd.DataFrame) -> pd.DataFrame:
    """Net copied fraction and its deviation, by replicate and snapshot, at the smallest and at the main ratio.

    The columns are ``RUN``, epoch, step, bias and copies (the fractions), deviation_bias and deviation_copies.
    """
    smallest = table[table["threshold"] == table.groupby("cell")["threshold"].transform("min")]
    both = [
        part[[*RUN, "epoch", "step", "net", "deviation"]].rename(
            columns={"net": name, "deviation": f"deviation_{name}"}
        )
        for name, part in ((BIAS, smallest), (COPIES, table[table["headline"]]))
    ]
    return both[0].merge(both[1], on=[*RUN, "epoch", "step"])


def _events(run: pd.DataFrame, held_out: float, begun: int) -> dict[str, float]:
    """Events of one replicate, and what it loses at the stop of all, where copies have ``begun`` with this snapshot."""
    energy, epoch = run["value"].to_numpy(), run["epoch"].to_numpy(float)
    at = {
        name: onset(run[name].to_numpy(), run[f"deviation_{name}"].to_numpy(), least=least)
        for name, least in ((BIAS, 0.0), (COPIES, LEAST))
    }
    at[GENERALIZED] = first_lasting(energy <= held_out)
    stop = max(begun - 1, 0)
    beyond = np.append(epoch, np.inf)
    return {
        **{name: float(beyond[at[name]]) for name in (GENERALIZED, BIAS, COPIES)},
        "begun": float(beyond[begun]),
        STOP: epoch[stop],
        "stopped": begun < len(epoch),
        "cost": energy[stop] - energy.min(),
        "gain": energy[-1] - energy[stop],
        "net": float(run[COPIES].iloc[stop]),
        "net_end": float(run[COPIES].iloc[-1]),
        "per_epoch": float(run["step"].iloc[-1] / max(epoch[-1], 1e-9)),
    }


def summary(found: pd.DataFrame, joint: pd.DataFrame) -> pd.DataFrame:
    """A row per cell and event, from the results of ``per_replicate`` and ``jointly``.

    Returns:
        study, cell, event, epoch (infinite where it is not seen, or tau_gen not by most replicates), low, high, step
        (of that epoch), seen (by so many replicates alone; of the stop, all or none) and replicates; of the stop also
        cost, cost_low, cost_high, net and net_end, means.
    """
    rows = []
    for (study, cell), part in found.groupby(["study", "cell"], sort=False):
        per_epoch = part["per_epoch"].iloc[0]
        for event in EVENTS:
            epoch, low, high = median_interval(part[event].to_numpy())
            if event != GENERALIZED:
                chosen = (joint["study"] == study) & (joint["cell"] == cell) & (joint["event"] == event)
                epoch, low, high = joint.loc[chosen, ["epoch", "low", "high"]].iloc[0]
            seen = int((np.isfinite(part[event]) if event != STOP else part["stopped"]).sum())
            row = {"study": study, "cell": cell, "event": event, "epoch": epoch, "low": low, "high": high}
            rows.append({**row, "step": epoch * per_epoch, "seen": seen, "replicates": len(part)})
        cost = dict(zip(("cost", "cost_low", "cost_high"), mean_interval(part["cost"].to_numpy()), strict=True))
        rows[-1] |= {**cost, "net": part["net"].mean(), "net_end": part["net_end"].mean()}
    return pd.DataFrame(rows, columns=[*OF_EVENT, *OF_STOP])


def claims(found: pd.DataFrame, *, settings: dict[str, str]) -> pd.DataFrame:
    """G1 and G2, with the columns of `studies.claims`.

    Args:
        found: as from ``per_replicate``.
        settings: cell -> the settings it holds for, in words.
    """
    rows = []
    for (study, cell), part in found.groupby(["study", "cell"], sort=False):
        first = judge_order(part[GENERALIZED], part["begun"])
        gain = -part.loc[part["stopped"], "gain"].to_numpy()
        never = Finding(NEGATIVE.otherwise, reason=f"copies do not begin in {len(part)} replicates together")
        for claim, statement, unit, finding in (
            ("G1", seen_in(FIRST, first.replicates, replicates=len(part)), "share of replicates", first),
            (
                "G2",
                "stopping before copies begin gives better samples than training to the end",
                "energy distance to the truth",
                judge_mean(gain, NEGATIVE) if len(gain) or len(part) < LEAST_RUNS else never,
            ),
        ):
            words = {"claim": claim, "statement": statement, "unit": unit, "figure": "stopping"}
            rows.append(Claim(**words, study=study, cell=cell, finding=finding))
    return tabulate(replace(row, holds_for=settings[row.cell]) for row in rows)


def judge_order(first: pd.Series, second: pd.Series) -> Finding:
    """Whether one event comes before another in most of the replicates that see either; infinite is not seen.

    Of two events at one snapshot either may be the first, so that the interval holds both answers.
    """
    happened = np.isfinite(first) | np.isfinite(second)
    count = int(happened.sum())
    if not count and len(first) >= LEAST_RUNS:
        return Finding(MOSTLY.otherwise, reason=f"neither event is seen in any of {len(first)} replicates")
    effect, low, _ = share((first < second)[happened].to_numpy())
    high = share((first <= second)[happened].to_numpy())[2]
    return judge_interval((effect, low, high), MOSTLY, known=count, replicates=len(first))
