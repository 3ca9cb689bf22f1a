"""Snapshots and their losses. Points and noise are the same at every snapshot, so that only the model changes.

Held-out points without a label are evaluated under the label of a random training point, the same at all snapshots.
This is an unbiased estimate of the mean loss over the training labels. Losses under different kinds of labels are not
comparable. With random labels the estimate is the loss of fresh points with labels of the same distribution. With one
label per image it is not: a denoiser for one label models one image, and its loss on all other points is large.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
import pandas as pd
import torch
from torch import nn

from diffmem.diffusion import networks
from diffmem.diffusion.batches import EVALUATED, Batch, Points
from diffmem.diffusion.build import torch_generator
from diffmem.diffusion.denoiser import loss
from diffmem.diffusion.schedules import Schedule

LEVELS = 16  # noise levels, equally spaced in training probability, at which the losses are evaluated


@dataclass(frozen=True)
class Snapshot:
    """The stack after ``step`` steps and ``epoch`` passes through the training set.

    Attributes:
        parameters: shape (r, p), float32; their running means if the config asks for them.
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
        """The snapshot of the first ``count`` replicates."""
        values = {name: getattr(self, name)[:count] for name in ("parameters", "train_loss", "test_loss")}
        return replace(self, **values)


class Losses:
    """Evaluates the losses of a network and records them in snapshots.

    Args:
        points: held-out points without a label are evaluated under that of a random training point each.
        at_once: points per call of the network; 0 is all points.
    """

    def __init__(
        self,
        schedule: Schedule,
        points: Points,
        *,
        seed: int,
        replicates: list[int],
        at_once: int = 0,
    ):
        self.schedule, self.at_once = schedule, at_once
        judged = slice(EVALUATED) if points.judged is None else points.judged
        self.sets = points.train[:, judged], points.held_out[:, :EVALUATED]
        like, labels, held_out_labels = points.train, points.train_label, points.held_out_label
        self.u = (torch.arange(LEVELS, dtype=like.dtype, device=like.device) + 0.5) / LEVELS
        count, d = max(s.shape[1] for s in self.sets), like.shape[2]
        generators = [torch_generator(seed, replicate=i, purpose="evaluation") for i in replicates]
        self.eps = torch.stack([torch.randn(count, d, generator=g) for g in generators]).to(like)
        self.labels: tuple[torch.Tensor | None, torch.Tensor | None] = None, None
        if labels is not None and held_out_labels is not None:
            n, wanted = labels.shape[1], self.sets[1].shape[1]
            drawn = torch.stack([torch.randint(n, (wanted,), generator=g) for g in generators]).to(labels.device)
            known = held_out_labels[:, :wanted]
            self.labels = labels[:, judged], torch.where(known < 0, labels.gather(1, drawn), known)

    @torch.no_grad()
    def snapshot(self, network: nn.Module, parameters: torch.Tensor, *, step: int, epoch: float) -> Snapshot:
        """The snapshot of ``network`` with the ``parameters`` (r, p) in the place of its own."""
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
        return reduce(torch.add, loss_parts(loss, network, self.schedule, batch.split(self.at_once)))


def loss_parts(
    objective: Callable,
    network: nn.Module,
    schedule: Schedule,
    parts: list[Batch],
    dropout: list[torch.Generator] | None = None,
) -> Iterator[torch.Tensor]:
    """Yield the contribution of each of the ``parts`` of a batch to its mean loss, of shape (r,)."""
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
