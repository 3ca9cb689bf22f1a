"""How long a stack is trained, when its snapshots are taken, and where training and sampling are cut into jobs.

Needs no torch, since Snakemake reads it with the Snakefile.
"""

import math
from dataclasses import dataclass

from diffmem.settings.sections import Training


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


def budget(settings: Training, *, points: int) -> Budget:
    """The budget for so many training points.

    Snapshots fall on whole epochs. Where the budget is in steps, or batches cycle through the set and know no epochs,
    they fall on steps, and epochs are fractions.
    """
    count, spacing = settings.snapshots.count, settings.snapshots.spacing
    batch = settings.batch if settings.cycle else min(settings.batch, points)
    whole_batches = points // batch
    if not (settings.cycle or settings.steps):
        epochs = snapshot_times(settings.epochs, count=count, spacing=spacing)
        return Budget(batch, [epoch * whole_batches for epoch in epochs], [*epochs], whole_batches)
    per_epoch = points / batch if settings.cycle else whole_batches
    last = settings.steps or settings.cycled_steps(points)
    steps = snapshot_times(last, count=count, spacing=spacing)
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


def sampling_parts(settings: Training, *, points: int, length: int) -> list[range]:
    """Numbers of the snapshots of every part of the sampling: ``length`` each, 0 is one part."""
    count = len(budget(settings, points=points).steps)
    return [range(start, min(start + length, count)) for start in range(0, count, length)] if length else [range(count)]


def segment_ends(settings: Training, *, points: int, length: int) -> list[int]:
    """The last step of every segment of a training on so many ``points``; ``length`` steps each, 0 is one segment."""
    last = budget(settings, points=points).steps[-1]
    return [*range(length, last, length), last] if length else [last]
