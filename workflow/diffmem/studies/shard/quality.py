"""Quality of the samples at every snapshot of a shard, beside that of fresh and of held-out points."""

import numpy as np
import pandas as pd

from diffmem import rng
from diffmem.measure import quality
from diffmem.measure.frechet import frechet
from diffmem.studies.shard.replicates import Arrays, by_replicate, snapshots

DATA = ("fresh", "test", "replicate")


def shard_quality(data: Arrays, *, samples: np.ndarray, training: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Distances between samples and the true distribution, from one half of the fresh points.

    Args:
        data: ``DATA`` of a data file.
        samples: generated points (r, s, g, d).
        training: losses of the shard.
        seed: of the cell.

    Returns:
        the columns replicate, step, epoch, measure (those of ``measure.quality``, and frechet, the Frechet distance
        in excess of that of fresh points), value, floor (value of the other half of the fresh points) and held_out
        (value of as many draws with replacement from the held-out points).
    """
    times = snapshots(training)[["step", "epoch"]]
    tables = []
    for generated, (replicate, points) in zip(samples, by_replicate(data, DATA), strict=True):
        random = rng.generator(seed, replicate=replicate, purpose="measure")
        fresh, half = random.permutation(points["fresh"]), len(points["fresh"]) // 2  # outliers come last in it
        reference = quality.prepared(fresh[:half], random)
        sets = [quality.subsample(points, random, quality.POINTS) for points in (fresh[half:], *generated)]
        sets.append(random.choice(points["test"], len(sets[1])))
        floor, *values, held_out = [_measures(points, reference) for points in sets]
        table = pd.concat([times, pd.DataFrame(values)], axis=1)
        table = table.melt(["step", "epoch"], var_name="measure").assign(replicate=replicate)
        levels = {"floor": table["measure"].map(floor), "held_out": table["measure"].map(held_out)}
        tables.append(table.assign(**levels))
    return pd.concat(tables, ignore_index=True)


def _measures(points: np.ndarray, reference: quality.HeldOut) -> dict[str, float]:
    excess = frechet(generated=points, held_out=reference.points)["frechet_excess"]
    return {**quality.compared(points.astype(float), reference), "frechet": excess}
