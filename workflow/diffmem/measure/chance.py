r"""Chance levels of the ratio of the distances to test and training locations.

Let d_train and d_test be the distances from a generated point to the nearest of n training and n' test locations, and m
the local dimension of the data. If the point is independent of the split into training and test locations, then d^m is
exponentially distributed with a rate proportional to the number of locations, so that

    P(r d_train < d_test) = rho / (rho + r^m),   rho = n / n'.                                         (1)

For r = 1 this is exact for any distribution. Let d_1 and d_2 be the distances from a point to its two nearest
locations. Then (d_2 / d_1)^m has a Pareto distribution, and log(d_2 / d_1) an exponential one with rate m (Facco et al.
2017, https://doi.org/10.1038/s41598-017-11873-y). The estimate

    m = 1 / mean log(d_2 / d_1)                                                                        (2)

is therefore the dimension at the same length scale as in (1).

If ``drawn`` of ``total`` items are drawn without replacement, and k items are marked, no marked item is drawn with
probability

    H(k) = C(total - k, drawn) / C(total, drawn).                                                      (3)
"""

import numpy as np
from scipy.special import gammaln


def chance(ratio: np.ndarray | float, *, dimension: float, rho: float = 1.0) -> np.ndarray:
    """Probability (1) for a ``ratio`` r of any shape; ``dimension`` is m, and ``rho`` is n / n'.

    Returns:
        an array of the shape of ``ratio``.
    """
    return rho / (rho + np.asarray(ratio, dtype=float) ** dimension)


def local_dimension(distances: np.ndarray) -> float:
    """Local dimension m by (2), from the ``distances`` (g, 2) of g independent points to their two nearest locations.

    Returns:
        m; NaN if fewer than two locations exist, or if every point coincides with a location.
    """
    nearest, second = np.asarray(distances, dtype=float).T
    usable = (nearest > 0) & np.isfinite(second)
    spread = np.log(second[usable] / nearest[usable]).mean() if usable.any() else 0.0
    return float(1 / spread) if spread > 0 else float("nan")


def none_drawn(k: np.ndarray, *, total: int, drawn: int) -> np.ndarray:
    """Probability (3) for numbers ``k`` of any shape; ``drawn`` is at most ``total``.

    Returns:
        an array of the shape of ``k``.
    """
    left = np.maximum(total - np.asarray(k), 0)
    log = gammaln(left + 1) - gammaln(np.maximum(left - drawn, 0) + 1) - gammaln(total + 1) + gammaln(total - drawn + 1)
    return np.where(left >= drawn, np.exp(log), 0.0)
