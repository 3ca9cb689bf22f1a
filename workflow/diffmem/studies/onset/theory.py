r"""Closed forms for the curves of the onset study, for data of unit variance per coordinate.

n training points in d dimensions, nu = n - 1, gamma = d / nu, and MP_gamma the Marchenko-Pastur law of the eigenvalues
of a sample covariance. For the Gaussian fit G = N(xbar, Chat) and a truth of any covariance (affine invariance),

    E KL(G || O) = [d/n + d log(nu/2) - sum_{i=1..d} psi((nu - i + 1)/2)] / 2,                           (1)
    E NLL gap    = [(1 + 1/n) nu d / (nu - d - 1) - d nu / n] / 2,                                       (2)

from the log determinant and the mean inverse of a Wishart matrix (Muirhead 1982, theorems 3.2.12 and 3.2.15). For the
one-step linear denoiser with g = 1 / (1 + sigma^2), in the limit of large d, with tau = g + (1 - g) d / (n - d - 2),

    E tr Sigma / d = tau,   E |mu - m|^2 / d = [1 + (1 - g) tau] / n,                                    (3a)
    E log det Sigma / d = log g - kappa + V(z),   kappa = max(0, 1 - g/gamma),                           (3b)
    z = max(0, gamma - g) (1 - g) / g,   V(z) = int log(1 + z/w) dMP_gamma(w),
    E KL(G || O) / d = [tau - 1 - log g + kappa - V(z) + |mu - m|^2 / d] / 2.                            (3c)

(3c) diverges at n = d and falls from there on to the bias (g - 1 - log g)/2.
"""

from collections.abc import Callable

import numpy as np
from scipy.special import digamma

from diffmem.settings.onset import OnsetCell

NODES = 2000  # of the quadrature


def closed_forms(cell: OnsetCell, *, n: int, d: int) -> dict[str, float]:
    """Known values of a cell's curves at n points, by the measures of `tables`.

    Chance levels for every generator; (1) and (2) per dimension for the Gaussian fit; for the one-step model on
    isotropic data (3c) per dimension and, for the other distances, the limit N(m, g I) of many points.
    """
    law, generator = cell.law.name, cell.generator
    known = {"P(null)": 0.5, "P(matched)": 0.5, "near_share": 0.5}
    if generator.name == "gaussian-fit" and law not in ("mixture", "digits"):
        known |= {"kl_d": fit_kl(n, d) / d, "gap": fit_nll_gap(n, d) / d}
    if generator.name == "one-step" and law == "isotropic":
        g = limit_variance(np.sqrt(generator.generalization * -np.expm1(-2 * generator.time)))
        known |= {"kl_d": one_step_kl(n, d, g=g) / d, "bc_root": np.sqrt(2 * np.sqrt(g) / (1 + g))}
        known |= {"w2": (1 - np.sqrt(g)) ** 2}
    return known


def fit_kl(n: int, d: int) -> float:
    """(1) in nats, infinite for n <= d."""
    if n <= d:
        return np.inf
    log_determinant = digamma((n - 1 - np.arange(d)) / 2).sum() - d * np.log((n - 1) / 2)  # E log det Chat
    return (d / n - log_determinant) / 2


def fit_nll_gap(n: int, d: int) -> float:
    """(2) in nats, infinite for n <= d + 2."""
    if n <= d + 2:
        return np.inf
    mean_square = (1 + 1 / n) * (n - 1) * d / (n - d - 2)  # E (x - xbar)^T Chat^-1 (x - xbar) for a fresh x
    return (mean_square - d * (n - 1) / n) / 2


def limit_variance(sigma: float) -> float:
    """g, the variance that the one-step model generates when n tends to infinity."""
    return 1 / (1 + sigma**2)


def one_step_moments(n: float, d: int, *, g: float) -> tuple[float, float, float]:
    """(3a) and (3b) for n > d + 2: tr Sigma / d, |mu - m|^2 / d and log det Sigma / d."""
    gamma = d / (n - 1)
    tau = g + (1 - g) * d / (n - d - 2)
    z = max(0.0, gamma - g) * (1 - g) / g
    volume = np.log(g) - max(0.0, 1 - g / gamma) + integrate_marchenko_pastur(lambda w: np.log1p(z / w), gamma)
    return tau, (1 + (1 - g) * tau) / n, volume


def one_step_kl(n: float, d: int, *, g: float) -> float:
    """(3c) times d, in nats, infinite for n <= d + 2."""
    if n <= d + 2:
        return np.inf
    trace, shift, volume = one_step_moments(n, d, g=g)
    return d * (trace + shift - 1 - volume) / 2


def integrate_marchenko_pastur(f: Callable[[np.ndarray], np.ndarray], gamma: float) -> float:
    """int f(w) dMP_gamma(w) over w > 0, by Gauss-Chebyshev quadrature; for gamma > 1 the law has a mass at 0 too."""
    angle = np.pi * (np.arange(NODES) + 0.5) / NODES
    w = 1 + gamma + 2 * np.sqrt(gamma) * np.cos(angle)
    weight = 2 * np.sin(angle) ** 2 / w / NODES
    return float(weight @ f(w))
