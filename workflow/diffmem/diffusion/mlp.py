"""A plain multilayer perceptron, for data without structure: what it can represent is set by its width alone."""

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F

from diffmem.diffusion.networks import Linear

NOISE_SCALE = 25  # c_noise of the schedules runs over tens of units


class MLP(nn.Module):
    """Hidden layers of ``width`` SiLU units that read the point and its noise level; a stack as in ``networks``.

    With two layers of 32 units in 16 dimensions it has 2,160 parameters, with 128 units 20,880.
    """

    def __init__(self, generators: list[torch.Generator], dimension: int, *, width: int, layers: int = 2):
        super().__init__()
        sizes = [dimension + 1, *[width] * layers, dimension]
        self.maps = nn.ModuleList(Linear(generators, a, b) for a, b in pairwise(sizes))

    def forward(self, x: torch.Tensor, c_noise: torch.Tensor, _label=None, _generators=None) -> torch.Tensor:
        """F(x, c_noise): x (r, b, d), c_noise (r, b) or (1, 1), returns (r, b, d); without labels and dropout."""
        time = (c_noise[..., None] / NOISE_SCALE).expand(*x.shape[:2], 1)
        h = torch.cat([x, time], -1)
        for layer in self.maps[:-1]:
            h = F.silu(layer(h))
        return self.maps[-1](h)
