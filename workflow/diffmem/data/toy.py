"""Curves and surfaces in two and three dimensions with Gaussian noise around them.

Every point is drawn independently: the place along a curve is uniform, and a coin chooses the moon or circle.
(scikit-learn spaces the angles of its moons and circles evenly. Training and test points then interlock, and a
generator that copies nothing reads as one that avoids its training set.)

Every function takes ``count`` and a generator first and returns an array of shape (count, d).
"""

import numpy as np


def moons(count: int, rng: np.random.Generator, *, noise: float) -> np.ndarray:
    """Two interleaved half circles of radius 1, then x -> 2(x + 0.3) - 1 and y -> 3(y + 0.3) - 1. Shape (count, 2).

    ``noise`` is the standard deviation around the half circles before that scaling, which is tiny-diffusion's
    (https://github.com/tanelp/tiny-diffusion).
    """
    angle = rng.uniform(0, np.pi, count)
    upper = rng.random(count) < 0.5
    x = np.where(upper, np.cos(angle), 1 - np.cos(angle))
    y = np.where(upper, np.sin(angle), 0.5 - np.sin(angle))
    points = np.column_stack([x, y]) + noise * rng.standard_normal((count, 2))
    return (points + 0.3) * [2, 3] - 1


def circles(count: int, rng: np.random.Generator, *, noise: float) -> np.ndarray:
    """Two concentric circles of radius 1 and 0.5; ``noise`` is the standard deviation around them. Shape (count, 2)."""
    angle = rng.uniform(0, 2 * np.pi, count)
    radius = np.where(rng.random(count) < 0.5, 1.0, 0.5)
    points = radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return points + noise * rng.standard_normal((count, 2))


def swiss_roll(count: int, rng: np.random.Generator, *, noise: float) -> np.ndarray:
    """A rolled-up strip: (t cos t, h, t sin t) / 10 with t uniform on [1.5 pi, 4.5 pi] and h on [0, 21]. (count, 3).

    ``noise`` is the standard deviation around the strip, after the division by 10.
    """
    t = rng.uniform(1.5 * np.pi, 4.5 * np.pi, count)
    height = rng.uniform(0, 21, count)
    points = np.column_stack([t * np.cos(t), height - 10.5, t * np.sin(t)]) / 10
    return points + noise * rng.standard_normal((count, 3))


def s_curve(count: int, rng: np.random.Generator, *, noise: float) -> np.ndarray:
    """A strip bent to an S: (sin t, h, sign(t)(cos t - 1)), t uniform on [-1.5 pi, 1.5 pi], h on [-1, 1]. (count, 3).

    ``noise`` is the standard deviation around the strip.
    """
    t = rng.uniform(-1.5 * np.pi, 1.5 * np.pi, count)
    height = rng.uniform(-1, 1, count)
    points = np.column_stack([np.sin(t), height, np.sign(t) * (np.cos(t) - 1)])
    return points + noise * rng.standard_normal((count, 3))
