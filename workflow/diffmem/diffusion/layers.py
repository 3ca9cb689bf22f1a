r"""Layers of stacked networks, and embeddings of the noise level.

A stack is r networks of one shape; the first axis of every parameter is the replicate. The embedding of the noise level
is the sines and cosines of f_k c_noise, k = 0, ..., h - 1, with the frequencies of Vaswani et al. 2017
(https://arxiv.org/abs/1706.03762)

    f_k = 10000^(-k / (h - 1)),                                                                        (1)

or with normally distributed ones (Tancik et al. 2020, https://arxiv.org/abs/2006.10739), as in NCSN++,

    f_k = 2 pi s |z_k|,  z standard normal.                                                            (2)

In (2) the |z_k| are not drawn; they are the quantiles of |z| at (k + 1/2) / h, so that the parameters alone determine a
network.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

Generators = list[torch.Generator]


class Linear(nn.Module):
    """r independent affine maps, each initialised as ``torch.nn.Linear`` from its own generator."""

    def __init__(self, generators: Generators, inputs: int, outputs: int):
        super().__init__()
        bound = 1 / math.sqrt(inputs)

        def uniform(*shape: int) -> nn.Parameter:
            draws = [torch.rand(shape, generator=g) for g in generators]
            return nn.Parameter((2 * torch.stack(draws) - 1) * bound)

        self.weight = uniform(inputs, outputs)  # (r, inputs, outputs)
        self.bias = uniform(1, outputs)  # (r, 1, outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map ``x`` of shape (r, b, inputs) to (r, b, outputs)."""
        return torch.bmm(x, self.weight) + self.bias  # not baddbmm: a compiler fuses this sum with the next operation


class Labels(nn.Module):
    """r affine maps of one-hot labels times sqrt(count), as in Karras et al. 2022, computed by selecting rows."""

    def __init__(self, generators: Generators, count: int, outputs: int):
        super().__init__()
        self.scale = math.sqrt(count)
        self.linear = Linear(generators, count, outputs)

    def forward(self, label: torch.Tensor) -> torch.Tensor:
        """Map labels 0, ..., count - 1 of shape (r, b) to (r, b, outputs)."""
        replicate = torch.arange(len(label), device=label.device)[:, None]
        return self.scale * self.linear.weight[replicate, label] + self.linear.bias


class LayerNorm(nn.Module):
    """r independent layer norms, initialised with scale 1 and shift 0."""

    def __init__(self, replicates: int, features: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(replicates, 1, features))
        self.bias = nn.Parameter(torch.zeros(replicates, 1, features))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise ``x`` of shape (r, b, features)."""
        return torch.addcmul(self.bias, F.layer_norm(x, x.shape[-1:]), self.weight)


def frequencies(kind: str, count: int, *, scale: float) -> torch.Tensor:
    """Frequencies of shape (count,): (1) for the kind ``positional``, (2) with s = ``scale`` for ``fourier``."""
    if kind == "positional":
        exponent = torch.arange(count) / max(count - 1, 1)
        return torch.exp(-math.log(10_000) * exponent)
    half_normal = torch.special.ndtri((1 + (torch.arange(count, dtype=torch.float64) + 0.5) / count) / 2)
    return (2 * math.pi * scale * half_normal).to(torch.get_default_dtype())


def waves(value: torch.Tensor, frequencies: torch.Tensor) -> torch.Tensor:
    """Sines and cosines of ``value`` at all frequencies (h,), along a new last axis of length 2 h."""
    angle = value[..., None] * frequencies
    return torch.cat([angle.sin(), angle.cos()], -1)


def drop(x: torch.Tensor, rate: float, generators: Generators | None) -> torch.Tensor:
    """Dropout of ``x`` (r, ...) with a mask from each replicate's generator; without generators ``x`` is unchanged."""
    if generators is None or rate == 0:
        return x
    kept = torch.stack([torch.rand(x.shape[1:], generator=g, device=g.device) >= rate for g in generators])
    return x * kept.to(x.device) / (1 - rate)
