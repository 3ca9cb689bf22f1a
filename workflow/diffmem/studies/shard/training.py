"""The training of a shard: its replicates as one stack, in one piece or in segments."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from tqdm import tqdm

from diffmem.diffusion import losses
from diffmem.diffusion.batches import stacked_points
from diffmem.diffusion.build import build_network, build_schedule
from diffmem.diffusion.compute import Compute
from diffmem.diffusion.training import Trainer, train
from diffmem.settings.sections import TrainedCell

DATA = ("train", "test", "train_plain", "test_plain", "train_stratum", "train_label", "test_label", "label_count")


def make_trainer(
    data: dict[str, np.ndarray], *, cell: TrainedCell, replicates: list[int], stack: int, compute: Compute
) -> Trainer:
    """An untrained stack of networks with its data.

    Args:
        data: ``DATA`` of a data file of these ``replicates``.
        cell: its sections model, schedule and training, and its seed.
        stack: number of networks that are trained together; a smaller shard is padded to it with repeated replicates.
    """
    padded = compute.padded(replicates, size=stack)
    points, label_count = stacked_points(data, rows=[replicates.index(r) for r in padded], device=compute.device)
    size = dict(dimension=points.train.shape[2], label_count=label_count)
    network = build_network(cell.model, **size, seed=cell.seed, replicates=padded).to(compute.device)
    with compute.device:
        schedule = build_schedule(cell.schedule)
    return Trainer(network, schedule, cell.training, points, seed=cell.seed, replicates=padded, compute=compute)


def snapshot_shape(
    trainer: Trainer, *, replicates: list[int], until: int, earlier: Sequence[np.ndarray]
) -> tuple[int, int, int]:
    """Shape (r, s, p) of the snapshots of ``earlier`` segments and of those that are due up to step ``until``."""
    count = sum(part.shape[1] for part in earlier) + len(trainer.due(until))
    return len(replicates), count, trainer.packed.flat.shape[1]


def train_shard(
    trainer: Trainer, *, replicates: list[int], until: int, earlier: Sequence[np.ndarray], out: np.ndarray
) -> list[pd.DataFrame]:
    """Train up to step ``until`` and keep the snapshots.

    Args:
        replicates: numbers of the replicates of the shard, the first of the stack.
        until: last step of this segment.
        earlier: snapshots (r, s, p) of every earlier segment.
        out: receives the parameters (r, s, p) of all snapshots, earlier ones first.

    Returns:
        the losses of every new snapshot: the columns of ``diffusion.losses.loss_table``, and snapshot.
    """
    kept = sum(part.shape[1] for part in earlier)
    if earlier:
        np.concatenate(earlier, axis=1, out=out[:, :kept])
    per_epoch, last = trainer.budget.per_epoch, trainer.budget.steps[-1]
    tables = []
    with tqdm(initial=trainer.step // per_epoch, total=last // per_epoch, unit="epoch", mininterval=2) as bar:
        numbers = trainer.due(until)
        new = train(trainer, until=until, tick=bar.update)
        for i, (number, snapshot) in enumerate(zip(numbers, new, strict=True), kept):
            own = snapshot.first(len(replicates))
            out[:, i] = own.parameters
            tables.append(losses.loss_table(own, replicates=replicates).assign(snapshot=number))
    return tables
