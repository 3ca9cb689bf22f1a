"""One cell of the onset study: a generator trained on n points, for every n and repetition, against training and truth.

A repetition draws its own training points, two held-out sets as large, and N points of the truth; the sizes are nested
in it, so that curves over n are paired. Overlaps are in units of int rho^2 of the isotropic law, the distances those of
`measure.densities` and `measure.distances`:

    delta_cs        training set against N points of the truth, as the paper compares
    delta_matched   training set against a held-out set of the same n and the same bandwidth
    delta_null      one held-out set against the other: P(delta_null > 0) is 1/2 for every generator, by exchangeability
    delta_kl        KL(G || T) - KL(G || truth), of which the entropy of G cancels: mean of log truth - log rho_T

A generator known by samples is judged by their kernel density with the paper's bandwidth, and by their moments in kl,
bc_root, w2 and nll_gap. With N null the truth is exact: no kernel, no sample.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist

from diffmem import registry, rng
from diffmem.data.laws import Law
from diffmem.gaussian import Normal, fitted
from diffmem.measure import densities, distances
from diffmem.measure.criteria import ONE_THIRD, second
from diffmem.measure.quality import mean_distance
from diffmem.neighbours.index import Index
from diffmem.studies.onset.generators import Generated, Task

STACKED = ("mlp",)  # generators that train all repetitions of one size together


@dataclass(frozen=True)
class Sets:
    """What one repetition draws: points of shape (n_max, d), and (N, d) in ``other`` (none for the exact truth)."""

    train: np.ndarray
    held_out: np.ndarray
    second: np.ndarray
    other: np.ndarray


@dataclass(frozen=True)
class Judge:
    """How densities are compared: the truth, the ``factor`` on the bandwidth, and whose bandwidth (``kernel``)."""

    law: Law
    kernel: str
    factor: float

    def width(self, count: int) -> float:
        """Kernel width for a set of ``count`` points."""
        if self.kernel == "capacity":
            return self.factor * densities.capacity_bandwidth(count, self.law.gaussian.variances)
        scale, d = self.law.gaussian.scale, len(self.law.gaussian.mean)
        return densities.bandwidth(count, scale=scale, dimension=d, factor=self.factor)


def simulate(cell: dict[str, Any], *, tick: Callable[[], object] = lambda: None) -> pd.DataFrame:
    """All repetitions, trainings and sizes of a cell, one row each.

    Args:
        cell: its ``law``, ``generator`` and ``onset`` sections and the seed.
        tick: called after every stack of repetitions, for a progress bar.

    Returns:
        repetition, training (which of the generators trained on the same points), n, ratio n / d, dimension, the
        overlaps log_p_train, log_p_other, log_c_train, log_c_other, the four deltas, l2_sign, near_share (generated
        points nearer to training than to held-out points), third (much nearer to one training point than to any
        other), kl and w2 (to the truth, the latter over its total variance), bc_root = BC^(1/d), energy, nll_gap.
    """
    settings, chosen = cell["onset"], cell["generator"]
    law, make = _chosen(cell["law"], registry.LAWS)(), _chosen(chosen, registry.GENERATORS)
    d = len(law.gaussian.mean)
    judge = Judge(law, settings["kernel"], settings["bandwidth"])
    count, trainings = settings["repetitions"], settings["trainings"]
    size = count if chosen["name"] in STACKED else 1
    rows = []
    for start in range(0, count, size):
        repetitions = range(start, min(start + size, count))
        sets = [draw(law, settings, seed=cell["seed"], repetition=r) for r in repetitions]
        runs = [trainings * r + t for r in repetitions for t in range(trainings)]
        for n in sizes(settings, d):
            train = np.repeat([s.train[:n] for s in sets], trainings, axis=0)
            generators = make(Task(law, train, runs, cell["seed"], settings["samples"]))
            for run, generated in zip(runs, generators, strict=True):
                repetition, training = divmod(run, trainings)
                random = rng.generator(cell["seed"], replicate=run, purpose="measure", index=n)
                found = measure(generated, sets[repetition - start], n, judge, settings["samples"], random)
                rows.append({"repetition": repetition, "training": training, "n": n, "dimension": d, **found})
        tick()
    return pd.DataFrame(rows).assign(ratio=lambda t: t["n"] / t["dimension"])


def sizes(settings: dict[str, Any], d: int) -> list[int]:
    """Numbers of training points, ascending: the nearest ones to the ratios n / d."""
    return sorted({max(round(ratio * d), 2) for ratio in settings["ratios"]})


def draw(law: Law, settings: dict[str, Any], *, seed: int, repetition: int) -> Sets:
    """The points of a repetition, distinct draws of the law."""
    largest = sizes(settings, len(law.gaussian.mean))[-1]
    points = law.draw(3 * largest + (settings["fresh"] or 0), rng.generator(seed, replicate=repetition, purpose="data"))
    return Sets(*np.split(points, [largest, 2 * largest, 3 * largest]))


def measure(
    generated: Generated, sets: Sets, n: int, judge: Judge, samples: int, random: np.random.Generator
) -> dict[str, float]:
    """Every number of one generator that was trained on the first ``n`` training points."""
    known = isinstance(generated, Normal)
    points = generated.sample(samples, random) if known else generated
    gaussian = generated if known else fitted(generated)
    train, held_out, second = (points[:n] for points in (sets.train, sets.held_out, sets.second))
    truth, d = judge.law.gaussian, train.shape[1]
    return {
        **_overlaps(generated, (train, held_out, second), sets.other, judge),
        **_neighbours(points, train, held_out),
        "delta_kl": _kl_difference(points, train, judge),
        "kl": distances.kl(gaussian, truth),
        "w2": distances.squared_wasserstein(gaussian, truth) / truth.variances.sum(),
        "bc_root": np.exp(distances.log_bhattacharyya(gaussian, truth) / d),
        "energy": _energy(points, judge.law.draw(len(points), random)),
        "nll_gap": distances.nll_gap(gaussian, train=train, test=held_out),
    }


def _overlaps(generated: Generated, sets: tuple[np.ndarray, ...], other: np.ndarray, judge: Judge) -> dict[str, float]:
    """Logarithms of p and c, in units of the truth's scale, and the deltas made of them."""
    n, d = sets[0].shape
    width, own = judge.width(n), 0.0 if isinstance(generated, Normal) else judge.width(len(generated))
    p = [densities.log_self(points, width=width) for points in sets]
    c = [densities.log_cross(generated, points, width=width, own=own) for points in sets]
    p_other, c_other = _truth(generated, other, judge, own)
    unit = densities.log_unit(scale=judge.law.gaussian.scale, dimension=d)
    return {
        "log_p_train": p[0].total - unit,
        "log_p_other": p_other.total - unit,
        "log_c_train": c[0] - unit,
        "log_c_other": c_other - unit,
        "l2_sign": densities.delta_l2_sign(p[0], p_other, c[0], c_other),
        "delta_cs": densities.delta_cs(p[0], p_other, c[0], c_other),
        "delta_matched": densities.delta_cs(p[0], p[1], c[0], c[1]),
        "delta_null": densities.delta_cs(p[1], p[2], c[1], c[2]),
    }


def _truth(generated: Generated, other: np.ndarray, judge: Judge, own: float) -> tuple[densities.Overlap, float]:
    """p and c of the N points; p is replaced by its expectation where that is known, which spares N^2 exponentials."""
    parts, count = judge.law.parts, len(other)
    if count == 0:
        cross = densities.log_cross_expected(generated, parts, width=0.0, own=own)
        return densities.log_self_expected(parts, count=None, width=0.0), cross
    width = judge.width(count)
    cross = densities.log_cross(generated, other, width=width, own=own)
    if parts:
        return densities.log_self_expected(parts, count=count, width=width), cross
    return densities.log_self(other, width=width), cross


def _neighbours(points: np.ndarray, train: np.ndarray, held_out: np.ndarray) -> dict[str, float]:
    """Shares of generated points nearer to training points than to held-out ones, and to one of them than to others."""
    distance = Index(train).nearest(points, 2).distance
    return {
        "near_share": float((distance[:, 0] < Index(held_out).nearest(points, 1).distance[:, 0]).mean()),
        "third": float((second(distance) < ONE_THIRD).mean()),
    }


def _kl_difference(points: np.ndarray, train: np.ndarray, judge: Judge) -> float:
    """delta_kl from generated ``points``; missing where the density of the truth is unknown."""
    if not judge.law.parts:
        return np.nan
    kernel = densities.log_kernel_density(points, train, variance=judge.width(len(train)) ** 2)
    return float((densities.log_mixture_density(points, judge.law.parts) - kernel).mean())


def _energy(points: np.ndarray, fresh: np.ndarray) -> float:
    """Energy distance between generated and fresh points (equation 1 of ``measure.quality``)."""
    return float(2 * cdist(points, fresh).mean() - mean_distance(points) - mean_distance(fresh))


def _chosen(section: dict[str, Any], table: dict[str, str]) -> Callable:
    """The entry of a registry table that a section names, with the options that the section gives."""
    target = table[section["name"]]
    return partial(registry.load(target), **registry.chosen(target, section))
