"""What a config will cost, before anything runs.

Disk is exact for the arrays between the rules. Where labels are the classes of images from files, ten are assumed.
Time counts the floating-point operations of training, sampling and losses, the passes of the optimizer through the
weights, and some seconds for every other job, at the speed measured on one idle core (docs/benchmarks.md); expect it
within a factor of two. Of samples that are given, the plan counts the jobs alone. The number of sizes that a search
runs depends on its results: the plan takes the mean over all positions of the crossing among the sizes, equally likely.
"""

from collections.abc import Callable
from functools import cache, partial

import numpy as np
import pandas as pd
import torch
from torch.utils.flop_counter import FlopCounterMode

from diffmem.diffusion import networks
from diffmem.diffusion.batches import EVALUATED
from diffmem.diffusion.budget import budget, sampling_parts, segment_ends
from diffmem.diffusion.generate import CEILING_POINTS
from diffmem.diffusion.losses import LEVELS
from diffmem.diffusion.tabulated import DIMENSIONS
from diffmem.loading import load
from diffmem.measure.emm_search import following
from diffmem.settings.networks import Network, ResidualMlp, Unet
from diffmem.settings.onset import Mlp, OnsetCell
from diffmem.settings.onset_sizes import training_sizes
from diffmem.settings.records import known
from diffmem.settings.samplers import Drawn
from diffmem.settings.study import LIBRARIES, Study
from diffmem.studies.onset.networks import BATCH

FLOPS = 6e10  # per second on one core
FEW_CHANNELS = 26  # width of a U-Net below which its speed falls (28 to 46e9 per second at 16, 69e9 at 32)
TABULATED = 1.7  # speed of sampling in the plane over that without a table
STEP_OVERHEAD = 2e-4  # seconds per replicate and training step, beside the arithmetic,
PER_WEIGHT = 2e-9  # and for each weight: optimizer, running mean and gradient
PAIR = 1e-8  # seconds to weigh one training point for one generated one, in a step of the closed-form optimum,
PAIR_FEATURE = 1.3e-10  # and for each of their features
START = {"light": 3.0, "torch": 4.0}  # seconds until a job does its work; of light ones with it, for some 1,000 points
# an audit in some thousand samples; how many there are is not known before they are read
AUDIT = {"replicates": 1, "cells": 1, "jobs": 1, "snapshots": 1, "points": 0, "disk [GB]": 0.001, "memory [GB]": 1.0}
AUDIT |= {"longest job [h]": 10 / 3600, "time [core hours]": 10 / 3600}
# copies of the weights in training: themselves, gradient, two moments, running mean, one to spare
WEIGHTS = 6
# jobs per shard: dataset, neighbours, quality, rates, times, permutations, membership and density, or copies; and
# train, sample, optimum
STAGES = {"outliers": {"light": 8, "torch": 3}, "effective": {"light": 4, "torch": 3}}
OF_SIZES = {"light": 1, "torch": 1}  # definitions and signals of the network, in a study of sizes
ROW_BYTES = 28  # of the neighbour table, per generated point (neighbours.table.ROW)
KERNEL = 600  # operations that an exponential and its sum cost
ONSET_ROW, ONSET_ROW_BYTES = 4e-3, 180  # seconds and bytes per repetition and size of the onset study, beside the above
ROWS_PER_SNAPSHOT = 500  # rows of rates.parquet, of some 3 bytes once compressed


# network, dimension, number of labels -> its parameters, and operations per point
Cost = Callable[[Network, int, int], tuple[int, int]]


def plan(studies: dict[str, Study], *, network: Cost) -> pd.DataFrame:
    """One row per cell, or per arm whose sizes are searched: study, cell, replicates, cells, jobs, snapshots (of a
    cell), points (per snapshot and replicate; 0 is as many as there are), disk (GB), memory of the largest job (GB),
    longest job (hours) and time (core hours).

    Args:
        studies: as ``read.studies`` returns them.
        network: what a network costs, such as ``measured``.
    """
    rows = []
    for study in studies.values():
        if study.question == "audit":
            costs = dict.fromkeys(study.cells, AUDIT)
        elif study.question == "onset":
            costs = {name: _onset_cost(cell) for name, cell in study.cells.items()}
        else:
            of_cell = _given_cost if study.is_given() else partial(_cost, network=network)
            stages = _stages(study)
            costs = {name: of_cell(name, study, stages) for name in study.cells}
            costs = _searched(costs, study) if study.arms and study.arms.search else costs
        rows += [{"study": study.name, "cell": name, **cost} for name, cost in costs.items()]
    return pd.DataFrame(rows)


@cache
def measured(model: Network, dimension: int, labels: int) -> tuple[int, int]:
    """Parameters of a network and operations per point, with ``labels`` if not 0; counted without any arithmetic."""
    with torch.device("meta"), torch.no_grad():
        built = load(model.function)([None], dimension, labels, **model.arguments())
        label = torch.zeros(1, 1, dtype=torch.long) if labels else None
        inputs = torch.zeros(1, 1, dimension), torch.ones(1, 1), label
        with FlopCounterMode(display=False) as counter:
            built(*inputs)
    return networks.flatten(built).shape[1], counter.get_total_flops()


def chances(sizes: list[int]) -> dict[int, float]:
    """Size -> share of all positions of the crossing among the sizes (or outside) for which a search runs it."""
    grid, runs = np.array(sorted(sizes)), dict.fromkeys(sorted(sizes), 0)
    for above in range(len(grid) + 1):
        done: dict[int, list[float]] = {}
        while asked := following(done, grid):
            done |= {size: [float(size in grid[:above])] for size in asked}
        for size in done:
            runs[size] += 1
    return {size: count / (len(grid) + 1) for size, count in runs.items()}


def _speed(model: Network, *, sampled: int | None = None) -> float:
    """Operations of a network in a second on one core, in training, or in sampling of points of ``sampled`` features.

    Convolutions of few channels take their time for what is not arithmetic; in the plane a layer is read from a table.
    """
    if isinstance(model, Unet):
        return FLOPS * min(1.0, model.width / FEW_CHANNELS)
    tabulated = isinstance(model, ResidualMlp) and sampled is not None and sampled <= DIMENSIONS
    return TABULATED * FLOPS if tabulated else FLOPS


def _searched(costs: dict[str, dict[str, float]], study: Study) -> dict[str, dict[str, float]]:
    """Arm -> the expected sum of the ``costs`` (cell -> cost) of its sizes."""
    found = {}
    for arm, cells in known(study.arms).cells.items():
        chance = chances(list(cells))
        table = pd.DataFrame([costs[name] for name in cells.values()])
        expected = table.mul([chance[size] for size in cells], axis=0).sum().to_dict()
        whole = {name: table[name].iloc[0] for name in ("replicates", "snapshots")}
        whole |= {name: table[name].max() for name in ("points", "memory [GB]", "longest job [h]")}
        words = f"{arm}: about {expected['cells']:.1f} of {len(cells)} sizes"
        found[words] = {**expected, **whole, "jobs": round(expected["jobs"])}
    return found


def _stages(study: Study) -> dict[str, int]:
    """Jobs per shard, by kind."""
    more = OF_SIZES if study.sizes() else {}
    return {kind: number + more.get(kind, 0) for kind, number in STAGES[study.question].items()}


def _given_cost(name: str, study: Study, stages: dict[str, int]) -> dict[str, float]:
    """The jobs of samples that were not drawn here; one job takes the place of training, sampling and optimum."""
    stages = {**stages, "torch": 1}
    seconds = len(study.shards) * sum(number * START[kind] for kind, number in stages.items())
    return {
        "replicates": study.replicates,
        "cells": 1,
        "jobs": sum(stages.values()) * len(study.shards),
        "snapshots": 0,
        "points": study.cells[name].sampling.count or 0,
        "disk [GB]": 0.0,
        "memory [GB]": study.memory(name) / 1e3,
        "longest job [h]": START["torch"] / 3600,
        "time [core hours]": seconds / 3600,
    }


def _cost(name: str, study: Study, stages: dict[str, int], *, network: Cost) -> dict[str, float]:
    cell = study.cells[name]
    data, training, sampling = cell.data, cell.training, cell.sampling
    n, d = data.rows, data.features
    parameters, forward = network(cell.model, d, data.label_count)
    segments, parts = len(segment_ends(training, points=n, length=cell.compute.segment)), 1
    if isinstance(sampling, Drawn) and sampling.part:
        parts = len(sampling_parts(training, points=n, length=sampling.part))
    stages = {**stages, "torch": stages["torch"] + segments - 1 + (parts if parts > 1 else 0)}
    length = budget(training, points=n)
    steps, batch, snapshots = length.steps[-1], length.batch, len(length.steps)
    count, evaluations = known(sampling.count), known(sampling.steps) * sampling.evaluations
    train = steps * (3 * forward * batch / _speed(cell.model) + STEP_OVERHEAD + PER_WEIGHT * parameters)
    train += snapshots * 2 * LEVELS * min(n, EVALUATED) * forward / _speed(cell.model)  # training and held-out loss
    sample = snapshots * count * evaluations * forward / _speed(cell.model, sampled=d)
    optimum = min(count, CEILING_POINTS) * evaluations * n * (PAIR + d * PAIR_FEATURE)
    seconds = study.replicates * (train + sample + optimum)
    seconds += len(study.shards) * sum(stages[kind] * START[kind] for kind in stages)
    per_snapshot = 4 * parameters + count * (4 * d + ROW_BYTES) + 3 * ROWS_PER_SNAPSHOT
    return {
        "replicates": study.replicates,
        "cells": 1,
        "jobs": sum(stages.values()) * len(study.shards),
        "snapshots": snapshots,
        "points": count,
        "disk [GB]": study.replicates * snapshots * per_snapshot / 1e9,
        "memory [GB]": max(study.memory(name), LIBRARIES + WEIGHTS * 4 * study.stack * parameters / 1e6) / 1e3,
        "longest job [h]": study.stack * max(train / segments, sample / parts, optimum) / 3600,
        "time [core hours]": seconds / 3600,
    }


def _onset_cost(cell: OnsetCell) -> dict[str, float]:
    """One job; its time is that of the kernels of N fresh and n training points, and of training a network."""
    settings, made = cell.onset, cell.generator
    d = cell.law.features
    sizes = training_sizes(settings.ratios, dimension=d)
    operations: float = sum(4 * d * (settings.fresh or 0) * d + 6 * n * n * (d + KERNEL) for n in sizes)
    if isinstance(made, Mlp):
        weights = made.width * (made.width + 2 * d)
        steps = settings.trainings * len(sizes) * made.updates
        operations += steps * (6 * BATCH * weights + STEP_OVERHEAD * FLOPS)
    rows = settings.repetitions * len(sizes) * settings.trainings
    seconds = START["torch"] + settings.repetitions * operations / FLOPS + rows * ONSET_ROW
    return {
        "replicates": settings.repetitions,
        "cells": 1,
        "jobs": 1,
        "snapshots": len(sizes),
        "points": settings.fresh or 0,
        "disk [GB]": rows * ONSET_ROW_BYTES / 1e9,
        "memory [GB]": LIBRARIES / 1e3,
        "longest job [h]": seconds / 3600,
        "time [core hours]": seconds / 3600,
    }


_LATER = (
    "\nintermediates: discard. Snapshots, samples and neighbour tables go once they have been read, so that any later\n"
    "change of sampling, neighbours or measure, such as another ratio, trains its cells again;\n"
    "with keep only the last stages run."
)


def _duration(hours: float) -> str:
    minutes = max(1, round(60 * hours))
    return f"{hours:.1f} hours" if hours >= 1 else f"{minutes} minute{'s' * (minutes > 1)}"


def summary(table: pd.DataFrame, *, cores: int, discard: bool = False) -> str:
    """The plan as text, with the hours of every study and its totals, and what it costs later to ``discard`` arrays."""
    hours = table.groupby("study", sort=False)["time [core hours]"].sum()
    each = ", ".join(f"{study} {value:.1f}" for study, value in hours.items())
    longest = table["longest job [h]"].max()
    about = "about " if (table["cells"] % 1).any() else ""
    return (
        f"{table.drop(columns='cells').to_string(index=False, float_format='{:.2f}'.format)}\n\n"
        f"{about}{table['cells'].sum():.0f} cells, {table['jobs'].sum()} jobs and some for searches and figures, "
        f"up to {table['disk [GB]'].sum():.1f} GB in results/ (less with intermediates: discard),\n"
        f"for one job up to {table['memory [GB]'].max():.1f} GB and {_duration(longest)},\n"
        f"about {hours.sum():.1f} core hours: {max(hours.sum() / cores, longest):.1f} hours on {cores} cores.\n"
        f"Core hours by study: {each}." + (_LATER if discard else "")
    )
