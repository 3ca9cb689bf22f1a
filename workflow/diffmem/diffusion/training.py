"""Training of stacked replicates.

Every replicate keeps its own data, order of batches, noise, dropout and gradient norm; Adam acts elementwise. A
replicate's numbers are therefore the same in whatever stack it is trained (of one size, see ``compute``, where code is
compiled or runs on a GPU).
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import torch
from torch import nn

from diffmem.diffusion import networks
from diffmem.diffusion.batches import Batch, batches
from diffmem.diffusion.compute import Compute
from diffmem.diffusion.denoiser import loss, torch_generator
from diffmem.diffusion.losses import Losses, Snapshot, of_parts
from diffmem.diffusion.schedules import Schedule

# "adam" adds the weights to the gradient and scales them with it, "adamw" shrinks them by themselves
OPTIMIZERS = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}


class DivergedError(RuntimeError):
    """The loss of a replicate became infinite or not a number."""


@dataclass(frozen=True)
class Budget:
    """How long is trained, and when a snapshot is taken.

    Attributes:
        batch: points per step.
        steps: of the snapshots, from 0 to the last step.
        epochs: passes through the training set that these are.
        per_epoch: steps of a pass, at least 1.
    """

    batch: int
    steps: list[int]
    epochs: list[float]
    per_epoch: int


def budget(settings: dict[str, Any], *, points: int) -> Budget:
    """The budget of a ``training`` section for so many training points.

    Snapshots fall on whole epochs. Where the budget is in steps, or batches cycle through the set and know no epochs,
    they fall on steps, and epochs are fractions.
    """
    cycle, last = settings["cycle"], settings["steps"]
    batch = settings["batch"] if cycle else min(settings["batch"], points)
    per_epoch = points / batch if cycle else points // batch
    if not (cycle or last):
        epochs = snapshot_times(settings["epochs"], **settings["snapshots"])
        return Budget(batch, [epoch * per_epoch for epoch in epochs], epochs, per_epoch)
    last = last or max(1, round(settings["epochs"] * per_epoch))
    steps = snapshot_times(last, **settings["snapshots"])
    return Budget(batch, steps, [step / per_epoch for step in steps], max(1, round(per_epoch)))


def snapshot_times(last: int, *, count: int, spacing: str) -> list[int]:
    """Epochs or steps at which a snapshot is taken, 0 (untrained) and ``last`` included.

    ``spacing`` is ``every``, or ``linear`` or ``log`` with exactly ``count`` snapshots, at least 2.
    """
    if spacing == "every" or count >= last + 1:
        return list(range(last + 1))
    if spacing == "linear":
        return [round(i * last / (count - 1)) for i in range(count)]
    chosen = [0]
    for i in range(count - 1):
        ideal = round(math.exp(math.log(last) * i / (count - 2))) if count > 2 else last
        left = count - 2 - i  # snapshots still to come, each at a time of its own
        chosen.append(min(max(ideal, chosen[-1] + 1), last - left))
    return chosen


def learning_rate(settings: dict[str, Any], step: int, *, last: int) -> float:
    """Learning rate of ``step``, counted from 1: a linear rise over the first ``warmup`` steps, and after it the chosen
    ``decay`` over all ``last`` steps.
    """
    rise = min(1, step / settings["warmup"]) if settings["warmup"] else 1
    fall = (1 + math.cos(math.pi * (step - 1) / last)) / 2 if settings["decay"] == "cosine" else 1
    return settings["learning_rate"] * rise * fall


def train(
    network: nn.Module,
    schedule: Schedule,
    *,
    points: torch.Tensor,
    held_out: torch.Tensor,
    labels: torch.Tensor | None = None,
    held_out_labels: torch.Tensor | None = None,
    settings: dict[str, Any],
    seed: int,
    replicates: list[int],
    compute: Compute = Compute(),  # noqa: B008, frozen
    tick: Callable[[], object] = lambda: None,
) -> Iterator[Snapshot]:
    """Train a stack and yield its snapshots.

    Each epoch goes through a fresh permutation of the points in whole batches; what is left over sits that epoch out
    (with fewer points than a batch holds, the batch is the whole set), unless batches cycle.

    Args:
        points: training points of shape (r, n, d).
        held_out: held-out points of shape (r, n', d), on which the loss is reported and nothing is trained.
        labels, held_out_labels: shape (r, n) and (r, n'), -1 for none, for a conditional network.
        settings: the ``training`` section of a cell.
        replicates: numbers of the r replicates, on which their random streams hang.
        compute: how it is done; the network and all points lie on its device.
        tick: called at the end of every epoch, for a progress bar.

    Raises:
        DivergedError: if a loss is infinite or not a number.
    """
    plan, stream = budget(settings, points=points.shape[1]), dict(seed=seed, replicates=replicates)
    epoch_of, last = dict(zip(plan.steps, plan.epochs, strict=True)), plan.steps[-1]
    named = dict(learning_rate=settings["learning_rate"], replicates=replicates)
    packed = networks.Packed(network)
    optimizer = OPTIMIZERS[settings["optimizer"]]([packed.values], weight_decay=settings["weight_decay"], fused=True)
    mean = packed.flat.clone()
    sets = dict(points=points, held_out=held_out, labels=labels, held_out_labels=held_out_labels)
    losses = Losses(schedule, **sets, **stream, at_once=settings["microbatch"])
    yield losses.snapshot(network, packed.flat.clone(), step=0, epoch=0)
    dropout = [torch_generator(seed, replicate=i, purpose="dropout", device=compute.device) for i in replicates]
    objective, precise = compute.compiled(loss), compute.precise(packed)
    endless = batches(points, plan.batch, labels=labels, cycle=settings["cycle"], **stream)
    for step, batch in enumerate(islice(endless, last), 1):
        optimizer.param_groups[0]["lr"] = learning_rate(settings, step, last=last)
        value = _accumulate(objective, precise, schedule, batch.split(settings["microbatch"]), dropout)
        if settings["clip"]:
            _clip(packed.values.grad, settings["clip"])
        optimizer.step()
        optimizer.zero_grad()
        if settings["ema"]:
            mean.lerp_(packed.flat, 1 - settings["ema"])
        if step % plan.per_epoch == 0:
            _check(value, step=step, **named)
            tick()
        if step in epoch_of:
            kept = mean if settings["ema"] else packed.flat
            snapshot = losses.snapshot(network, kept.clone(), step=step, epoch=epoch_of[step])
            _check(snapshot.train_loss.sum(1), step=step, **named)
            yield snapshot


def _accumulate(
    objective: Callable, network: nn.Module, schedule: Schedule, parts: list[Batch], dropout: list[torch.Generator]
) -> torch.Tensor:
    """Add the gradients of a batch's mean loss, a part of it at a time, and return that loss, of shape (r,)."""
    total = parts[0].u.new_zeros(len(parts[0].u))
    for value in of_parts(objective, network, schedule, parts, dropout):
        value.sum().backward()
        total += value.detach()
    return total


def _clip(gradient: torch.Tensor, largest: float) -> None:
    """Scale each replicate's row of the ``gradient`` (r, p) down to the norm ``largest`` where it is longer."""
    norm = torch.linalg.vector_norm(gradient, dim=1, keepdim=True)
    gradient.mul_((largest / (norm + 1e-6)).clamp(max=1))


def _check(value: torch.Tensor, *, step: int, learning_rate: float, replicates: list[int]) -> None:
    """Stop where a loss (r,) is not finite."""
    for replicate, finite in zip(replicates, value.isfinite().tolist(), strict=True):
        if not finite:
            raise DivergedError(
                f"replicate {replicate}: the loss is no longer finite at step {step} with learning rate "
                f"{learning_rate}; lower training.learning_rate or set training.clip"
            )
