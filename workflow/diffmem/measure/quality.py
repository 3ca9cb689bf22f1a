r"""Quality of generated points, which is reported together with memorization.

Both are needed: a generator that copies its training set has a good quality by (1) and (2), and a generator of bad
quality has few copies. Let x_1..x_g be generated and y_1..y_h held-out points, F_t and G_t their quantile functions
along a direction t, and r_j the distance from the j-th of l held-out locations to the k-th nearest other one:

    energy distance       2 mean |x - y| - mean |x - x'| - mean |y - y'|                               (1)
    sliced Wasserstein    (mean_t integral_0^1 |F_t(u) - G_t(u)|^p du)^(1/p)                           (2)
    density               (1 / (k g)) number of pairs i, j with |x_i - y_j| <= r_j                     (3)
    coverage              share of the j with |x_i - y_j| <= r_j for some i                            (4)

(1) Szekely and Rizzo 2013, https://doi.org/10.1016/j.jspi.2013.03.018. The means are over pairs of different points, so
that the estimate is unbiased and may be negative. (2) Rabin et al. 2012, https://doi.org/10.1007/978-3-642-24785-9_37.
It is computed exactly for samples of any sizes. It is positive for samples of the true distribution, and is compared
with this value. (3), (4) Naeem et al. 2020, https://arxiv.org/abs/2002.09797. For samples of the true distribution,
which may be any continuous one,

    E density = 1,   E coverage = 1 - product_{i=1..k} (l - i) / (l - i + g)  ~  1 - 2^-k at g = l.    (5)

All four are computed on a random subsample. The subsample of the held-out set and the quantities that depend only on it
are computed first (``prepared``). Generators that are compared with the same seed, or with one ``HeldOut``, share them,
so that differences between generators are not due to the held-out subsample.
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist, pdist, squareform

from diffmem.locations import check_points, first_rows, locations

POINTS = 1000  # points of each set at most
DIRECTIONS = 100  # number of directions t of (2)
ORDER = 2  # p of (2), for which a shift by s gives about |s| / sqrt(d)
NEIGHBOUR = 5  # k of (3) and (4)


@dataclass(frozen=True)
class HeldOut:
    """The quantities of all four measures that depend on the held-out set only.

    Attributes:
        points: the subsample, of shape (h, d).
        spread: mean distance between two of its points.
        directions: unit vectors, of shape (d, t).
        rows: a row of the subsample for each of its locations, of shape (l,).
        radius: r_j, of shape (l,). They are float32, so that equal distances remain equal in spite of rounding errors.
    """

    points: np.ndarray
    spread: float
    directions: np.ndarray
    rows: np.ndarray
    radius: np.ndarray


def quality(
    *, generated: np.ndarray, held_out: np.ndarray, rng: np.random.Generator, points: int = POINTS
) -> dict[str, float]:
    """All four measures of ``generated`` (g, d) against ``held_out`` (h, d).

    Args:
        generated, held_out: points of shape (g, d) and (h, d).
        rng: draws the subsamples and the directions.
        points: number of rows of each set that are used, at most.

    Returns:
        energy, sliced_wasserstein, density and coverage. Their values for fresh points of the true distribution are
        those of a perfect generator.

    Raises:
        ValueError: if the arrays have other shapes or values that are not finite, if there are fewer than two generated
            points, or if ``held_out`` has too few distinct points.
    """
    generated, held_out = check_points(generated=generated, held_out=held_out)
    if len(generated) < 2:
        raise ValueError("generated: two points at least are needed for a mean distance between them")
    reference = prepared(held_out, rng, points=points)
    return compared(subsample(generated, rng, points), reference)


def prepared(held_out: np.ndarray, rng: np.random.Generator, *, points: int = POINTS) -> HeldOut:
    """The quantities that depend on the held-out set only, for use with any number of generators.

    Args:
        held_out: points of shape (h, d).
        rng: draws the subsample and the directions.
        points: number of rows that are used, at most.

    Raises:
        ValueError: if there are no more than ``NEIGHBOUR`` distinct points.
    """
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
    """All four measures of ``generated`` (g, d): energy, sliced_wasserstein, density and coverage."""
    distance = cdist(generated, reference.points)
    inside = distance[:, reference.rows].astype(np.float32) <= reference.radius
    return {
        "energy": _energy(distance, mean_distance(generated), reference.spread),
        "sliced_wasserstein": sliced_wasserstein(generated, reference.points, reference.directions),
        "density": float(inside.sum() / (NEIGHBOUR * len(generated))),
        "coverage": float(inside.any(0).mean()),
    }


def subsample(points: np.ndarray, rng: np.random.Generator, count: int) -> np.ndarray:
    """``count`` rows of ``points`` (n, d), drawn without replacement; all rows if n is not larger."""
    return points if len(points) <= count else points[rng.choice(len(points), count, replace=False)]


def energy_distance(x: np.ndarray, y: np.ndarray) -> float:
    """Energy distance (1) between points ``x`` (g, d) and ``y`` (h, d)."""
    return _energy(cdist(x, y), mean_distance(x), mean_distance(y))


def mean_distance(points: np.ndarray) -> float:
    """Mean distance between two different rows of ``points`` (n, d), n >= 2."""
    return float(pdist(points).mean())


def sliced_wasserstein(x: np.ndarray, y: np.ndarray, directions: np.ndarray, *, order: int = ORDER) -> float:
    """Sliced Wasserstein distance (2) between points ``x`` (a, d) and ``y`` (b, d).

    Args:
        x, y: the points.
        directions: unit vectors, of shape (d, t).
        order: p.
    """
    first, other = np.sort(x @ directions, axis=0), np.sort(y @ directions, axis=0)
    i, j, weight = _quantiles(len(x), len(y))
    return float((weight @ np.abs(first[i] - other[j]) ** order).mean() ** (1 / order))


def _energy(between: np.ndarray, within_x: float, within_y: float) -> float:
    """Equation (1) from the distances ``between`` the sets (g, h) and the mean distances within each."""
    return float(2 * between.mean() - within_x - within_y)


def _quantiles(a: int, b: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Intervals of (0, 1) on which the quantile functions of a and of b numbers are constant.

    Returns:
        for every interval, the index of the order statistic of the a numbers, that of the b numbers, and the length.
    """
    cuts = np.union1d(np.arange(a + 1) * b, np.arange(b + 1) * a)  # integers in units of 1 / (a b)
    return cuts[:-1] // b, cuts[:-1] // a, np.diff(cuts) / (a * b)
