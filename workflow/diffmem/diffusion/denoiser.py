"""Denoisers: functions D(x, sigma) that estimate the clean point from x = x_0 + sigma eps.

x has shape (r, b, d) and sigma shape (r, b) or (1, 1). Everything that generates, a network, the closed-form optimum or
the exact truth, has this interface; samplers and measures know nothing else of it. A conditional denoiser takes the
points' labels, integers of shape (r, b), as a third argument, which is bound before it is handed to a sampler.
"""

from typing import Any, Protocol

import torch
from torch import nn

from diffmem import registry, rng
from diffmem.diffusion.schedules import Schedule


class Denoiser(Protocol):
    """D(x, sigma, label) of the shape of x."""

    def __call__(self, x: torch.Tensor, sigma: torch.Tensor, label: torch.Tensor | None = None) -> torch.Tensor:
        """Estimate of the clean points."""


def denoiser(network: nn.Module, schedule: Schedule) -> Denoiser:
    """The denoiser of equation (2) of ``schedules``."""

    def denoise(x: torch.Tensor, sigma: torch.Tensor, label: torch.Tensor | None = None) -> torch.Tensor:
        c = schedule.coefficients(sigma)
        return c.skip[..., None] * x + c.out[..., None] * network(c.input[..., None] * x, c.noise, label, None)

    return denoise


def in_parts(denoise: Denoiser, size: int) -> Denoiser:
    """``denoise`` that is given ``size`` points at a time, at one noise level for all, so that memory is bounded.

    A size of 0 is all points at once.
    """
    if not size:
        return denoise

    def parts(x: torch.Tensor, sigma: torch.Tensor, label: torch.Tensor | None = None) -> torch.Tensor:
        points = x.split(size, 1)
        labels = [()] * len(points) if label is None else zip(label.split(size, 1))
        return torch.cat([denoise(part, sigma, *own) for part, own in zip(points, labels, strict=True)], 1)

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
    """Mean square error of F against its target, per replicate: shape (r,).

    Args:
        x0: clean points of shape (r, b, d).
        u: uniforms of shape (r, b) that choose the noise levels.
        eps: standard normal noise of shape (r, b, d).
        label: labels of shape (r, b), for a conditional network.
        dropout: the replicates' generators for dropout; without them there is none.
    """
    sigma = schedule.quantile(u)
    c = schedule.coefficients(sigma)
    x = x0 + sigma[..., None] * eps
    target = (x0 - c.skip[..., None] * x) / c.out[..., None]
    return (network(c.input[..., None] * x, c.noise, label, dropout) - target).square().mean((1, 2))


def build(
    model: dict[str, Any], *, dimension: int, label_count: int = 0, seed: int, replicates: list[int]
) -> nn.Module:
    """A stack of freshly drawn networks, one for each of ``replicates``, as the ``model`` section of a cell says.

    With a ``label_count`` of 0 they are unconditional.
    """
    target = registry.NETWORKS[model["network"]]
    generators = [torch_generator(seed, replicate=r, purpose="initialisation") for r in replicates]
    return registry.load(target)(generators, dimension, label_count, **registry.chosen(target, model))


def schedule(settings: dict[str, Any]) -> Schedule:
    """The schedule that the ``schedule`` section of a cell names."""
    target = registry.SCHEDULES[settings["name"]]
    return registry.load(target)(**registry.chosen(target, settings))


def torch_generator(
    seed: int, *, replicate: int, purpose: str, index: rng.Index = 0, device: torch.device | str = "cpu"
) -> torch.Generator:
    """Torch generator on the stream of ``rng.stream``."""
    return torch.Generator(device).manual_seed(rng.integer(seed, replicate=replicate, purpose=purpose, index=index))
