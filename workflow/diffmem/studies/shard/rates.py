"""Rates of every snapshot of a shard, beside what is needed to read them."""

from typing import Any

import numpy as np
import pandas as pd

from diffmem.data.dataset import STRATA
from diffmem.locations import first_rows
from diffmem.measure.attribution import attribution
from diffmem.measure.rates import rates
from diffmem.measure.strata import KNOWN, strata
from diffmem.neighbours.recall import lowest
from diffmem.settings.sections import TrainedCell
from diffmem.studies.shard.replicates import Arrays, by_replicate, snapshots

DATA = (*KNOWN, "replicate")
REFERENCES = ("fresh", "ceiling", "spacing", "held_out")
RECALL = ("replicate", "snapshot", "index")


def shard_rates(
    data: Arrays,
    *,
    generated: np.ndarray,
    references: Arrays,
    training: pd.DataFrame,
    recall: pd.DataFrame,
    cell: TrainedCell,
) -> pd.DataFrame:
    """The rates of ``measure.rates`` for every replicate.

    Args:
        data: ``DATA`` of a data file.
        generated: neighbour tables (r, s, g) of the generated points.
        references: ``REFERENCES`` and sigma_min, the smallest noise level of the sampler.
        training, recall: losses and recall of the shard.
        cell: its sections data, measure and training.

    Returns:
        the columns of ``measure.rates.rates``, step and epoch in place of snapshot, and replicate, weights (ema or
        raw), index, recall (of the training or the test locations, the lower one) and resolution (the median spacing
        of the training locations over sigma_min).
    """
    settings: dict[str, Any] = dict(ratios=cell.measure.ratios, headline=cell.measure.ratio)
    tests = ["plain", "matched"] if cell.data.twins else ["plain"]
    tables = []
    for i, (replicate, points) in enumerate(by_replicate(data, DATA)):
        around = {name: references[name][i] for name in REFERENCES}
        around["spacing"] = around["spacing"][first_rows(points["train_location"])]
        table = rates(generated[i], strata(STRATA, **points), **around, **settings, references=tests)
        resolution = np.median(around["spacing"]) / references["sigma_min"]
        tables.append(table.assign(replicate=replicate, resolution=resolution))
    table = pd.concat(tables, ignore_index=True).merge(snapshots(training), on="snapshot")
    table = table.merge(lowest(recall), on=["replicate", "snapshot", "reference"]).drop(columns="snapshot")
    return table.assign(weights="ema" if cell.training.ema else "raw")


def shard_attribution(
    data: Arrays, *, generated: np.ndarray, training: pd.DataFrame, cell: TrainedCell
) -> pd.DataFrame:
    """The net copied fraction of all points against the whole test set, and what it would be by chance.

    Args:
        data: ``DATA`` of a data file.
        generated: neighbour tables (r, s, g) of the generated points.
        training: losses of the shard.
        cell: its section measure.

    Returns:
        the columns replicate, step, epoch, threshold, headline, net and deviation (``measure.attribution``).
    """
    times, ratios = snapshots(training), np.asarray(cell.measure.ratios, dtype=float)
    parts = []
    for replicate, table in zip(data["replicate"].tolist(), generated, strict=True):
        net, deviation = attribution(table, ratios)
        for j, ratio in enumerate(ratios):
            columns = {"threshold": ratio, "headline": ratio == cell.measure.ratio, "replicate": replicate}
            parts.append(times.assign(**columns, net=net[:, j], deviation=deviation[:, j]))
    return pd.concat(parts, ignore_index=True).drop(columns="snapshot")
