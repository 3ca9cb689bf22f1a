r"""The study of "On Memorization in Diffusion Models": how effective memorization depends on data, model and training.

A run is one training set of n points, one replicate and one arm: a combination of factor values, such as
``{"labels": "random-10"}``. One arm is the baseline; the others differ from it in one factor or more. Tables of runs
have a row per run and snapshot and the columns

    arm, n, replicate, step, epoch, r_mem (share of copies), count (points judged), ceiling (r_mem of the closed-form
    optimum through the same sampler), and any measures of quality.

EMM (``measure.emm``) is that of the *last* snapshot, the model at the end of training. Two others are estimated too:

    best        of the snapshot with the largest share, as in the paper, which is selected by what it measures;
    relative    of the last snapshot, its share R taken relative to the ceiling c, the optimum's own score:

        R' = min(1, R / c).                                                                            (1)

The optimum copies everything, so that c is the share of copies that the sampler leaves recognisable: the sensitivity of
the rule of 1/3 as a diagnostic test. (1) is then the true share of copies by Rogan and Gladen 1978
(https://doi.org/10.1093/oxfordjournals.aje.a112510) for a specificity of 1. Their estimate with the null rate f of
held-out points is less by f (1 - R') / (c - f), below 0.0005 at the line of 0.9 for the rates of the images here, and
EMM does not charge f either. c is that of the run itself, so that its noise is part of the spread between replicates,
and R' is a share of c times as many points: the copies are those that were counted. A run whose optimum shows no copies
contains no information and is left out.
"""

from typing import Any

import numpy as np
import pandas as pd

from diffmem.measure import emm
from diffmem.measure.criteria import ONE_THIRD
from diffmem.measure.emm import Estimate
from diffmem.measure.intervals import over_replicates

RUN = ["arm", "n", "replicate"]
SNAPSHOTS = ("last", "best")
SHARES = ("r_mem_repeated", "r_mem_single")  # of copies of training images that are there repeatedly, and once
OF = (*SNAPSHOTS, "relative")  # what EMM is estimated of
POINTS = 100  # of a curve through a crossing
QUALITY = {
    "frechet_beyond_fresh": "Frechet distance to held-out points,\nminus that of fresh ones",
    "density": "density of generated points\namong held-out ones",
    "coverage": "coverage of held-out points",
    "held_out_loss": "held-out loss, of arms with the\nbaseline's labels, data and noise",
}

Arms = dict[str, dict[str, Any]]  # name -> factor values


def runs(
    copies: pd.DataFrame, quality: pd.DataFrame, training: pd.DataFrame, *, cells: dict[str, tuple[str, int]]
) -> pd.DataFrame:
    """The table of runs, from what the stages before it have written for all ``cells`` (name -> arm and size).

    Besides the columns of the head of this module: null (r_mem of held-out points), ``SHARES`` and the size of both
    groups, knn, all measures of quality (frechet, density, coverage, ...), what each is for fresh points
    (frechet_floor, ...), frechet_beyond_fresh, and held_out_loss, the mean over noise levels.
    """
    key = ["cell", "replicate", "step"]
    wide, floor = (quality.pivot(index=key, columns="measure", values=of) for of in ("value", "floor"))
    beyond = wide["frechet"] - floor["frechet"]
    wide = wide.join(floor.add_suffix("_floor")).assign(frechet_beyond_fresh=beyond)
    loss = training[training["set"] == "held-out"].groupby(key)["loss"].mean().rename("held_out_loss")
    table = _by_third(copies).merge(wide, on=key, validate="one_to_one").merge(loss, on=key, validate="one_to_one")
    return located(table.drop(columns=["threshold"]), cells=cells)


def located(table: pd.DataFrame, *, cells: dict[str, tuple[str, int]]) -> pd.DataFrame:
    """A ``table`` by cell with the columns arm and n of its ``cells`` (name -> arm and size)."""
    arm, size = zip(*(cells[cell] for cell in table["cell"]), strict=True)
    return table.assign(arm=arm, n=size)


def shares_by_size(copies: pd.DataFrame, *, sizes: dict[str, int]) -> dict[int, list[float]]:
    """Size -> r_mem of the last snapshot of every replicate, for the cells ``sizes`` (name -> size) of one arm."""
    last = _by_third(copies).assign(arm="", n=lambda table: table["cell"].map(sizes))
    return chosen(last, "last").groupby("n")["r_mem"].agg(list).to_dict()


def _by_third(copies: pd.DataFrame) -> pd.DataFrame:
    return copies[np.isclose(copies["threshold"], ONE_THIRD)]


def chosen(runs: pd.DataFrame, snapshot: str) -> pd.DataFrame:
    """One row per run: that of the ``"last"`` snapshot, or of the ``"best"``, with the most copies of all trained.

    Index labels do not matter, so that tables of several shards may repeat them.
    """
    runs = runs.reset_index(drop=True)
    if snapshot == "last":
        return runs.loc[runs.groupby(RUN, sort=False)["step"].idxmax()].reset_index(drop=True)
    trained = runs[runs["step"] > 0]
    return trained.loc[trained.groupby(RUN, sort=False)["r_mem"].idxmax()].reset_index(drop=True)


def curves(runs: pd.DataFrame, *, quality: list[str]) -> pd.DataFrame:
    """Mean and 95 % interval over replicates of r_mem and of every column ``quality``, against n.

    Returns:
        the columns arm, n, snapshot (``SNAPSHOTS``), measure, mean, low, high, replicates.
    """
    parts = []
    for snapshot in SNAPSHOTS:
        for measure in ("r_mem", *quality):
            part = over_replicates(chosen(runs, snapshot), by=["arm", "n"], value=measure)
            parts.append(part.assign(snapshot=snapshot, measure=measure))
    return pd.concat(parts, ignore_index=True).sort_values(["snapshot", "measure", "arm", "n"], ignore_index=True)


def relative(runs: pd.DataFrame) -> pd.DataFrame:
    """``runs`` with r_mem relative to the ceiling (1) and the count that goes with it."""
    seen = runs[runs["ceiling"] > 0]
    return seen.assign(r_mem=(seen["r_mem"] / seen["ceiling"]).clip(upper=1), count=seen["count"] * seen["ceiling"])


def estimates(runs: pd.DataFrame, *, of: str = "last", level: float = 0.95) -> dict[str, Estimate]:
    """EMM of every arm, of the snapshot and share ``of`` (one of ``OF``), with intervals at ``level``."""
    rows = relative(chosen(runs, "last")) if of == "relative" else chosen(runs, of)
    return {
        arm: emm.estimate(
            size=own["n"], replicate=own["replicate"], share=own["r_mem"], count=own["count"], level=level
        )
        for arm, own in rows.groupby("arm", sort=False)
    }


def table(found: dict[str, dict[str, Estimate]]) -> pd.DataFrame:
    """Estimates as a table.

    Args:
        found: what it is an estimate of (one of ``OF``) -> arm -> EMM.

    Returns:
        the columns arm, of, emm, low, high, bracket_low, bracket_high, censored, replicates, and words for all of it.
    """
    rows = [
        {
            "arm": arm,
            "of": of,
            "emm": e.emm,
            "low": e.low,
            "high": e.high,
            "bracket_low": e.bracket[0],
            "bracket_high": e.bracket[1],
            "censored": e.censored,
            "replicates": e.replicates,
            "words": emm.describe(e),
        }
        for of, arms in found.items()
        for arm, e in arms.items()
    ]
    return pd.DataFrame(rows)


def fits(found: dict[str, Estimate]) -> pd.DataFrame:
    """The curves through the crossings: arm, n, r_mem, where an arm has one."""
    parts = [pd.DataFrame({"arm": [], "n": [], "r_mem": []})]
    for arm, e in found.items():
        if len(e.sizes):
            n = np.geomspace(e.sizes[0], e.sizes[-1], POINTS)
            parts.append(pd.DataFrame({"arm": arm, "n": n, "r_mem": e.curve(n)}))
    return pd.concat(parts, ignore_index=True)


def changed(factors: dict[str, Any], baseline: dict[str, Any]) -> dict[str, Any]:
    """The factor values in which an arm differs from the baseline."""
    return {name: value for name, value in factors.items() if value != baseline.get(name)}


def groups(arms: Arms, *, baseline: str) -> dict[str, list[str]]:
    """Panels of a figure: factor -> the baseline and the arms that differ from it in that factor alone.

    Arms that differ in several, such as the kind of an embedding and its scale, have a panel named after all of them.
    """
    found: dict[str, list[str]] = {}
    for arm, values in arms.items():
        if names := ", ".join(changed(values, arms[baseline])):
            found.setdefault(names, [baseline]).append(arm)
    return found or {"": [baseline]}
