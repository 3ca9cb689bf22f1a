"""Networks, as stacks of replicates.

A stack is r independent networks of one shape. The first axis of every parameter is the replicate, so that one batched
matrix product serves all replicates. A network is called as

    F(x, c_noise, label, generators)    returns (r, b, d)

with x of shape (r, b, d) and c_noise of shape (r, b) or (1, 1). ``label``, integers of shape (r, b), and
``generators``, one per replicate for dropout, may be None; dropout is then off. A new network is a class with this call
whose instances are built by ``Network(generators, dimension, label_count, **options)``. A ``label_count`` of 0 is
unconditional.
"""

from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

from diffmem.diffusion.layers import Generators, Labels, Linear, frequencies, waves


class ResidualMLP(nn.Module):
    """tiny-diffusion's network (https://github.com/tanelp/tiny-diffusion): sinusoidal embeddings of every coordinate
    and of the noise level, then residual blocks h + GELU(W h + b).

    Args:
        width: features of every hidden layer.
        blocks: number of residual blocks.
        embedding: features of each embedding, an even number.
        scale: factor before the embedding of a coordinate; a larger one resolves finer detail.
    """

    frequencies: torch.Tensor

    def __init__(
        self,
        generators: Generators,
        dimension: int,
        label_count: int = 0,
        *,
        width: int,
        blocks: int,
        embedding: int,
        scale: float,
    ):
        super().__init__()
        self.scale = scale
        self.register_buffer("frequencies", frequencies("positional", embedding // 2, scale=1), persistent=False)
        self.first = Linear(generators, (dimension + 1) * embedding, width)
        self.blocks = nn.ModuleList(Linear(generators, width, width) for _ in range(blocks))
        self.last = Linear(generators, width, dimension)
        self.label = Labels(generators, label_count, width) if label_count else None

    def forward(
        self,
        x: torch.Tensor,
        c_noise: torch.Tensor,
        label: torch.Tensor | None = None,
        _generators: Generators | None = None,
    ) -> torch.Tensor:
        """F(x, c_noise, label), with the shapes stated in this module; there is no dropout."""
        coordinates = waves(self.scale * x, self.frequencies).flatten(-2)  # (r, b, d * embedding)
        if c_noise.shape == x.shape[:2]:
            h = self.first(torch.cat([coordinates, waves(c_noise, self.frequencies)], -1))
        else:
            h = self.shifted(torch.bmm(coordinates, self.first.weight[:, : coordinates.shape[-1]]), c_noise)
        return self.last(self.hidden(h, label))

    def shifted(self, h: torch.Tensor, c_noise: torch.Tensor) -> torch.Tensor:
        """The first layer from its part of the coordinates, ``h`` (r, b, width), and one ``c_noise`` (1, 1)."""
        time = waves(c_noise, self.frequencies)  # its part is computed once for all points
        weight = self.first.weight[:, -time.shape[-1] :]
        return h + (torch.bmm(time.expand(len(h), -1, -1), weight) + self.first.bias)

    def hidden(self, h: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        """The last hidden features (r, b, width) from the first layer."""
        if self.label is not None:
            h = h + self.label(label)
        h = F.gelu(h)
        for block in self.blocks:
            h = h + F.gelu(block(h))
        return h


class Packed:
    """The parameters of a stack as views of one matrix ``values`` (r, p'), which receives their gradients.

    The first p columns are those of ``flatten``. An optimizer of this matrix makes one call for the whole network. The
    matrix is padded with columns of zeros to a multiple of 64, so that rows have no remainder after a processor's
    vectors: remainders may be rounded differently, and a replicate's results would depend on its stack.

    Gradients are added to memory that is set aside here, one parameter after another. (Where each step allocates the
    gradient of a large network anew, the system clears every page of it first.)
    """

    def __init__(self, network: nn.Module):
        flat = flatten(network)
        self.columns = flat.shape[1]
        self.values = nn.Parameter(F.pad(flat, (0, -self.columns % 64)))
        self.values.grad = torch.zeros_like(self.values)
        parameters = list(network.parameters())
        sizes = [parameter[0].numel() for parameter in parameters]
        parts = (matrix[:, : self.columns].split(sizes, 1) for matrix in (self.values.detach(), self.values.grad))
        for parameter, value, gradient in zip(parameters, *parts, strict=True):
            parameter.data = value.view(parameter.shape)
            parameter.register_post_accumulate_grad_hook(partial(_move_gradient, to=gradient.view(parameter.shape)))

    @property
    def flat(self) -> torch.Tensor:
        """The network's parameters (r, p), as a view of ``values``."""
        return self.values.detach()[:, : self.columns]


def _move_gradient(parameter: nn.Parameter, *, to: torch.Tensor) -> None:
    """Add the gradient of a ``parameter`` ``to`` a tensor of its shape, and release it."""
    assert parameter.grad is not None, "it has been accumulated"
    to.add_(parameter.grad)
    parameter.grad = None


def flatten(network: nn.Module) -> torch.Tensor:
    """All parameters of a stack as one tensor of shape (r, p), in the order of ``named_parameters``."""
    return torch.cat([p.detach().flatten(1) for p in network.parameters()], 1)


def load(network: nn.Module, flat: torch.Tensor) -> None:
    """Set the parameters of a stack of r networks to ``flat`` (r, p), in the order of ``flatten``."""
    sizes = [p[0].numel() for p in network.parameters()]
    with torch.no_grad():
        for parameter, values in zip(network.parameters(), flat.split(sizes, 1), strict=True):
            parameter.copy_(values.view_as(parameter))
