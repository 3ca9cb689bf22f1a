"""One cell of the onset study: a generator trained on n points, for every repetition and size.

A repetition draws its points: training points, two held-out sets as large, and N fresh points of the truth. Smaller
sizes take the first n of each set, so that curves over n are paired. On the points of one repetition a generator is
trained once or several times; each training is a run with its own random streams, whose number
is trainings x repetition + training. `generators` trains, `compare` measures.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from diffmem import rng
from diffmem.data.gaussians import Law
from diffmem.gaussian import Normal
from diffmem.loading import load
from diffmem.settings.onset import Onset, OnsetCell
from diffmem.settings.onset_sizes import training_sizes
from diffmem.studies.onset.compare import (
    Kernels,
    Sets,
    compare_densities,
    compare_kl,
    count_neighbours,
    measure_distances,
)
from diffmem.studies.onset.generators import TrainingRuns


@dataclass(frozen=True)
class Run:
    """One training: ``training`` counts those of a ``repetition``, ``stream`` numbers the random streams."""

    repetition: int
    training: int
    stream: int
    sets: Sets


def simulate(cell: OnsetCell, *, progress: Callable[[int], object] = lambda _: None) -> pd.DataFrame:
    """All repetitions, trainings and sizes of a cell, one row each.

    Args:
        cell: its ``law``, ``generator`` and ``onset`` sections and the seed.
        progress: called with the number of repetitions just finished.

    Returns:
        repetition, training, n, ratio n / d, dimension, and what `compare` measures: the overlaps log_p_train,
        log_p_fresh, log_c_train, log_c_fresh, l2_sign and the four deltas; near_share (generated points nearer to a
        training than to a held-out point), third (copies by the rule of 1/3); kl and w2 (to the truth, the latter over
        its total variance), bc_root = BC^(1/d), energy, nll_gap.
    """
    settings, seed, samples = cell.onset, cell.seed, cell.onset.samples
    law = load(cell.law.function)(**cell.law.arguments())
    generate = partial(load(cell.generator.function), **cell.generator.arguments())
    kernels = Kernels(law, settings.kernel, settings.bandwidth)
    rows = []
    for repetitions in _stacks(settings.repetitions, together=cell.generator.stacked):
        runs = [run for repetition in repetitions for run in draw_runs(law, settings, seed=seed, repetition=repetition)]
        for n in training_sizes(settings.ratios, dimension=law.dimension):
            train = np.stack([run.sets.train[:n] for run in runs])
            trained = generate(TrainingRuns(law, train, [run.stream for run in runs], seed, samples))
            for run, generated in zip(runs, trained, strict=True):
                sets = run.sets.first(n)
                random = rng.generator(seed, replicate=run.stream, purpose="measure", index=n)
                points = generated.sample(samples, random) if isinstance(generated, Normal) else generated
                fresh = law.draw(len(points), random)
                rows.append(
                    {
                        "repetition": run.repetition,
                        "training": run.training,
                        "n": n,
                        "dimension": law.dimension,
                        **compare_densities(generated, sets, kernels),
                        **compare_kl(points, sets, kernels),
                        **count_neighbours(points, sets),
                        **measure_distances(generated, points, sets, law, fresh),
                    }
                )
        progress(len(repetitions))
    return pd.DataFrame(rows).assign(ratio=lambda t: t["n"] / t["dimension"])


def draw_runs(law: Law, settings: Onset, *, seed: int, repetition: int) -> list[Run]:
    """The runs of a repetition, which share its points."""
    sets, trainings = draw_sets(law, settings, seed=seed, repetition=repetition), settings.trainings
    return [Run(repetition, training, trainings * repetition + training, sets) for training in range(trainings)]


def draw_sets(law: Law, settings: Onset, *, seed: int, repetition: int) -> Sets:
    """The points of a repetition, distinct draws of the law, in sets of the largest size."""
    largest = training_sizes(settings.ratios, dimension=law.dimension)[-1]
    random = rng.generator(seed, replicate=repetition, purpose="data")
    points = law.draw(3 * largest + (settings.fresh or 0), random)
    return Sets(*np.split(points, [largest, 2 * largest, 3 * largest]))


def _stacks(repetitions: int, *, together: bool) -> Iterator[range]:
    """Repetitions that are drawn and trained at once: all of them, or one after the other to save memory."""
    size = repetitions if together else 1
    return (range(start, start + size) for start in range(0, repetitions, size))
