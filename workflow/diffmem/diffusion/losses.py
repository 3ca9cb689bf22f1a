"""Snapshots and their losses, on fixed points with fixed noise, so that only what was learnt in between differs.

Under labels the held-out loss is that of the denoisers with which points are generated: a held-out point without a
label of its own is judged under one drawn from the histogram of the training labels, once and for all snapshots. That
is its mean over these labels, without bias. With random labels, which say nothing of the point, a fresh point would
come with such a label. With a label for each image no held-out point belongs under any, so that the loss tells how far
each label's points are from the distribution, and not how far all labels' points together are. It is no measure of
quality, then, by which models with other labels or none can be compared.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch
from torch import nn

from diffmem.diffusion import networks
from diffmem.diffusion.batches import Batch
from diffmem.diffusion.denoiser import loss, torch_generator
from diffmem.diffusion.schedules import Schedule

LEVELS = 16  # noise levels, equally spaced in training probability, at which the losses are evaluated
EVALUATED = 250  # points of each set on which the losses are evaluated, at most


@dataclass(frozen=True)
class Snapshot:
    """The stack after ``step`` steps and ``epoch`` passes through the training set.

    Attributes:
        parameters: shape (r, p), float32; running means where the config asks for them.
        levels: noise levels of the losses, shape (l,).
        train_loss, test_loss: shape (r, l).
    """

    step: int
    epoch: float
    parameters: torch.Tensor
    levels: torch.Tensor
    train_loss: torch.Tensor
    test_loss: torch.Tensor

    def first(self, count: int) -> "Snapshot":
        """That of the first ``count`` replicates."""
        own = {name: getattr(self, name)[:count] for name in ("parameters", "train_loss", "test_loss")}
        return replace(self, **own)


class Losses:
    """Takes snapshots with their losses.

    Args:
        points, held_out: shape (r, n, d) and (r, n', d).
        labels: of the points, shape (r, n), for conditional networks.
        held_out_labels: of the held-out ones, shape (r, n'); those that have none (-1) get that of a random training
            point each.
        at_once: points that go through the network together; 0 is all of them.
    """

    def __init__(
        self,
        schedule: Schedule,
        *,
        points: torch.Tensor,
        held_out: torch.Tensor,
        labels: torch.Tensor | None = None,
        held_out_labels: torch.Tensor | None = None,
        seed: int,
        replicates: list[int],
        at_once: int = 0,
    ):
        self.schedule, self.at_once = schedule, at_once
        self.sets = points[:, :EVALUATED], held_out[:, :EVALUATED]
        self.u = (torch.arange(LEVELS, dtype=points.dtype, device=points.device) + 0.5) / LEVELS
        count, d = max(s.shape[1] for s in self.sets), points.shape[2]
        generators = [torch_generator(seed, replicate=i, purpose="evaluation") for i in replicates]
        self.eps = torch.stack([torch.randn(count, d, generator=g) for g in generators]).to(points)
        self.labels: tuple[torch.Tensor | None, torch.Tensor | None] = None, None
        if labels is not None:
            n, wanted = labels.shape[1], self.sets[1].shape[1]
            others = torch.stack([torch.randint(n, (wanted,), generator=g) for g in generators]).to(labels.device)
            own = held_out_labels[:, :wanted]
            self.labels = labels[:, :EVALUATED], torch.where(own < 0, labels.gather(1, others), own)

    @torch.no_grad()
    def snapshot(self, network: nn.Module, parameters: torch.Tensor, *, step: int, epoch: float) -> Snapshot:
        """The snapshot with the losses of the network as it stands (of the running means, if those are kept)."""
        current = networks.flatten(network)
        networks.load(network, parameters)
        each = zip(self.sets, self.labels, strict=True)
        train_loss, test_loss = (self._of(network, points, labels) for points, labels in each)
        networks.load(network, current)
        found = parameters, self.schedule.quantile(self.u), train_loss, test_loss
        return Snapshot(step, epoch, *(tensor.cpu() for tensor in found))

    def _of(self, network: nn.Module, points: torch.Tensor, labels: torch.Tensor | None) -> torch.Tensor:
        """Loss at every level, of shape (r, l), on ``points`` (r, n, d)."""
        r, n, _ = points.shape
        levels = (Batch(points, u.expand(r, n), self.eps[:, :n], labels) for u in self.u)
        return torch.stack([self._mean(network, batch) for batch in levels], 1)

    def _mean(self, network: nn.Module, batch: Batch) -> torch.Tensor:
        """Loss on a batch, of shape (r,)."""
        return sum(of_parts(loss, network, self.schedule, batch.split(self.at_once)))


def of_parts(
    objective: Callable,
    network: nn.Module,
    schedule: Schedule,
    parts: list[Batch],
    dropout: list[torch.Generator] | None = None,
) -> Iterator[torch.Tensor]:
    """What each of the ``parts`` of a batch adds to its mean loss, of shape (r,), one after the other."""
    size = sum(part.x0.shape[1] for part in parts)
    for part in parts:
        yield objective(network, schedule, **part._asdict(), dropout=dropout) * (part.x0.shape[1] / size)


def loss_table(snapshot: Snapshot, *, replicates: list[int]) -> pd.DataFrame:
    """The losses of a snapshot as rows: replicate, step, epoch, set (train or held-out), sigma, loss."""
    r, levels = snapshot.train_loss.shape
    tables = [
        pd.DataFrame(
            {
                "replicate": np.repeat(replicates, levels),
                "step": snapshot.step,
                "epoch": snapshot.epoch,
                "set": name,
                "sigma": np.tile(snapshot.levels.numpy(), r),
                "loss": losses.flatten().numpy(),
            }
        )
        for name, losses in (("train", snapshot.train_loss), ("held-out", snapshot.test_loss))
    ]
    return pd.concat(tables, ignore_index=True)
