r"""Noise schedules, as functions of the noise level sigma of the variance-exploding form

    x = x_0 + sigma * eps.                                                                             (1)

The variance-preserving form z_t = sqrt(abar_t) x_0 + sqrt(1 - abar_t) eps of a DDPM is converted to it by
x = z / sqrt(abar), sigma = sqrt((1 - abar) / abar).

A denoiser is built from a network F by (Karras et al. 2022, https://arxiv.org/abs/2206.00364, equation 7)

    D(x; sigma) = c_skip(sigma) x + c_out(sigma) F(c_in(sigma) x; c_noise(sigma)),                     (2)

and trained with the plain mean square of F(...) - (x_0 - c_skip x) / c_out, which weights the error of D by
1 / c_out^2. With c_skip = 1, c_out = -sigma, c_in = 1 / sqrt(1 + sigma^2) this target is eps, and F(z; t) is the noise
prediction of Ho et al. 2020 (https://arxiv.org/abs/2006.11239).

The continuous processes of Song et al. 2021 (https://arxiv.org/abs/2011.13456), in the form of Karras et al., table 1:

    vp    sigma(t) = sqrt(exp(beta_d t^2 / 2 + beta_min t) - 1),  t uniform on (epsilon, 1)            (3)
    ve    ln sigma uniform on (ln 0.02, ln 100)                                                        (4)

Both have c_skip = 1 and the weight 1 / sigma^2. Samples are drawn along the noise levels of ``edm``.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch

from diffmem.settings.schedules import VE_RANGE

BETA_D, BETA_MIN, EPSILON = 19.9, 0.1, 1e-5  # of (3)


class Coefficients(NamedTuple):
    """The coefficients of (2), each a tensor of the shape of sigma."""

    skip: torch.Tensor
    out: torch.Tensor
    input: torch.Tensor
    noise: torch.Tensor


@dataclass(frozen=True)
class Schedule:
    """Noise levels for training and sampling.

    Attributes:
        quantile: u in [0, 1) -> noise level, of the same shape; training draws u uniformly.
        coefficients: those of (2) for a tensor of noise levels.
        sampling: a number of steps -> as many noise levels, largest first.
        prior: the first noise level -> standard deviation, per coordinate, of the points at which sampling starts.
    """

    quantile: Callable[[torch.Tensor], torch.Tensor]
    coefficients: Callable[[torch.Tensor], Coefficients]
    sampling: Callable[[int], torch.Tensor]
    prior: Callable[[torch.Tensor], torch.Tensor]


def linear(*, steps: int, beta_min: float, beta_max: float) -> Schedule:
    """DDPM with beta rising linearly from ``beta_min`` to ``beta_max`` in ``steps`` steps (Ho et al. 2020)."""
    return _ddpm(1 - torch.linspace(beta_min, beta_max, steps, dtype=torch.float64))


def cosine(*, steps: int) -> Schedule:
    """DDPM with abar = cos^2 (Nichol and Dhariwal 2021, https://arxiv.org/abs/2102.09672, equation 17)."""
    time = torch.arange(steps + 1, dtype=torch.float64) / steps
    signal = torch.cos((time + 0.008) / 1.008 * math.pi / 2) ** 2
    return _ddpm((signal[1:] / signal[:-1]).clamp(min=1 - 0.999))


def edm(*, sigma_min: float, sigma_max: float, rho: float, p_mean: float, p_std: float, sigma_data: float) -> Schedule:
    """Karras et al. 2022, table 1: log-normal training levels, sampling levels equally spaced in sigma^(1/rho)."""

    def quantile(u: torch.Tensor) -> torch.Tensor:
        return torch.exp(p_mean + p_std * torch.special.ndtri(u.clamp(min=1e-6)))

    def coefficients(sigma: torch.Tensor) -> Coefficients:
        variance = sigma**2 + sigma_data**2
        # ln(sigma) / 4 in EDM; times 25 to have a range of tens of units, as the step number of a DDPM, for which the
        # sinusoidal embeddings of the networks are designed
        noise = 25 * torch.log(sigma) / 4
        return Coefficients(sigma_data**2 / variance, sigma * sigma_data / variance.sqrt(), variance.rsqrt(), noise)

    return Schedule(quantile, coefficients, _ramp(sigma_min, sigma_max, rho), prior=lambda sigma: sigma)


def vp(*, sigma_min: float, sigma_max: float, rho: float) -> Schedule:
    """The variance-preserving process (3); c_noise is 999 t."""

    def quantile(u: torch.Tensor) -> torch.Tensor:
        t = EPSILON + u * (1 - EPSILON)
        return torch.expm1(BETA_D / 2 * t**2 + BETA_MIN * t).sqrt()

    def coefficients(sigma: torch.Tensor) -> Coefficients:
        t = ((BETA_MIN**2 + 2 * BETA_D * torch.log1p(sigma**2)).sqrt() - BETA_MIN) / BETA_D
        return Coefficients(torch.ones_like(sigma), -sigma, (1 + sigma**2).rsqrt(), 999 * t)

    return Schedule(quantile, coefficients, _ramp(sigma_min, sigma_max, rho), prior=lambda sigma: sigma)


def ve(*, sigma_min: float, sigma_max: float, rho: float) -> Schedule:
    """The variance-exploding process (4); c_noise is ln(sigma / 2). Sampling levels are restricted to its range."""
    low, high = VE_RANGE

    def quantile(u: torch.Tensor) -> torch.Tensor:
        return low * (high / low) ** u

    def coefficients(sigma: torch.Tensor) -> Coefficients:
        one = torch.ones_like(sigma)
        return Coefficients(one, sigma, one, torch.log(sigma / 2))

    levels = _ramp(max(sigma_min, low), min(sigma_max, high), rho)
    return Schedule(quantile, coefficients, levels, prior=lambda sigma: sigma)


def _ramp(sigma_min: float, sigma_max: float, rho: float) -> Callable[[int], torch.Tensor]:
    """Noise levels equally spaced in sigma^(1/rho), as a function of their number."""

    def sampling(steps: int) -> torch.Tensor:
        ramp = torch.linspace(sigma_max ** (1 / rho), sigma_min ** (1 / rho), steps, dtype=torch.float64)
        return ramp**rho

    return sampling


def _ddpm(alphas: torch.Tensor) -> Schedule:
    """The schedule of a DDPM with the factors ``alphas`` (T,), float64."""
    abar = torch.cumprod(alphas, 0)
    levels = ((1 - abar) / abar).sqrt()  # ascending
    steps = len(levels)

    def quantile(u: torch.Tensor) -> torch.Tensor:
        return levels.to(u)[(u * steps).long().clamp(max=steps - 1)]

    def coefficients(sigma: torch.Tensor) -> Coefficients:
        step = _interpolate(sigma.log(), levels.log().to(sigma))
        return Coefficients(torch.ones_like(sigma), -sigma, (1 + sigma**2).rsqrt(), step)

    def sampling(count: int) -> torch.Tensor:
        return levels[torch.linspace(steps - 1, 0, count, dtype=torch.float64).round().long()]

    # z starts from N(0, 1), hence x from N(0, 1 / abar) = N(0, 1 + sigma^2), even if abar is far from 0
    return Schedule(quantile, coefficients, sampling, prior=lambda sigma: (1 + sigma**2).sqrt())


def _interpolate(x: torch.Tensor, grid: torch.Tensor) -> torch.Tensor:
    """Fractional index of ``x`` in the ascending ``grid``; an integer at its nodes, and constant outside of its "
    "ends."""
    if len(grid) == 1:
        return torch.zeros_like(x)
    right = torch.searchsorted(grid, x.contiguous()).clamp(1, len(grid) - 1)
    share = (x - grid[right - 1]) / (grid[right] - grid[right - 1])
    return (right - 1 + share).clamp(0, len(grid) - 1)
