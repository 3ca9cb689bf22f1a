"""Laws of the onset study: what training points are drawn from, with everything known of it in closed form.

A law is a mixture of Gaussians (`parts`), or, for images, a finite set of points of which only the moments are known.
Every Gaussian has a mean variance of one per coordinate, so that laws are compared at the same scale:

    power-law       variances proportional to j^-exponent, j = 1..d
    low-rank        ``rank`` variances that are equal, the rest ``floor`` times as large
    spectrum        the variances as given

The number of directions that matter is the effective dimension (tr C)^2 / tr C^2.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from diffmem.data.image_set import points
from diffmem.data.images import digits
from diffmem.gaussian import Normal, Parts, diagonal, fitted, moments


@dataclass(frozen=True)
class Law:
    """Something to draw points from.

    Attributes:
        gaussian: the Gaussian with its mean and covariance; the law itself where it is Gaussian.
        parts: the Gaussians that make it up; empty where its density is unknown.
        draw: (count, rng) -> distinct points of shape (count, d).
    """

    gaussian: Normal
    parts: Parts
    draw: Callable[[int, np.random.Generator], np.ndarray]


def isotropic(*, dimension: int) -> Law:
    """The standard normal law."""
    return _gaussian(np.ones(dimension))


def power_law(*, dimension: int, exponent: float) -> Law:
    """Variances that fall as a power of their rank."""
    return _gaussian(np.arange(1, dimension + 1) ** -float(exponent))


def low_rank(*, dimension: int, rank: int, floor: float) -> Law:
    """``rank`` <= d directions of equal variance and a ``floor`` in the others, relative to them."""
    return _gaussian(np.where(np.arange(dimension) < rank, 1.0, floor))


def spectrum(*, variances: list[float]) -> Law:
    """Independent coordinates with the ``variances`` (d,), which must sum to d.

    Raises:
        ValueError: if a variance is not positive and finite, or if they do not sum to their number.
    """
    values = np.asarray(variances, dtype=float)
    if not np.isfinite(values).all() or (values <= 0).any():
        raise ValueError(f"variances = {variances}: must be positive; leave out directions that have none")
    if abs(values.sum() - len(values)) > 1e-6 * len(values):
        raise ValueError(f"variances sum to {values.sum():g}: must sum to their number {len(values)}")
    return _gaussian(values)


def mixture(*, dimension: int, separation: float) -> Law:
    """Two equally likely unit Gaussians whose centres lie ``separation`` apart along the first axis."""
    centre = np.zeros(dimension)
    centre[0] = separation / 2
    unit = diagonal(np.ones(dimension))
    parts = tuple((0.5, Normal(sign * centre, unit.variances, unit.axes)) for sign in (-1, 1))

    def draw(count: int, rng: np.random.Generator) -> np.ndarray:
        return rng.standard_normal((count, dimension)) + rng.choice([-1.0, 1.0], size=(count, 1)) * centre

    return Law(moments(parts), parts, draw)


def digits_pca(*, dimension: int) -> Law:
    """The first principal components of scikit-learn's 1,797 handwritten digits, drawn without replacement."""
    images = points(digits(pixels=None).pixels)
    whole = fitted(images)
    largest = np.argsort(whole.variances)[::-1][:dimension]
    scores = (images - whole.mean) @ whole.axes[:, largest]
    scores /= np.sqrt(whole.variances[largest].mean())
    return Law(fitted(scores), (), lambda count, rng: scores[rng.permutation(len(scores))[:count]])


def effective_dimension(variances: np.ndarray) -> float:
    """(sum w)^2 / sum w^2 of ``variances`` (d,): d where all are equal."""
    return float(variances.sum() ** 2 / np.square(variances).sum())


def _gaussian(variances: np.ndarray) -> Law:
    law = diagonal(variances / variances.mean())
    return Law(law, ((1.0, law),), law.sample)
