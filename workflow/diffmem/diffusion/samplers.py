r"""Samplers, which transform noise to points along decreasing noise levels sigma_0 > sigma_1 > ... > 0.

One step from sigma to s < sigma with D = D(x; sigma):

    DDIM (eta = 0)  x' = D + (s / sigma) (x - D)                                                       (1)
    DDPM            x' = D + (s^2 / sigma^2) (x - D) + s sqrt(1 - s^2 / sigma^2) eps                   (2)
    Heun            (1), then, if s > 0, a step with the mean of the slopes (x - D) / sigma at both ends   (3)

(1) is Song et al. 2021 (https://arxiv.org/abs/2010.02502) and Euler's method; (2) is the ancestral step of Ho et al.
2020 with the variance of the posterior; (3) is Karras et al. 2022, algorithm 1. All are for x = x_0 + sigma eps.
The step to s = 0 returns D.

A sampler is a function of (denoise, x, sigmas, noise): x of shape (r, b, d), sigmas of shape (t + 1,) and on the CPU,
the last of them 0, and ``noise`` a function that returns standard normal noise of the shape of x.
"""

from collections.abc import Callable
from itertools import pairwise

import torch

from diffmem.diffusion.denoiser import Denoiser

Noise = Callable[[], torch.Tensor]


def no_noise() -> torch.Tensor:
    """The ``noise`` of deterministic samplers, which never call it."""
    raise RuntimeError("a deterministic sampler has asked for noise")


def ddim(denoise: Denoiser, x: torch.Tensor, sigmas: torch.Tensor, _noise: Noise) -> torch.Tensor:
    """Deterministic sampling by (1)."""
    for sigma, s in pairwise(sigmas):
        x = torch.lerp(denoise(x, _at(sigma, x)), x, float(s / sigma))
    return x


def ddpm(denoise: Denoiser, x: torch.Tensor, sigmas: torch.Tensor, noise: Noise) -> torch.Tensor:
    """Ancestral sampling by (2)."""
    for sigma, s in pairwise(sigmas):
        ratio = (s / sigma) ** 2
        x = torch.lerp(denoise(x, _at(sigma, x)), x, float(ratio))
        if s > 0:
            x = x + s * (1 - ratio).sqrt() * noise()
    return x


def heun(denoise: Denoiser, x: torch.Tensor, sigmas: torch.Tensor, _noise: Noise) -> torch.Tensor:
    """Deterministic sampling of second order by (3): two evaluations per step, one in the last step."""
    for sigma, s in pairwise(sigmas):
        slope = (x - denoise(x, _at(sigma, x))) / sigma
        ahead = x + (s - sigma) * slope
        if s > 0:
            slope = (slope + (ahead - denoise(ahead, _at(s, x))) / s) / 2
            ahead = x + (s - sigma) * slope
        x = ahead
    return x


def _at(sigma: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """One noise level for all points ``x``, of shape (1, 1), on their device."""
    return sigma.view(1, 1).to(x.device)
