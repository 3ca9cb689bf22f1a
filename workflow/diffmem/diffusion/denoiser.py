"""Denoisers: functions D(x, sigma) that estimate the clean point from x = x_0 + sigma eps.

x has the shape (r, b, d), sigma the shape (r, b) or (1, 1). Networks, the closed-form optimum and the exact denoiser of
a known distribution have this interface, and samplers use nothing else. A conditional denoiser has a third argument,
labels of shape (r, b), integers; ``functools.partial`` binds it before a sampler is called.
"""

from typing import Protocol

import torch
from torch import nn

from diffmem.diffusion.schedules import Schedule


class Denoiser(Protocol):
    """D(x, sigma), of the shape of x."""

    def __call__(self, x: torch.Tensor, sigma: torch.Tensor, /) -> torch.Tensor:
        """Estimate of the clean points."""


class ConditionalDenoiser(Protocol):
    """D(x, sigma, label), of the shape of x; a ``label`` of None is for models without labels."""

    def __call__(self, x: torch.Tensor, sigma: torch.Tensor, label: torch.Tensor | None = None) -> torch.Tensor:
        """Estimate of the clean points."""


def denoiser(network: nn.Module, schedule: Schedule) -> ConditionalDenoiser:
    """The denoiser (2) of ``schedules`` for a ``network`` F."""

    def denoise(x: torch.Tensor, sigma: torch.Tensor, label: torch.Tensor | None = None) -> torch.Tensor:
        c = schedule.coefficients(sigma)
        return c.skip[..., None] * x + c.out[..., None] * network(c.input[..., None] * x, c.noise, label, None)

    return denoise


def in_parts(denoise: ConditionalDenoiser, size: int) -> ConditionalDenoiser:
    """A denoiser that calls ``denoise`` for ``size`` points at a time, to bound memory; sigma must be of shape (1, 1).

    A ``size`` of 0 is all points at once.
    """
    if not size:
        return denoise

    def parts(x: torch.Tensor, sigma: torch.Tensor, label: torch.Tensor | None = None) -> torch.Tensor:
        points = x.split(size, 1)
        labels = [()] * len(points) if label is None else zip(label.split(size, 1))
        return torch.cat([denoise(part, sigma, *given) for part, given in zip(points, labels, strict=True)], 1)

    return parts


def loss(
    network: nn.Module,
    schedule: Schedule,
    *,
    x0: torch.Tensor,
    u: torch.Tensor,
    eps: torch.Tensor,
    label: torch.Tensor | None = None,
    dropout: list[torch.Generator] | None = None,
) -> torch.Tensor:
    """Mean square error of F and its target (``schedules``), per replicate: shape (r,).

    Args:
        x0: clean points of shape (r, b, d).
        u: uniforms of shape (r, b) that choose the noise levels.
        eps: standard normal noise of shape (r, b, d).
        label: labels of shape (r, b), for a conditional network.
        dropout: the replicates' generators for dropout; None switches it off.
    """
    sigma = schedule.quantile(u)
    c = schedule.coefficients(sigma)
    x = x0 + sigma[..., None] * eps
    target = (x0 - c.skip[..., None] * x) / c.out[..., None]
    return (network(c.input[..., None] * x, c.noise, label, dropout) - target).square().mean((1, 2))
