r"""Comparisons of one generator of the onset study with its training points and with the truth.

Training set T, two held-out sets of the same n, N fresh points O of the truth; p and c are the overlaps of
`measure.densities` in units of int rho^2 of the isotropic law, the distances those of `measure.distances`:

    delta_cs        T against O, as the paper compares (equation 4 of `measure.densities`)
    delta_matched   T against a held-out set, which has the same n and the same bandwidth
    delta_null      one held-out set against the other: by exchangeability P(delta_null > 0) = 1/2 for every generator
    delta_kl        KL(G || T) - KL(G || truth) = mean over generated points of log truth - log rho_T

The entropy of G cancels in delta_kl. A generator known by samples is represented by their kernel density with the
paper's bandwidth, and by their moments in kl, bc_root, w2 and nll_gap. With N = 0 the truth is exact: no kernel, no
sample.
"""

from dataclasses import dataclass

import numpy as np

from diffmem.data.gaussians import Law
from diffmem.gaussian import Normal, fit_normal
from diffmem.measure import criteria, densities, distances
from diffmem.measure.quality import energy_distance
from diffmem.neighbours.index import Index
from diffmem.studies.onset.generators import Generated


@dataclass(frozen=True)
class Sets:
    """The points of one repetition: three sets of shape (n, d), and ``fresh`` of shape (N, d)."""

    train: np.ndarray
    held_out: np.ndarray
    second_held_out: np.ndarray
    fresh: np.ndarray

    def first(self, n: int) -> "Sets":
        """The sets of n points, which are nested in those of more."""
        return Sets(self.train[:n], self.held_out[:n], self.second_held_out[:n], self.fresh)


@dataclass(frozen=True)
class Kernels:
    """Which kernels stand for points of the ``law``.

    Attributes:
        rule: ``paper`` or ``capacity``, the bandwidths of `measure.densities`.
        factor: by which the bandwidth is multiplied.
    """

    law: Law
    rule: str
    factor: float

    def width(self, count: int) -> float:
        """Bandwidth of a set of ``count`` points."""
        if self.rule == "capacity":
            return self.factor * densities.capacity_bandwidth(count, self.law.gaussian.variances)
        return densities.bandwidth(
            count, scale=self.law.gaussian.scale, dimension=self.law.dimension, factor=self.factor
        )


def compare_densities(generated: Generated, sets: Sets, kernels: Kernels) -> dict[str, float]:
    """log p and log c of the training set and of the fresh points, and the differences made of them."""
    law, widths = kernels.law, {"width": kernels.width(len(sets.train)), "sample_width": 0.0}
    if not isinstance(generated, Normal):
        widths["sample_width"] = kernels.width(len(generated))
    train, held_out, second = (
        densities.overlaps(generated, points, **widths) for points in (sets.train, sets.held_out, sets.second_held_out)
    )
    fresh = _overlap_fresh(generated, sets.fresh, kernels, widths["sample_width"])
    unit = densities.log_unit(scale=law.gaussian.scale, dimension=law.dimension)
    return {
        "log_p_train": train.p.total - unit,
        "log_p_fresh": fresh.p.total - unit,
        "log_c_train": train.c - unit,
        "log_c_fresh": fresh.c - unit,
        "l2_sign": densities.delta_l2_sign(train, fresh),
        "delta_cs": densities.delta_cs(train, fresh),
        "delta_matched": densities.delta_cs(train, held_out),
        "delta_null": densities.delta_cs(held_out, second),
    }


def compare_kl(points: np.ndarray, sets: Sets, kernels: Kernels) -> dict[str, float]:
    """delta_kl from generated ``points`` (g, d); missing where the density of the truth is unknown."""
    if not kernels.law.parts:
        return {"delta_kl": np.nan}
    variance = kernels.width(len(sets.train)) ** 2
    kernel = densities.log_kernel_density(points, sets.train, variance=variance)
    return {"delta_kl": float((densities.log_mixture_density(points, kernels.law.parts) - kernel).mean())}


def count_neighbours(points: np.ndarray, sets: Sets) -> dict[str, float]:
    """Shares of generated ``points`` (g, d): nearer to a training than to a held-out point, and by the rule of 1/3."""
    train = Index(sets.train).nearest(points, 2).distance
    held_out = Index(sets.held_out).nearest(points, 1).distance
    return {
        "near_share": float((train[:, 0] < held_out[:, 0]).mean()),
        "third": float((criteria.second(train) < criteria.ONE_THIRD).mean()),
    }


def measure_distances(generated: Generated, points: np.ndarray, sets: Sets, law: Law, fresh: np.ndarray) -> dict:
    """Distances to the truth, of the generated law or of its moments.

    Args:
        points: of the generated law, of shape (g, d).
        fresh: further points of the ``law``, of shape (g, d), for the energy distance.
    """
    gaussian, truth = generated if isinstance(generated, Normal) else fit_normal(generated), law.gaussian
    return {
        "kl": distances.kl(gaussian, truth),
        "w2": distances.squared_wasserstein(gaussian, truth) / truth.variances.sum(),
        "bc_root": np.exp(distances.log_bhattacharyya(gaussian, truth) / law.dimension),
        "energy": energy_distance(points, fresh),
        "nll_gap": distances.nll_gap(gaussian, train=sets.train, test=sets.held_out),
    }


def _overlap_fresh(
    generated: Generated, fresh: np.ndarray, kernels: Kernels, sample_width: float
) -> densities.Overlaps:
    """Overlaps of the N fresh points.

    p is replaced by its expectation where that is known, which saves N^2 exponentials.
    """
    parts, count = kernels.law.parts, len(fresh)
    if count == 0:
        cross = densities.log_cross_expected(generated, parts, width=0.0, sample_width=sample_width)
        return densities.Overlaps(densities.log_self_expected(parts, count=None, width=0.0), cross)
    width = kernels.width(count)
    cross = densities.log_cross(generated, fresh, width=width, sample_width=sample_width)
    if parts:
        return densities.Overlaps(densities.log_self_expected(parts, count=count, width=width), cross)
    return densities.Overlaps(densities.log_self(fresh, width=width), cross)
