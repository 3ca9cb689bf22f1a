"""Stacks of ordinary torch modules.

A stack keeps r sets of the parameters of a module for one replicate, along a first axis, and runs the module with one
set after another. This is meant for convolutions: one grouped convolution for all replicates is not faster on a CPU
unless images are tiny, and its rounding depends on the number of replicates.
"""

from collections.abc import Callable, Iterator

import torch
from torch import nn
from torch.func import functional_call

from diffmem.diffusion.layers import Generators


class Stack(nn.Module):
    """r networks of the shape of the module that ``template`` builds.

    Args:
        generators: one for each replicate.
        template: builds the module for one replicate, without buffers. It is called as F(x, c_noise, label, generator)
            with x of shape (b, d), c_noise (b,) or (1,), label (b,) or None, and one generator or None.
        draw: yields the initial values of a module's parameters, in their order, from a generator.
    """

    tied = False  # whether two names may stand for one parameter

    def __init__(
        self,
        generators: Generators,
        template: Callable[[], nn.Module],
        draw: Callable[[nn.Module, torch.Generator], Iterator[torch.Tensor]],
    ):
        super().__init__()
        with torch.device("meta"):
            module = template()
        self.single = (
            module,
        )  # in a tuple, so that its parameters, which have no values, are not parameters of this module
        self.names = [name for name, _ in module.named_parameters()]
        drawn = zip(*(draw(module, g) for g in generators), strict=True)
        self.values = nn.ParameterList(nn.Parameter(torch.stack(values)) for values in drawn)

    def forward(
        self,
        x: torch.Tensor,
        c_noise: torch.Tensor,
        label: torch.Tensor | None = None,
        generators: Generators | None = None,
    ) -> torch.Tensor:
        """F(x, c_noise, label, generators), with the shapes stated in ``networks``."""
        nothing = [None] * len(x)
        sets = zip(*(value.unbind() for value in self.values), strict=True)
        labels, masks = nothing if label is None else label, generators or nothing
        rows = zip(sets, x, c_noise.expand(len(x), -1), labels, masks, strict=True)
        return torch.stack([self._one(values, *inputs) for values, *inputs in rows])

    def _one(self, values: tuple[torch.Tensor, ...], *inputs: torch.Tensor | torch.Generator | None) -> torch.Tensor:
        named = dict(zip(self.names, values, strict=True))
        return functional_call(self.single[0], named, inputs, tie_weights=self.tied)
