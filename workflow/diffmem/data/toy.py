"""Curves and surfaces in two and three dimensions, with Gaussian noise.

Points are independent: the position along a curve is uniform, and each moon or circle has probability 1/2.
(scikit-learn spaces the angles of its moons and circles evenly. Training and held-out points are then not independent:
they interlock, and a generator that copies nothing seems to avoid its training set.)

Every function takes ``count`` and a random generator and returns an array of shape (count, d).
"""

import numpy as np


def moons(count: int, rng: np.random.Generator, *, noise: float) -> np.ndarray:
    """Two interleaved half circles of radius 1, mapped by x -> 2(x + 0.3) - 1, y -> 3(y + 0.3) - 1: shape (count, 2).

    ``noise`` is the standard deviation before this map, which is that of tiny-diffusion
    (https://github.com/tanelp/tiny-diffusion).
    """
    angle = rng.uniform(0, np.pi, count)
    upper = rng.random(count) < 0.5
    x = np.where(upper, np.cos(angle), 1 - np.cos(angle))
    y = np.where(upper, np.sin(angle), 0.5 - np.sin(angle))
    points = np.column_stack([x, y]) + noise * rng.standard_normal((count, 2))
    return (points + 0.3) * [2, 3] - 1


def circles(count: int, rng: np.random.Generator, *, noise: float) -> np.ndarray:
    """Two concentric circles of radius 1 and 0.5 with noise of standard deviation ``noise``: shape (count, 2)."""
    angle = rng.uniform(0, 2 * np.pi, count)
    radius = np.where(rng.random(count) < 0.5, 1.0, 0.5)
    points = radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return points + noise * rng.standard_normal((count, 2))


def swiss_roll(count: int, rng: np.random.Generator, *, noise: float) -> np.ndarray:
    """A rolled-up strip of shape (count, 3).

    The points are (t cos t, h - 10.5, t sin t) / 10 with t uniform on [1.5 pi, 4.5 pi] and h uniform on [0, 21].

    ``noise`` is the standard deviation around the strip, after the division by 10.
    """
    t = rng.uniform(1.5 * np.pi, 4.5 * np.pi, count)
    height = rng.uniform(0, 21, count)
    points = np.column_stack([t * np.cos(t), height - 10.5, t * np.sin(t)]) / 10
    return points + noise * rng.standard_normal((count, 3))


def s_curve(count: int, rng: np.random.Generator, *, noise: float) -> np.ndarray:
    """A strip bent to an S, of shape (count, 3).

    The points are (sin t, h, sign(t)(cos t - 1)) with t uniform on [-1.5 pi, 1.5 pi] and h uniform on [-1, 1].

    ``noise`` is the standard deviation around the strip.
    """
    t = rng.uniform(-1.5 * np.pi, 1.5 * np.pi, count)
    height = rng.uniform(-1, 1, count)
    points = np.column_stack([np.sin(t), height, np.sign(t) * (np.cos(t) - 1)])
    return points + noise * rng.standard_normal((count, 3))
