"""The last snapshots of a shard under permuted labels, and by the criterion of fifty neighbours."""

from typing import Any

import pandas as pd
from tqdm import tqdm

from diffmem import rng
from diffmem.measure.permutation import local_share, permutation_test
from diffmem.settings.sections import TrainedCell
from diffmem.studies.shard.replicates import Arrays, by_replicate

DATA = ("train", "test", "fresh", "replicate")
SNAPSHOTS = 3  # the last ones of those in the preview


def shard_permutations(data: Arrays, *, preview: Arrays, cell: TrainedCell) -> pd.DataFrame:
    """The permutation test of the last ``SNAPSHOTS`` snapshots of the preview, for every replicate.

    Args:
        data: ``DATA`` of a data file.
        preview: points (r, k, g, d) of k snapshots and their epochs (k,).
        cell: its section measure, and its seed.

    Returns:
        the columns of ``measure.permutation.permutation_test``, replicate, epoch, local (share of points that are
        copies by the criterion of fifty neighbours) and floor (the same of fresh points).
    """
    settings: dict[str, Any] = dict(ratios=cell.measure.ratios, headline=cell.measure.ratio)
    tables = []
    replicates = tqdm([*by_replicate(data, DATA)], unit="replicate", mininterval=2)
    for seen, (replicate, points) in zip(preview["points"], replicates, strict=True):
        random = rng.generator(cell.seed, replicate=replicate, purpose="measure", index=1)
        halves = {"train": points["train"], "test": points["test"]}
        floor = local_share(train=points["train"], generated=points["fresh"])
        for generated, epoch in zip(seen[-SNAPSHOTS:], preview["epoch"][-SNAPSHOTS:], strict=True):
            table = permutation_test(**halves, generated=generated, **settings, rng=random)
            local = local_share(train=points["train"], generated=generated)
            tables.append(table.assign(local=local, floor=floor, epoch=epoch, replicate=replicate))
    return pd.concat(tables, ignore_index=True)
