"""Guesses which of two points was trained on, at every snapshot of a shard."""

import numpy as np
import pandas as pd

from diffmem import rng
from diffmem.studies.outliers.membership import draw_pairs
from diffmem.studies.outliers.membership import snapshots as guess_snapshots
from diffmem.studies.shard.replicates import Arrays, by_replicate, snapshots

DATA = ("train", "test", "train_stratum", "test_stratum", "replicate")


def shard_membership(
    data: Arrays, *, samples: np.ndarray, training: pd.DataFrame, merge: float, seed: int
) -> pd.DataFrame:
    """The attack of ``measure.membership`` for every replicate and snapshot.

    Args:
        data: ``DATA`` of a data file.
        samples: generated points (r, s, g, d).
        training: losses of the shard.
        merge: distance up to which near copies are one location.
        seed: of the cell.

    Returns:
        the columns replicate, step, epoch and the fields of ``measure.membership.Membership``.
    """
    times = snapshots(training)[["step", "epoch"]]
    tables = []
    for generated, (replicate, points) in zip(samples, by_replicate(data, DATA), strict=True):
        random = rng.generator(seed, replicate=replicate, purpose="membership")
        pairs = draw_pairs(**points, radius=merge, rng=random)
        table = guess_snapshots(train=points["train"], test=points["test"], samples=generated, pairs=pairs)
        tables.append(pd.concat([table.assign(replicate=replicate), times], axis=1))
    return pd.concat(tables, ignore_index=True)
