"""What the functions of this folder share: the replicates of a data file, and the snapshots of a training."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

Arrays = Mapping[str, npt.NDArray[np.generic]]  # as read from an npz file


def by_replicate(data: Arrays, names: Iterable[str]) -> Iterator[tuple[int, dict[str, npt.NDArray[np.generic]]]]:
    """Every replicate's number and its part of the arrays ``data``.

    Args:
        data: arrays whose first axis is the replicate, ``replicate`` (r,), the numbers, among them.
        names: arrays that are wanted.
    """
    for i, number in enumerate(data["replicate"].tolist()):
        yield number, {name: data[name][i] for name in names if name != "replicate"}


def snapshots(training: pd.DataFrame) -> pd.DataFrame:
    """Number, step and epoch of every snapshot, in order: the columns snapshot, step, epoch.

    Args:
        training: the losses of a shard, with these columns.
    """
    return training[["snapshot", "step", "epoch"]].drop_duplicates(ignore_index=True)
