"""Generators whose answer is known: they copy a known share of their points from known rows.

The calibration of criteria and the onset study both use them. Each function draws its random numbers in the order of
its statements, and that order must stay: it is the random stream of the generators built from them.
"""

from collections.abc import Callable

import numpy as np


def copy_rows(rows: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Exact copies of random ``rows`` (n, d), drawn with replacement, of shape (count, d)."""
    return rows[rng.integers(len(rows), size=count)]


def blur_rows(rows: np.ndarray, count: int, rng: np.random.Generator, *, width: float) -> np.ndarray:
    """Soft copies: `copy_rows` with Gaussian noise of standard deviation ``width`` per coordinate."""
    points = copy_rows(rows, count, rng)
    return points + width * rng.standard_normal(points.shape)


def copy_share(
    rows: np.ndarray,
    count: int,
    rng: np.random.Generator,
    *,
    share: float,
    draw_fresh: Callable[[int, np.random.Generator], np.ndarray],
) -> np.ndarray:
    """Points that are an exact copy of a random row of ``rows`` (n, d) with probability ``share``, and fresh otherwise.

    ``draw_fresh`` (count, rng) draws points of the truth, of shape (count, d).
    """
    copied = rng.random((count, 1)) < share
    return np.where(copied, copy_rows(rows, count, rng), draw_fresh(count, rng))
