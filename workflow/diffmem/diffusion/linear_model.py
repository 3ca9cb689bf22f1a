r"""Linear diffusion models, whose generated distribution is known exactly.

One step (Halder and Pehlevan, "On the onset of memorization to generalization transition in diffusion models"). Noise
is added once to each of n training points, and least squares with an intercept predicts the points from the noisy ones:

    y_k = x_k + sigma xi_k,   sigma^2 = lambda (1 - e^{-2T}),   x ~ b + W y,                                (1)

For n <= d it is the solution of least norm, which fits every training point exactly. (The paper has e^{-T} y; this
factor does not change the prediction.) The model generates b + W y' for y' ~ N(xbar, v I), v = mean_j var_j(x) +
sigma^2:

    N(b + W xbar, v W W^T).                                                                            (2)

The published code has the covariance v W^T W, with the same eigenvalues but other axes (argument `published`).

Many steps. The score of N(m, C) is linear, and its denoiser is

    D(x; sigma) = m + C (C + sigma^2 I)^{-1} (x - m).                                                       (3)

Along each principal axis, deterministic sampling multiplies x - m by a gain that depends only on the eigenvalue w and
the noise levels. The distribution generated from N(0, sigma_0^2 I) is therefore Gaussian (`end_law`). As the number of
steps grows, the gain tends to sqrt(w / (w + sigma_0^2)), and the generated variances to w sigma_0^2 / (w + sigma_0^2).
"""

import math
from collections.abc import Callable

import numpy as np
import torch

from diffmem.diffusion.denoiser import Denoiser
from diffmem.gaussian import Normal

# (denoiser, starting points, noise levels, function that draws noise) -> generated points, as in ``samplers``
Sampler = Callable[[Denoiser, torch.Tensor, torch.Tensor, Callable[[], torch.Tensor]], torch.Tensor]


def noise_level(*, generalization: float, time: float) -> float:
    """sigma of (1) for lambda, the paper's parameter of ``generalization``, and the ``time`` T."""
    return math.sqrt(generalization * -math.expm1(-2 * time))


def one_step(points: np.ndarray, noise: np.ndarray, *, sigma: float, published: bool = False) -> Normal:
    """The distribution (2) that the one-step model generates.

    Args:
        points: training points of shape (n, d), n >= 2.
        noise: standard normal noise of the same shape, one draw per point.
        published: use v W^T W, as the published code does.
    """
    centre = points.mean(0)
    noisy = points + sigma * noise
    weights = np.linalg.lstsq(noisy - noisy.mean(0), points - centre, rcond=None)[0]  # x - xbar ~ (y - ybar) weights
    mean = centre + (centre - noisy.mean(0)) @ weights
    variance = points.var(0, ddof=1).mean() + sigma**2
    left, singular, right = np.linalg.svd(weights)
    return Normal(mean, variance * singular**2, left if published else right.T)


def denoiser(law: Normal) -> Denoiser:
    """The denoiser (3) of a Gaussian distribution ``law``."""
    mean, variances, axes = (torch.from_numpy(a) for a in (law.mean, law.variances, law.axes))

    def denoise(x: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
        along = (x.to(mean.dtype) - mean) @ axes
        gain = variances / (variances + sigma.to(mean.dtype)[..., None] ** 2)
        return (mean + (gain * along) @ axes.T).to(x.dtype)

    return denoise


def end_law(law: Normal, *, sampler: Sampler, sigmas: torch.Tensor) -> Normal:
    """The distribution that a deterministic ``sampler`` generates from N(0, sigma_0^2 I) with the denoiser of ``law``.

    Args:
        sampler: one of ``samplers`` that draws no noise.
        sigmas: noise levels of shape (t + 1,), float64, the first sigma_0 and the last 0.
    """
    axes_only = Normal(np.zeros_like(law.mean), law.variances, np.eye(len(law.mean)))
    start = torch.ones(1, 1, len(law.mean), dtype=torch.float64)
    gain = sampler(denoiser(axes_only), start, sigmas, _no_noise)[0, 0].numpy()
    mean = law.mean - law.axes @ (gain * (law.axes.T @ law.mean))  # the point 0 is -m relative to m
    return Normal(mean, (gain * float(sigmas[0])) ** 2, law.axes)


def _no_noise() -> torch.Tensor:
    raise ValueError("the generated law is known only for samplers without noise; choose ddim or heun")
