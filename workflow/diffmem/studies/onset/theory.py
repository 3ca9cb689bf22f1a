r"""What theory says of the onset study, in closed form, for data of unit variance per coordinate.

n training points in d dimensions, nu = n - 1, gamma = d / nu, and MP_gamma the Marchenko-Pastur law of the eigenvalues
of a sample covariance. The Gaussian fit N(xbar, Chat), against the truth, of whatever covariance (affine invariance):

    E KL(G || O) = [d/n + d log(nu/2) - sum_{i=1..d} psi((nu - i + 1)/2)] / 2                            (1a)
    E KL(O || G) = [(1 + 1/n) nu d / (nu - d - 1) - d - d log(nu/2) + sum psi(...)] / 2                  (1b)
    E NLL gap    = [(1 + 1/n) nu d / (nu - d - 1) - d nu / n] / 2                                        (2)

from the log determinant and the mean inverse of a Wishart matrix (Muirhead 1982, theorems 3.2.12 and 3.2.15). The
one-step linear denoiser with g = 1 / (1 + sigma^2), for large d, with tau = g + (1 - g) d / (n - d - 2):

    E tr Sigma / d = tau,   E |mu - m|^2 / d = [1 + (1 - g) tau] / n,                                    (3a)
    E log det Sigma / d = log g - kappa + V(z),   kappa = max(0, 1 - g/gamma),                           (3b)
    z = max(0, gamma - g) (1 - g) / g,   V(z) = int log(1 + z/w) dMP_gamma(w),
    E KL(G || O) / d = [tau - 1 - log g + kappa - V(z) + |mu - m|^2 / d] / 2.                            (3c)

It diverges at n = d and falls from there on to the bias (g - 1 - log g)/2. (4), the overlap with many points of the
truth, is `densities.log_cross_expected`; (9), Gelbrich's distance, `distances.squared_wasserstein`. Further

    (5)   log c_O - log c_T for a generator N(0, g I) that does not know its training set, n and N points
    (6)   noise level at which n points make the exact empirical score collapse (Biroli et al. 2024)
    (7)   nearest-neighbour ratios of Gaussian data under the null, beyond the local formula of `measure.chance`
    (8)   cosine of two fits on disjoint sets for the same noise, (int sqrt(w) dMP)^2 (cf. Kadkhodaie et al. 2024)
    (10)  optimal denoising loss per coordinate
"""

from typing import Any

import numpy as np
from scipy.special import digamma
from scipy.stats import chi2, ncx2

NODES = 2000


def fit_kl(n: int, d: int) -> float:
    """(1a) in nats, infinite for n <= d."""
    return (d / n - _log_determinant(n, d)) / 2 if n > d else np.inf


def fit_reverse_kl(n: int, d: int) -> float:
    """(1b) in nats, infinite for n <= d + 2."""
    return (_mean_square(n, d) - d + _log_determinant(n, d)) / 2 if n > d + 2 else np.inf


def fit_kl_limit(ratio: float) -> float:
    """(1a) over d for many dimensions and n = ``ratio`` d, ratio > 1."""
    gamma = 1 / ratio
    return (1 + (1 - gamma) / gamma * np.log1p(-gamma)) / 2


def fit_nll_gap(n: int, d: int) -> float:
    """(2) in nats, infinite for n <= d + 2."""
    return (_mean_square(n, d) - d * (n - 1) / n) / 2 if n > d + 2 else np.inf


def one_step_moments(n: float, d: int, *, g: float) -> tuple[float, float, float]:
    """(3a) and (3b) for n > d + 2: tr Sigma / d, |mu - m|^2 / d and log det Sigma / d."""
    gamma = d / (n - 1)
    tau = g + (1 - g) * d / (n - d - 2)
    z = max(0.0, gamma - g) * (1 - g) / g
    volume = np.log(g) - max(0.0, 1 - g / gamma) + marchenko_pastur(lambda w: np.log1p(z / w), gamma)
    return tau, (1 + (1 - g) * tau) / n, volume


def one_step_kl(n: float, d: int, *, g: float) -> float:
    """(3c) times d, in nats, infinite for n <= d + 2."""
    if n <= d + 2:
        return np.inf
    trace, shift, volume = one_step_moments(n, d, g=g)
    return d * (trace + shift - 1 - volume) / 2


def bias(sigma: float) -> float:
    """g, the variance that the one-step model generates when it has seen everything."""
    return 1 / (1 + sigma**2)


def bandwidth_artefact(*, g: float, d: int, width_train: float, width_other: float) -> float:
    """(5): how much nearer a generator that knows nothing of either set seems to the one with the smaller kernels."""
    return d / 2 * np.log((1 + g + width_train**2) / (1 + g + width_other**2))


def collapse_level(n: int, d: int) -> float:
    """(6): noise over signal, the standard deviation sigma at which one point's kernel holds what the law holds.

    For other covariances it is `densities.capacity_bandwidth`.
    """
    return 1 / np.sqrt(np.expm1(2 / d * np.log(n)))


def collapse_time(n: int, d: int) -> float:
    """(6) as the time of the Ornstein-Uhlenbeck process, at which its noise over signal is `collapse_level`."""
    return np.log1p(collapse_level(n, d) ** 2) / 2


def neighbour_null(ratio: float, *, n: int, held_out: int, d: int, nodes: int = 60) -> float:
    """(7): P(d_test > ratio d_train) for a fresh point of N(0, I) in d dimensions.

    Squared distances from a point g have the noncentral chi-squared law with noncentrality |g|^2, itself chi-squared.
    """
    norms = chi2.ppf((np.arange(nodes) + 0.5) / nodes, d)
    total = 0.0
    for norm in norms:
        t = np.linspace(0, ncx2.isf(1e-3 / n, d, norm), 800)
        log_tail = ncx2.logsf(t, d, norm)
        nearest = np.exp(n * log_tail)  # P(no training point within t)
        further = np.exp(held_out * np.interp(ratio**2 * t, t, log_tail, right=-np.inf))
        total += -np.sum(np.diff(nearest) * (further[1:] + further[:-1]) / 2)
    return total / nodes


def fit_cosine(n: int, d: int) -> float:
    """(8): mean cosine between what two Gaussian fits make of the same noise."""
    return marchenko_pastur(np.sqrt, d / (n - 1)) ** 2


def denoising_loss(sigma: float) -> float:
    """(10): mean square error per coordinate of the best denoiser of unit Gaussian data at noise level ``sigma``."""
    return sigma**2 / (1 + sigma**2)


def curves(cell: dict[str, Any], *, n: int, d: int) -> dict[str, float]:
    """What is known in closed form of a cell's curves at n points, by the names of ``onset_tables``.

    Chance levels of every generator; (1a) and (2) per dimension for the Gaussian fit; (3c) per dimension and the limits
    of many points, N(m, g I), of the others for the one-step model on isotropic data.
    """
    law, made = cell["law"]["name"], cell["generator"]
    known = {"P(null)": 0.5, "P(matched)": 0.5, "near_share": 0.5}
    if made["name"] == "gaussian-fit" and law not in ("mixture", "digits"):
        known |= {"kl_d": fit_kl(n, d) / d, "gap": fit_nll_gap(n, d) / d}
    if made["name"] == "one-step" and law == "isotropic":
        g = bias(np.sqrt(made["lam"] * -np.expm1(-2 * made["time"])))
        known |= {"kl_d": one_step_kl(n, d, g=g) / d, "bc_root": np.sqrt(2 * np.sqrt(g) / (1 + g))}
        known |= {"w2": (1 - np.sqrt(g)) ** 2}
    return known


def marchenko_pastur(f, gamma: float) -> float:
    """int f(w) dMP_gamma(w) over the positive part, by Gauss-Chebyshev quadrature; gamma > 1 has a mass at zero too."""
    angle = np.pi * (np.arange(NODES) + 0.5) / NODES
    w = 1 + gamma + 2 * np.sqrt(gamma) * np.cos(angle)
    weight = 2 * np.sin(angle) ** 2 / w / NODES
    return float(weight @ f(w))


def _log_determinant(n: int, d: int) -> float:
    """E log det Chat of n points."""
    return digamma((n - 1 - np.arange(d)) / 2).sum() - d * np.log((n - 1) / 2)


def _mean_square(n: int, d: int) -> float:
    """E of (x - xbar)^T Chat^-1 (x - xbar) for a fresh x."""
    return (1 + 1 / n) * (n - 1) * d / (n - d - 2)
