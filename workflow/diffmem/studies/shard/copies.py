"""Copies by the rule of 1/3 at every snapshot of a shard."""

import numpy as np
import pandas as pd

from diffmem.measure.copies import by_repetition, rates, shares
from diffmem.studies.shard.replicates import Arrays, by_replicate, snapshots

DATA = ("train", "replicate")
REFERENCES = ("fresh", "ceiling", "location")
RECALL = ("replicate", "snapshot", "second")


def shard_copies(
    data: Arrays, *, generated: np.ndarray, references: Arrays, training: pd.DataFrame, recall: pd.DataFrame
) -> pd.DataFrame:
    """R_mem and its parts for every replicate.

    Args:
        data: ``DATA`` of a data file.
        generated: neighbour tables (r, s, g) of the generated points.
        references: ``REFERENCES``: neighbour tables of fresh points and of points of the closed-form optimum; location
            of every training row.
        training, recall: losses and recall of the shard.

    Returns:
        the columns of ``measure.copies.rates`` and ``by_repetition``, step and epoch in place of snapshot, and
        replicate, ceiling (r_mem of the closed-form optimum) and recall (of the second-nearest training location).
    """
    tables = []
    for i, (replicate, points) in enumerate(by_replicate(data, DATA)):
        fresh, ceiling = (references[name][i]["train_distance"] for name in ("fresh", "ceiling"))
        table = rates(generated[i]["train_distance"], fresh=fresh, dimension=points["train"].shape[1])
        parts = by_repetition(generated[i], location=references["location"][i])
        table = table.merge(parts, on=["snapshot", "threshold"], validate="one_to_one")
        top = dict(zip(table["threshold"].unique(), shares(ceiling), strict=True))
        tables.append(table.assign(replicate=replicate, ceiling=table["threshold"].map(top)))
    found = recall[["replicate", "snapshot", "second"]].rename(columns={"second": "recall"})
    table = pd.concat(tables, ignore_index=True).merge(snapshots(training), on="snapshot")
    return table.merge(found, on=["replicate", "snapshot"]).drop(columns="snapshot")
