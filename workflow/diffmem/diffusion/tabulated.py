r"""The first layer of ``networks.ResidualMLP`` as a table, which makes sampling in the plane faster.

The layer's part for the point x is a sum of functions of one coordinate each,

    sum_j g_j(x_j),    g_j(t) = sum_k sin(a f_k t) W_jk + cos(a f_k t) W'_jk,                         (1)

with the frequencies f_k of ``layers`` and the network's scale a. The g_j are computed on a grid of spacing h and read
between its points t_m by the cubic through four of them (Lagrange),

    g(t_m + u h) = sum_i c_i(u) g(t_m + i h),    i = -1, 0, 1, 2 and 0 <= u < 1,                      (2)

    c_-1 = -u (u - 1) (u - 2) / 6,       c_0 = (u + 1) (u - 1) (u - 2) / 2,
    c_1 = -(u + 1) u (u - 2) / 2,        c_2 = (u + 1) u (u - 1) / 6,

whose error is at most 3/128 h^4 max |g''''|, below the rounding of float32 for the scale of 25. Points outside the grid
are computed by the layer itself.
"""

import torch
from torch import nn
from torch.nn import functional as F

from diffmem.diffusion.layers import Generators, waves
from diffmem.diffusion.networks import ResidualMLP

DIMENSIONS = 3  # largest number of coordinates for which reading is faster than computing
LARGEST_SCALE = 25  # largest a at which the error is below the rounding of float32
LIMIT, PER_UNIT = 10, 128  # the grid goes from -LIMIT to LIMIT; its points per unit


class Tabulated(nn.Module):
    """A stack of one ``network`` with its first layer read from a table.

    ``refresh`` is called whenever the network has new weights.
    """

    grid: torch.Tensor
    table: torch.Tensor
    last: torch.Tensor
    start: torch.Tensor

    def __init__(self, network: ResidualMLP, dimension: int):
        super().__init__()
        self.network, self.size = network, 2 * LIMIT * PER_UNIT + 3  # one point more below, and two above
        like = network.frequencies
        self.register_buffer("grid", (torch.arange(self.size, device=like.device) - 1) / PER_UNIT - LIMIT)
        self.register_buffer("table", like.new_zeros(dimension * self.size, network.first.weight.shape[2]))
        self.register_buffer("last", like.new_zeros(dimension, network.first.weight.shape[2]))
        self.register_buffer("start", torch.arange(dimension, device=like.device) * self.size + LIMIT * PER_UNIT)

    @torch.no_grad()
    def refresh(self) -> None:
        """Compute the table for the network's present weights."""
        embedded = waves(self.network.scale * self.grid, self.network.frequencies)
        weight = self.network.first.weight[0, : len(self.start) * embedded.shape[-1]]
        parts = weight.view(len(self.start), embedded.shape[-1], -1)
        self.table.copy_((embedded @ parts).flatten(0, 1))
        self.last.copy_(self.network.last.weight[0].T)  # torch multiplies by few rows faster than by few columns

    def forward(
        self,
        x: torch.Tensor,
        c_noise: torch.Tensor,
        label: torch.Tensor | None = None,
        generators: Generators | None = None,
    ) -> torch.Tensor:
        """F(x, c_noise, label) as in ``networks``, for x of shape (1, b, d) and c_noise of shape (1, 1)."""
        if x.abs().amax() < LIMIT:
            return self._near(x, c_noise, label)
        inside = (x.abs() < LIMIT).all(-1, keepdim=True)
        exact = self.network(x, c_noise, label, generators)
        return torch.where(inside, self._near(torch.where(inside, x, 0), c_noise, label), exact)

    def _near(self, x: torch.Tensor, c_noise: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        """The network's output for points within the grid."""
        h = self.network.hidden(self.network.shifted(self._read(x[0])[None], c_noise), label)
        return F.linear(h, self.last, self.network.last.bias[0, 0])

    def _read(self, x: torch.Tensor) -> torch.Tensor:
        """The sum (1) for points (b, d) within the grid, by (2)."""
        place = x * PER_UNIT
        below = place.floor()
        u = place - below  # without rounding
        left, right, far = u + 1, u - 1, u - 2
        weights = [-u * right * far / 6, left * right * far / 2, -left * u * far / 2, left * u * right / 6]
        first = below.long() + self.start  # of four neighbours
        rows = torch.cat([first + i for i in range(4)], 1)
        return F.embedding_bag(rows, self.table, mode="sum", per_sample_weights=torch.cat(weights, 1))


def tabulated(network: nn.Module, dimension: int) -> Tabulated | None:
    """The ``network`` with a table, if its waves fit the grid, it has few coordinates and runs on a processor."""
    if not isinstance(network, ResidualMLP) or network.scale > LARGEST_SCALE or dimension > DIMENSIONS:
        return None
    return Tabulated(network, dimension) if network.frequencies.device.type == "cpu" else None
