"""Gaussian distributions and mixtures of them, in any number of dimensions.

A data set is a function of (count, rng) and options that draws points: `gaussian` and `mixture`. A law of the onset
study (`Law`) also has a density, or at least moments, in closed form. The Gaussian laws have a mean variance of one per
coordinate, so that all have the same scale:

    power-law       variances proportional to j^-exponent, j = 1..d
    low-rank        ``rank`` equal variances; the remaining ones are ``floor`` times as large
    spectrum        the variances as given

There are two mixtures: `mixture` draws its centres, one set per data set, from the random stream of its points, whereas
the centres of the law `two_gaussians` are fixed. A common implementation would change that stream and all results.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from diffmem.gaussian import Normal, Parts, diagonal, match_moments

# --- datasets ---------------------------------------------------------------------------------------------------------


def gaussian(count: int, rng: np.random.Generator, *, dimension: int) -> np.ndarray:
    """Points of the standard normal distribution, of shape (count, dimension)."""
    return rng.standard_normal((count, dimension))


def mixture(count: int, rng: np.random.Generator, *, dimension: int, components: int, separation: float) -> np.ndarray:
    """Points of equally likely unit Gaussians, of shape (count, dimension).

    The centres are at distance ``separation`` from the origin. Each call first draws their directions from ``rng``, and
    thus has its own centres.
    """
    directions = rng.standard_normal((components, dimension))
    centres = separation * directions / np.linalg.norm(directions, axis=1, keepdims=True)
    return centres[rng.integers(components, size=count)] + rng.standard_normal((count, dimension))


# --- laws -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Law:
    """A distribution whose moments are known.

    Attributes:
        gaussian: the Gaussian with the same mean and covariance; it equals the law if the law is Gaussian.
        parts: weights and Gaussians whose mixture the law is; empty if its density is unknown.
        draw: (count, rng) -> distinct points of shape (count, d).
    """

    gaussian: Normal
    parts: Parts
    draw: Callable[[int, np.random.Generator], np.ndarray]

    @property
    def dimension(self) -> int:
        """Number of features d."""
        return len(self.gaussian.mean)


def isotropic(*, dimension: int) -> Law:
    """The standard normal law."""
    law = diagonal(np.ones(dimension))
    return Law(law, ((1.0, law),), lambda count, rng: gaussian(count, rng, dimension=dimension))


def power_law(*, dimension: int, exponent: float) -> Law:
    """Variances proportional to j^-``exponent``, j = 1..d."""
    return _scaled_gaussian(np.arange(1, dimension + 1) ** -float(exponent))


def low_rank(*, dimension: int, rank: int, floor: float) -> Law:
    """``rank`` <= d coordinates of equal variance; the variance of the remaining ones is ``floor`` times that."""
    return _scaled_gaussian(np.where(np.arange(dimension) < rank, 1.0, floor))


def spectrum(*, variances: list[float]) -> Law:
    """Independent coordinates with the ``variances`` (d,), which must sum to d.

    Raises:
        ValueError: if a variance is not positive and finite, or if they do not sum to their number.
    """
    values = np.asarray(variances, dtype=float)
    if not np.isfinite(values).all() or (values <= 0).any():
        raise ValueError(
            f"variances = {variances}: must be positive and finite; leave out coordinates without variance"
        )
    if abs(values.sum() - len(values)) > 1e-6 * len(values):
        raise ValueError(
            f"variances sum to {values.sum():g}: must sum to their number {len(values)}; divide each by their mean"
        )
    return _scaled_gaussian(values)


def two_gaussians(*, dimension: int, separation: float) -> Law:
    """Two equally likely unit Gaussians whose centres are ``separation`` apart along the first axis."""
    centre = np.zeros(dimension)
    centre[0] = separation / 2
    unit = diagonal(np.ones(dimension))
    parts = tuple((0.5, Normal(sign * centre, unit.variances, unit.axes)) for sign in (-1, 1))

    def draw(count: int, rng: np.random.Generator) -> np.ndarray:
        return rng.standard_normal((count, dimension)) + rng.choice([-1.0, 1.0], size=(count, 1)) * centre

    return Law(match_moments(parts), parts, draw)


def _scaled_gaussian(variances: np.ndarray) -> Law:
    """The centred Gaussian law with ``variances`` (d,) divided by their mean."""
    law = diagonal(variances / variances.mean())
    return Law(law, ((1.0, law),), law.sample)
