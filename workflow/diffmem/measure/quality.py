r"""Quality of generated points beside memorization: a copier is good by (1) and (2), garbage is no copier.

With x_1..x_g generated and y_1..y_h held-out points, F_t and G_t the quantile functions of both along a direction t,
and r_j the distance from the j-th of l held-out locations to its k-th nearest other:

    energy distance       2 mean |x - y| - mean |x - x'| - mean |y - y'|                               (1)
    sliced Wasserstein    (mean_t integral_0^1 |F_t(u) - G_t(u)|^p du)^(1/p)                           (2)
    density               (1 / (k g)) number of pairs i, j with |x_i - y_j| <= r_j                     (3)
    coverage              share of the j with |x_i - y_j| <= r_j for some i                            (4)

(1) Szekely and Rizzo 2013, https://doi.org/10.1016/j.jspi.2013.03.018: the means run over distinct pairs, so that it is
unbiased, and below zero now and then. (2) Rabin et al. 2012, https://doi.org/10.1007/978-3-642-24785-9_37: exact for
samples of any sizes, and above zero for the truth: a floor is needed. (3), (4) Naeem et al. 2020,
https://arxiv.org/abs/2002.09797; for the truth, whatever its law,

    E density = 1,   E coverage = 1 - product_{i=1..k} (l - i) / (l - i + g)  ~  1 - 2^-k at g = l.    (5)

All are computed on a fixed subsample. What belongs to the held-out set is drawn and computed first (``prepared``), so
that generators judged with the same seed, or against one ``HeldOut``, share it: their differences are then their own.
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist, pdist, squareform

from diffmem.locations import checked, first_rows, locations

POINTS = 1000
DIRECTIONS = 100
ORDER = 2  # p of (2): a shift by s then reads |s| / sqrt(d)
NEIGHBOUR = 5  # k of (3) and (4)


@dataclass(frozen=True)
class HeldOut:
    """The held-out side of all four numbers.

    Attributes:
        points: the subsample, of shape (h, d).
        spread: the mean distance of two of its points.
        directions: unit vectors, of shape (d, t).
        rows: row of the subsample at which each of its locations stands, of shape (l,).
        radius: r_j, of shape (l,), float32: in fewer digits than were computed, ties are ties.
    """

    points: np.ndarray
    spread: float
    directions: np.ndarray
    rows: np.ndarray
    radius: np.ndarray


def quality(
    *, generated: np.ndarray, held_out: np.ndarray, rng: np.random.Generator, points: int = POINTS
) -> dict[str, float]:
    """All four numbers for ``generated`` (g, d) against ``held_out`` (h, d), on at most ``points`` rows of each.

    Returns:
        energy, sliced_wasserstein, density and coverage. Fresh points of the truth give what the best generator gets.

    Raises:
        ValueError: if the arrays do not fit each other, hold values that are not finite, or are too few.
    """
    generated, held_out = checked(generated=generated, held_out=held_out)
    if len(generated) < 2:
        raise ValueError("generated: two points at least are needed for a mean distance between them")
    reference = prepared(held_out, rng, points=points)
    return compared(subsample(generated, rng, points), reference)


def prepared(held_out: np.ndarray, rng: np.random.Generator, *, points: int = POINTS) -> HeldOut:
    """The held-out side, once for any number of generators: of at most ``points`` rows of ``held_out`` (h, d)."""
    chosen = subsample(held_out, rng, points)
    rows = first_rows(locations(chosen))
    if len(rows) <= NEIGHBOUR:
        raise ValueError(f"held_out: {len(rows)} distinct points have no {NEIGHBOUR}th neighbour; give more")
    directions = rng.standard_normal((chosen.shape[1], DIRECTIONS))
    between = squareform(pdist(chosen[rows]))
    return HeldOut(
        points=chosen,
        spread=mean_distance(chosen),
        directions=directions / np.linalg.norm(directions, axis=0),
        rows=rows,
        radius=np.partition(between, NEIGHBOUR, axis=1)[:, NEIGHBOUR].astype(np.float32),
    )


def compared(generated: np.ndarray, reference: HeldOut) -> dict[str, float]:
    """All four numbers for all points of ``generated`` (g, d)."""
    distance = cdist(generated, reference.points)
    inside = distance[:, reference.rows].astype(np.float32) <= reference.radius
    return {
        "energy": _energy(distance, mean_distance(generated), reference.spread),
        "sliced_wasserstein": sliced_wasserstein(generated, reference.points, reference.directions),
        "density": float(inside.sum() / (NEIGHBOUR * len(generated))),
        "coverage": float(inside.any(0).mean()),
    }


def subsample(points: np.ndarray, rng: np.random.Generator, count: int) -> np.ndarray:
    """``count`` rows of ``points`` (n, d), drawn without replacement; all if there are no more."""
    return points if len(points) <= count else points[rng.choice(len(points), count, replace=False)]


def energy_distance(x: np.ndarray, y: np.ndarray) -> float:
    """Equation (1) between points ``x`` (g, d) and ``y`` (h, d)."""
    return _energy(cdist(x, y), mean_distance(x), mean_distance(y))


def mean_distance(points: np.ndarray) -> float:
    """Mean distance between two different rows of ``points`` (n, d)."""
    return float(pdist(points).mean())


def sliced_wasserstein(x: np.ndarray, y: np.ndarray, directions: np.ndarray, *, order: int = ORDER) -> float:
    """Equation (2) with p = ``order``, for points (a, d) and (b, d) along unit vectors (d, t)."""
    first, other = np.sort(x @ directions, axis=0), np.sort(y @ directions, axis=0)
    i, j, weight = _quantiles(len(x), len(y))
    return float((weight @ np.abs(first[i] - other[j]) ** order).mean() ** (1 / order))


def _energy(between: np.ndarray, within_x: float, within_y: float) -> float:
    """Equation (1) from the distances ``between`` the sets (g, h) and the mean distances within each."""
    return float(2 * between.mean() - within_x - within_y)


def _quantiles(a: int, b: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which order statistics of a and of b numbers are the quantiles of a stretch of (0, 1), and how long it is."""
    cuts = np.union1d(np.arange(a + 1) * b, np.arange(b + 1) * a)  # in units of 1 / (a b), free of rounding
    return cuts[:-1] // b, cuts[:-1] // a, np.diff(cuts) / (a * b)
