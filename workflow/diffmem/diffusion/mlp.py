"""A plain multilayer perceptron for the onset study. Its width controls its capacity."""

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F

from diffmem.diffusion.layers import Generators, Linear

NOISE_SCALE = 25  # the schedules' c_noise has values of tens of units


class MLP(nn.Module):
    """A stack, as in ``networks``, of perceptrons with ``layers`` hidden layers of ``width`` SiLU units.

    The inputs are a point and c_noise. In 16 dimensions, two layers of 32 units have 2,160 parameters, of 128 units
    20,880.
    """

    def __init__(self, generators: Generators, dimension: int, *, width: int, layers: int = 2):
        super().__init__()
        sizes = [dimension + 1, *[width] * layers, dimension]
        self.maps = nn.ModuleList(Linear(generators, a, b) for a, b in pairwise(sizes))

    def forward(
        self,
        x: torch.Tensor,
        c_noise: torch.Tensor,
        _label: torch.Tensor | None = None,
        _generators: Generators | None = None,
    ) -> torch.Tensor:
        """F(x, c_noise): x (r, b, d), c_noise (r, b) or (1, 1), returns (r, b, d); without labels and dropout."""
        time = (c_noise[..., None] / NOISE_SCALE).expand(*x.shape[:2], 1)
        h = torch.cat([x, time], -1)
        for layer in self.maps[:-1]:
            h = F.silu(layer(h))
        return self.maps[-1](h)
