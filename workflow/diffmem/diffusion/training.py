"""Training of stacked replicates.

Every replicate keeps its own data, order of batches, noise and gradient norm; AdamW acts elementwise. A replicate's
numbers are therefore the same in whatever stack it is trained.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn

from diffmem.diffusion import networks
from diffmem.diffusion.denoiser import loss, torch_generator
from diffmem.diffusion.schedules import Schedule

BLOCK = 64  # steps whose batches and noise are drawn at once
LEVELS = 16  # noise levels, equally spaced in training probability, at which the losses are evaluated
EVALUATED = 250  # points of each set on which the losses are evaluated, at most


class DivergedError(RuntimeError):
    """The loss of a replicate became infinite or not a number."""


@dataclass(frozen=True)
class Snapshot:
    """The stack after ``step`` steps, at the end of ``epoch``.

    Attributes:
        parameters: shape (r, p), float32; running means where the config asks for them.
        levels: noise levels of the losses, shape (l,).
        train_loss, test_loss: shape (r, l).
    """

    step: int
    epoch: int
    parameters: torch.Tensor
    levels: torch.Tensor
    train_loss: torch.Tensor
    test_loss: torch.Tensor


def snapshot_epochs(epochs: int, *, count: int, spacing: str) -> list[int]:
    """Epochs at which a snapshot is taken, 0 (untrained) and ``epochs`` (the end) included.

    ``spacing`` is ``every``, or ``linear`` or ``log`` with exactly ``count`` snapshots, at least 2.
    """
    if spacing == "every" or count >= epochs + 1:
        return list(range(epochs + 1))
    if spacing == "linear":
        return [round(i * epochs / (count - 1)) for i in range(count)]
    chosen = [0]
    for i in range(count - 1):
        ideal = round(math.exp(math.log(epochs) * i / (count - 2))) if count > 2 else epochs
        left = count - 2 - i  # snapshots still to come, each at an epoch of its own
        chosen.append(min(max(ideal, chosen[-1] + 1), epochs - left))
    return chosen


def train(
    network: nn.Module,
    schedule: Schedule,
    *,
    points: torch.Tensor,
    held_out: torch.Tensor,
    settings: dict[str, Any],
    seed: int,
    replicates: list[int],
    tick: Callable[[], object] = lambda: None,
) -> Iterator[Snapshot]:
    """Train a stack and yield its snapshots.

    Each epoch goes through a fresh permutation of the points in whole batches; what is left over sits that epoch out
    (with fewer points than a batch holds, the batch is the whole set).

    Args:
        points: training points of shape (r, n, d).
        held_out: held-out points of shape (r, n', d), on which the loss is reported and nothing is trained.
        settings: the ``training`` section of a cell.
        replicates: numbers of the r replicates, on which their random streams hang.
        tick: called at the end of every epoch, for a progress bar.

    Raises:
        DivergedError: if a loss is infinite or not a number.
    """
    batch = min(settings["batch"], points.shape[1])
    per_epoch = points.shape[1] // batch
    due = {epoch * per_epoch for epoch in snapshot_epochs(settings["epochs"], **settings["snapshots"])}
    named = dict(learning_rate=settings["learning_rate"], replicates=replicates)
    packed, parameters = networks.pack(network), list(network.parameters())
    optimizer = torch.optim.AdamW(
        [packed], lr=settings["learning_rate"], weight_decay=settings["weight_decay"], fused=True
    )
    mean = networks.flatten(network)
    losses = _Losses(schedule, points, held_out, seed=seed, replicates=replicates)
    yield losses.snapshot(network, networks.flatten(network), step=0, epoch=0)
    batches = _batches(points, batch, seed=seed, replicates=replicates)
    for step, (x0, u, eps) in enumerate(islice(batches, settings["epochs"] * per_epoch), 1):
        value = loss(network, schedule, x0=x0, u=u, eps=eps)
        value.sum().backward()
        if settings["clip"]:
            _clip(parameters, settings["clip"])
        optimizer.step()
        packed.grad.zero_()
        if settings["ema"]:
            mean.lerp_(networks.flatten(network), 1 - settings["ema"])
        if step % per_epoch == 0:
            _check(value, step=step, **named)
            tick()
        if step in due:
            kept = mean.clone() if settings["ema"] else networks.flatten(network)
            snapshot = losses.snapshot(network, kept, step=step, epoch=step // per_epoch)
            _check(snapshot.train_loss.sum(1), step=step, **named)
            yield snapshot


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


def _batches(
    points: torch.Tensor, batch: int, *, seed: int, replicates: list[int]
) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """Batches x0 (r, b, d), uniforms u (r, b) and noise eps (r, b, d), without end.

    Order and noise are drawn per replicate, each from its own generator, for many steps at once.
    """
    _, n, d = points.shape
    used = n // batch * batch
    orders = [torch_generator(seed, replicate=i, purpose="batches") for i in replicates]
    noises = [torch_generator(seed, replicate=i, purpose="noise") for i in replicates]
    epochs_at_once = max(1, BLOCK * batch // used)
    while True:
        order = torch.stack(
            [torch.cat([torch.randperm(n, generator=g)[:used] for _ in range(epochs_at_once)]) for g in orders]
        )
        for block in order.split(BLOCK * batch, 1):
            x0 = torch.gather(points, 1, block[..., None].expand(-1, -1, d))
            size, kind = block.shape[1], points.dtype
            u = torch.stack([torch.rand(size, generator=g, dtype=kind) for g in noises])
            eps = torch.stack([torch.randn(size, d, generator=g, dtype=kind) for g in noises])
            yield from zip(x0.split(batch, 1), u.split(batch, 1), eps.split(batch, 1), strict=True)


def _clip(parameters: list[nn.Parameter], largest: float) -> None:
    """Scale each replicate's gradient down to the norm ``largest`` where it is longer."""
    norms = [torch.linalg.vector_norm(p.grad.flatten(1), dim=1) for p in parameters]
    norm = torch.linalg.vector_norm(torch.stack(norms, 1), dim=1)  # (r,)
    factor = (largest / (norm + 1e-6)).clamp(max=1)
    for p in parameters:
        p.grad.mul_(factor.view(-1, *[1] * (p.ndim - 1)))


def _check(value: torch.Tensor, *, step: int, learning_rate: float, replicates: list[int]) -> None:
    """Stop where a loss (r,) is not finite."""
    for replicate, finite in zip(replicates, value.isfinite().tolist(), strict=True):
        if not finite:
            raise DivergedError(
                f"replicate {replicate}: the loss is no longer finite at step {step} with learning rate "
                f"{learning_rate}; lower training.learning_rate or set training.clip"
            )


class _Losses:
    """Losses on fixed points with fixed noise, so that snapshots differ only by what was learnt in between."""

    def __init__(
        self, schedule: Schedule, points: torch.Tensor, held_out: torch.Tensor, *, seed: int, replicates: list[int]
    ):
        self.schedule = schedule
        self.sets = points[:, :EVALUATED], held_out[:, :EVALUATED]
        self.u = (torch.arange(LEVELS, dtype=points.dtype) + 0.5) / LEVELS
        count, d = max(s.shape[1] for s in self.sets), points.shape[2]
        generators = [torch_generator(seed, replicate=i, purpose="evaluation") for i in replicates]
        self.eps = torch.stack([torch.randn(count, d, generator=g) for g in generators]).to(points)

    @torch.no_grad()
    def snapshot(self, network: nn.Module, parameters: torch.Tensor, *, step: int, epoch: int) -> Snapshot:
        """The snapshot with the losses of the network as it stands (of the running means, if those are kept)."""
        current = networks.flatten(network)
        networks.load(network, parameters)
        train_loss, test_loss = (self._of(network, points) for points in self.sets)
        networks.load(network, current)
        return Snapshot(step, epoch, parameters, self.schedule.quantile(self.u), train_loss, test_loss)

    def _of(self, network: nn.Module, points: torch.Tensor) -> torch.Tensor:
        """Loss at every level, of shape (r, l), on ``points`` (r, n, d)."""
        r, n, _ = points.shape
        each = [loss(network, self.schedule, x0=points, u=u.expand(r, n), eps=self.eps[:, :n]) for u in self.u]
        return torch.stack(each, 1)
