"""Gaussian distributions in any number of dimensions, of which everything is known in closed form."""

import numpy as np


def gaussian(count: int, rng: np.random.Generator, *, dimension: int) -> np.ndarray:
    """The standard normal distribution. Shape (count, dimension)."""
    return rng.standard_normal((count, dimension))


def mixture(count: int, rng: np.random.Generator, *, dimension: int, components: int, separation: float) -> np.ndarray:
    """Equally likely unit Gaussians whose centres lie at distance ``separation`` from the origin. (count, dimension).

    The directions of the centres are drawn first, from the same generator: one draw has one set of centres.
    """
    directions = rng.standard_normal((components, dimension))
    centres = separation * directions / np.linalg.norm(directions, axis=1, keepdims=True)
    return centres[rng.integers(components, size=count)] + rng.standard_normal((count, dimension))
