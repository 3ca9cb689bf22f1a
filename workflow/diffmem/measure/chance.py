r"""Chance levels of the train/test ratio.

Let d_train and d_test be the distances from a generated point to the nearest of n training and n' test locations. If
the point is independent of which locations were trained on, then around it d^m is exponential with a rate
proportional to the number of locations, m being the local dimension, so that

    P(r d_train < d_test) = rho / (rho + r^m),   rho = n / n'.                                         (1)

For r = 1 this holds exactly for any distribution. For a point and its two nearest locations, (d_2 / d_1)^m is Pareto:
log(d_2 / d_1) is exponential with rate m (Facco et al. 2017, https://doi.org/10.1038/s41598-017-11873-y), and

    m = 1 / mean log(d_2 / d_1)                                                                        (2)

measures m at the very scale at which (1) uses it.

Of ``total`` things drawn ``drawn`` without replacement, none is among k marked ones with the probability

    H(k) = C(total - k, drawn) / C(total, drawn).                                                      (3)
"""

import numpy as np
from scipy.special import gammaln


def chance(ratio: np.ndarray | float, *, dimension: float, rho: float = 1.0) -> np.ndarray:
    """Equation (1). ``ratio`` of any shape; ``dimension`` is m; ``rho`` is training over test locations."""
    return rho / (rho + np.asarray(ratio, dtype=float) ** dimension)


def local_dimension(distances: np.ndarray) -> float:
    """Equation (2), from the distances (g, 2) of g independent points to their two nearest locations.

    NaN where fewer than two locations exist or every point sits on one.
    """
    nearest, second = np.asarray(distances, dtype=float).T
    usable = (nearest > 0) & np.isfinite(second)
    spread = np.log(second[usable] / nearest[usable]).mean() if usable.any() else 0.0
    return float(1 / spread) if spread > 0 else float("nan")


def none_drawn(k: np.ndarray, *, total: int, drawn: int) -> np.ndarray:
    """Equation (3) for numbers ``k`` of any shape; ``drawn`` is at most ``total``."""
    left = np.maximum(total - np.asarray(k), 0)
    log = gammaln(left + 1) - gammaln(np.maximum(left - drawn, 0) + 1) - gammaln(total + 1) + gammaln(total - drawn + 1)
    return np.where(left >= drawn, np.exp(log), 0.0)
