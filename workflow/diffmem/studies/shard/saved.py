"""Samples of a model that was trained elsewhere, in the form that the pipeline gives to its own."""

from typing import Any

import numpy as np
import pandas as pd

from diffmem import job, rng
from diffmem.data.columns import refuse_other_columns
from diffmem.data.image_set import DataError
from diffmem.data.saved import collected
from diffmem.data.source import source
from diffmem.diffusion.generate import CEILING_POINTS
from diffmem.loading import load
from diffmem.settings.sections import TrainedCell
from diffmem.studies.shard.replicates import Arrays, by_replicate

DATA = ("train", "replicate")


def collect_samples(data: Arrays, *, cell: TrainedCell) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    """The samples of every replicate and snapshot.

    Args:
        data: ``DATA`` of a data file.
        cell: its sections data and sampling, and its seed.

    Returns:
        samples (r, s, g, d); training points (r, c, d), which are the samples of a perfect copier; and a table of
        the snapshots in the form of a training's losses: replicate, snapshot, step, epoch, set, and sigma and loss,
        which are missing.

    Raises:
        DataError: if not all points of the data were trained on, or the replicates differ in the numbers of snapshots
            or samples.
    """
    count, held = data["train"].shape[1], int(source(cell.data).size)
    if count != held:
        name = getattr(cell.data, "path", cell.data.dataset)
        words = f"{name} holds {held} different points, and the model was trained on all of them"
        raise DataError(f"data.inliers = {count}: {words}; write {held}")
    samples, ceiling, tables = [], [], []
    for replicate, points in by_replicate(data, DATA):
        train = points["train"]
        snapshots = load(cell.sampling.function)(replicate, **cell.sampling.arguments())
        for snapshot in snapshots:
            refuse_other_columns(snapshot.source, train=str(getattr(cell.data, "path", "")))
        numbers = [snapshot.number for snapshot in snapshots]
        stream: dict[str, Any] = dict(replicate=replicate, purpose="sampling")
        generators = [rng.generator(cell.seed, **stream, index=number) for number in numbers]
        asked = cell.sampling.count or (count if cell.sampling.sampler == "function" else None)
        samples.append(collected(snapshots, point=cell.data.point, train=train, count=asked, generators=generators))
        size = min(samples[0].shape[1], CEILING_POINTS)
        ceiling.append(rng.generator(cell.seed, replicate=replicate, purpose="ceiling").choice(train, size))
        tables.append(_snapshots(numbers).assign(replicate=replicate))
        kept = f"{samples[-1].shape[1]} samples at each of {len(numbers)} snapshots, {numbers[0]} to {numbers[-1]}"
        job.say(f"replicate {replicate}: {kept}")
    if len({part.shape for part in samples}) > 1:
        raise DataError("the runs have snapshots or samples of different numbers; save the same for every replicate")
    return np.stack(samples), np.stack(ceiling), pd.concat(tables, ignore_index=True)


def _snapshots(numbers: list[int]) -> pd.DataFrame:
    rows = [
        {"snapshot": j, "step": number, "epoch": number, "set": side, "sigma": np.nan, "loss": np.nan}
        for j, number in enumerate(numbers)
        for side in ("train", "held-out")
    ]
    return pd.DataFrame(rows)
