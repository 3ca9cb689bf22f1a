"""Training of stacked replicates.

Every replicate has its own data, order of batches, noise, dropout and gradient norm, and Adam acts elementwise. A
replicate's results therefore do not depend on the stack in which it is trained. (Compiled code and GPUs need stacks of
one size, see ``compute``.)
"""

import math
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import nn

from diffmem.diffusion import networks
from diffmem.diffusion.batches import Batch, Batches, Points
from diffmem.diffusion.budget import budget
from diffmem.diffusion.build import torch_generator
from diffmem.diffusion.compute import Compute
from diffmem.diffusion.denoiser import loss
from diffmem.diffusion.losses import Losses, Snapshot, loss_parts
from diffmem.diffusion.schedules import Schedule
from diffmem.settings.sections import Training

# weight decay: "adam" adds it to the gradient before scaling, "adamw" subtracts it from the weights directly
OPTIMIZERS = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}
# arrays of a state: weights, their running mean, Adam's moments and count, steps made, states of random generators
STATE = ("values", "mean", "exp_avg", "exp_avg_sq", "adam_step", "step", "dropout", "orders", "noises", "left", "given")


class DivergedError(RuntimeError):
    """The loss of a replicate became infinite or NaN."""


def learning_rate(settings: Training, step: int, *, last: int) -> float:
    """Learning rate of ``step`` = 1, ..., ``last``: the product of a linear warmup and of the decay of the settings."""
    rise = min(1, step / settings.warmup) if settings.warmup else 1
    fall = (1 + math.cos(math.pi * (step - 1) / last)) / 2 if settings.decay == "cosine" else 1
    return settings.learning_rate * rise * fall


class Trainer:
    """A stack in training: weights, optimizer, running mean of the weights, step and random streams.

    Args:
        network: the stack of r networks, on the device of ``compute``, as are the ``points``.
        points: training points, and held-out points for the loss.
        replicates: numbers of the r replicates, which determine their random streams.
        compute: device, compilation and precision.
    """

    def __init__(
        self,
        network: nn.Module,
        schedule: Schedule,
        settings: Training,
        points: Points,
        *,
        seed: int,
        replicates: list[int],
        compute: Compute = Compute(),  # noqa: B008, frozen
    ):
        self.network, self.schedule, self.settings, self.replicates = network, schedule, settings, replicates
        self.budget = budget(settings, points=points.train.shape[1])
        self.packed = networks.Packed(network)
        kind = OPTIMIZERS[settings.optimizer]
        self.optimizer = kind([self.packed.values], weight_decay=settings.weight_decay, fused=True)
        self.mean = self.packed.flat.clone()
        self.step = 0
        self.losses = Losses(schedule, points, seed=seed, replicates=replicates, at_once=settings.microbatch)
        self.dropout = [
            torch_generator(seed, replicate=i, purpose="dropout", device=compute.device) for i in replicates
        ]
        self.batches = Batches(
            points.train,
            self.budget.batch,
            labels=points.train_label,
            cycle=settings.cycle,
            seed=seed,
            replicates=replicates,
        )
        self.objective, self.precise = compute.compiled(loss), compute.precise(network)

    def advance(self) -> torch.Tensor:
        """Make one step and return the loss before it, of shape (r,)."""
        self.step += 1
        rate = learning_rate(self.settings, self.step, last=self.budget.steps[-1])
        self.optimizer.param_groups[0]["lr"] = rate
        parts = next(self.batches).split(self.settings.microbatch)
        value = _accumulate(self.objective, self.precise, self.schedule, parts, self.dropout)
        if self.settings.clip:
            gradient = self.packed.values.grad
            assert gradient is not None, "the loss has been differentiated"
            _clip(gradient, self.settings.clip)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=False)  # the network adds to it
        if self.settings.ema:
            self.mean.lerp_(self.packed.flat, 1 - self.settings.ema)
        return value

    def snapshot(self) -> Snapshot:
        """The snapshot at the current step, of the running means of the weights if the config asks for them."""
        kept = self.mean if self.settings.ema else self.packed.flat
        epoch = self.budget.epochs[self.budget.steps.index(self.step)]
        return self.losses.snapshot(self.network, kept.clone(), step=self.step, epoch=epoch)

    def due(self, until: int) -> range:
        """Numbers of the snapshots that are taken from here up to the step ``until``."""
        taken = sum(step <= self.step for step in self.budget.steps) if self.step else 0
        return range(taken, sum(step <= until for step in self.budget.steps))

    def state(self) -> dict[str, np.ndarray]:
        """All that the following steps depend on beside the settings: arrays with the names ``STATE``, after a step."""
        adam = self.optimizer.state[self.packed.values]
        dropout = torch.stack([generator.get_state() for generator in self.dropout])
        found = {"values": self.packed.values.detach(), "mean": self.mean, "dropout": dropout}
        found |= {"exp_avg": adam["exp_avg"], "exp_avg_sq": adam["exp_avg_sq"], "adam_step": adam["step"]}
        found |= {"step": torch.tensor(self.step), **self.batches.state()}
        return {name: found[name].cpu().numpy() for name in STATE}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Go on from a ``state`` of the same training, to the same bytes on the same processor."""
        found = {name: torch.from_numpy(np.array(state[name])) for name in STATE}
        values = self.packed.values
        values.detach().copy_(found["values"])
        self.mean.copy_(found["mean"])
        adam = {"step": "adam_step", "exp_avg": "exp_avg", "exp_avg_sq": "exp_avg_sq"}
        self.optimizer.state[values] = {key: found[name].to(values.device) for key, name in adam.items()}
        for generator, own in zip(self.dropout, found["dropout"], strict=True):
            generator.set_state(own.clone())  # torch crashes on a part of a tensor
        self.batches.restore(found)
        self.step = int(found["step"])

    def check(self, value: torch.Tensor) -> None:
        """Check that the losses ``value`` (r,) are finite.

        Raises:
            DivergedError: if the loss of a replicate is infinite or NaN.
        """
        for replicate, finite in zip(self.replicates, value.isfinite().tolist(), strict=True):
            if not finite:
                raise DivergedError(
                    f"replicate {replicate}: the loss is no longer finite at step {self.step} with learning rate "
                    f"{self.settings.learning_rate}; lower training.learning_rate or set training.clip"
                )


def train(trainer: Trainer, *, until: int = 0, tick: Callable[[], object] = lambda: None) -> Iterator[Snapshot]:
    """Train a stack from where it is up to the step ``until``, 0 is the last, and yield the snapshots on the way.

    An epoch is one random permutation of the points in whole batches; remaining points are skipped in this epoch,
    unless batches cycle. A batch has at most as many points as the set. ``tick`` is called at the end of every epoch,
    for a progress bar.

    Raises:
        DivergedError: if a loss is infinite or NaN.
    """
    steps = set(trainer.budget.steps)
    if trainer.step == 0:
        yield trainer.snapshot()
    while trainer.step < (until or trainer.budget.steps[-1]):
        value = trainer.advance()
        if trainer.step % trainer.budget.per_epoch == 0:
            trainer.check(value)
            tick()
        if trainer.step in steps:
            snapshot = trainer.snapshot()
            trainer.check(snapshot.train_loss.sum(1))
            yield snapshot


def _accumulate(
    objective: Callable, network: nn.Module, schedule: Schedule, parts: list[Batch], dropout: list[torch.Generator]
) -> torch.Tensor:
    """Accumulate the gradient of a batch's mean loss over its ``parts``; return this loss, of shape (r,)."""
    total = parts[0].u.new_zeros(len(parts[0].u))
    for value in loss_parts(objective, network, schedule, parts, dropout):
        value.sum().backward()
        total += value.detach()
    return total


def _clip(gradient: torch.Tensor, largest: float) -> None:
    """Limit the norm of each replicate's row of the ``gradient`` (r, p) to ``largest``, in place."""
    norm = torch.linalg.vector_norm(gradient, dim=1, keepdim=True)
    gradient.mul_((largest / (norm + 1e-6)).clamp(max=1))
