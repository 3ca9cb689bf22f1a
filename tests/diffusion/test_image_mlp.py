"""A stack of image MLPs is that many plain torch networks side by side, with as many parameters."""

import math

import pytest
import torch
from torch import nn

from diffmem.diffusion import networks
from diffmem.diffusion.image_mlp import ImageMLP

OPTIONS = dict(width=16, blocks=2, embedding=6, time="positional", time_scale=16.0, dropout=0.3)


class Plain(nn.Module):
    """The network for one replicate, of ordinary modules, without dropout."""

    def __init__(self, stack, dimension, *, width, blocks, embedding):
        super().__init__()
        self.time = nn.ModuleList([nn.Linear(embedding, width), nn.Linear(width, width)])
        self.first = nn.Linear(dimension, width)
        self.blocks = nn.ModuleList()
        for _ in range(blocks):
            parts = dict(first=nn.Linear(width, width), condition=nn.Linear(width, width))
            self.blocks.append(nn.ModuleDict({"norm": nn.LayerNorm(width), **parts, "second": nn.Linear(width, width)}))
        self.norm, self.last = nn.LayerNorm(width), nn.Linear(width, dimension)
        self.table = stack.label.linear if stack.label else None

    def forward(self, x, c, label, replicate, embedding=6):
        rates = [10_000 ** (-k / (embedding // 2 - 1)) for k in range(embedding // 2)]
        e = torch.stack([torch.sin(c * f) for f in rates] + [torch.cos(c * f) for f in rates], 1)
        if self.table is not None:
            count = self.table.weight.shape[1]
            e = e + math.sqrt(count) * self.table.weight[replicate, label] + self.table.bias[replicate]
        for layer in self.time:
            e = nn.functional.silu(layer(e))
        h = self.first(x)
        for block in self.blocks:
            h = h + block["second"](nn.functional.silu(block["first"](block["norm"](h)) + block["condition"](e)))
        return self.last(nn.functional.silu(self.norm(h)))

    @torch.no_grad()
    def take(self, stack, replicate):
        own, others = dict(self.named_parameters()), dict(stack.named_parameters())
        for name in own.keys() - {"table.weight", "table.bias"}:
            value = others[name][replicate]
            linear = "norm" not in name
            own[name].copy_(value.T if linear and name.endswith("weight") else value.flatten())
        return self


def stack(replicates, dimension=3, labels=0, **changes):
    generators = [torch.Generator().manual_seed(100 + r) for r in replicates]
    return ImageMLP(generators, dimension, labels, **{**OPTIONS, **changes})


def inputs(r, b=5, dimension=3, labels=4):
    g = torch.Generator().manual_seed(1)
    x, c = torch.randn(r, b, dimension, generator=g), 50 * torch.rand(r, b, generator=g)
    return x, c, torch.randint(labels, (r, b), generator=g)


def randomised(network):
    """Norms too get values other than 1 and 0."""
    g = torch.Generator().manual_seed(5)
    flat = networks.flatten(network)
    networks.load(network, 0.3 * torch.randn(flat.shape, generator=g, dtype=flat.dtype))
    return network


@pytest.mark.parametrize("labels", [0, 4])
@pytest.mark.parametrize("r", [1, 3])
def test_a_stack_computes_what_plain_networks_with_its_weights_compute(r, labels):
    torch.set_default_dtype(torch.float64)
    try:
        network, (x, c, label) = randomised(stack(range(r), labels=labels)), inputs(r)
        out = network(x, c, label if labels else None)
        for i in range(r):
            plain = Plain(network, 3, width=16, blocks=2, embedding=6).take(network, i)
            torch.testing.assert_close(out[i], plain(x[i], c[i], label[i], i), atol=1e-12, rtol=1e-12)
    finally:
        torch.set_default_dtype(torch.float32)


def test_a_new_network_is_zero():
    x, c, label = inputs(2)
    assert not stack([0, 1], labels=4)(x, c, label).any()


def test_the_digits_network_of_width_256_has_as_many_parameters_as_its_maps():
    network = stack([0], dimension=64, width=256, blocks=1, embedding=64)
    maps = 64 * 256 + 256 * 256 + 64 * 256 + 3 * 256 * 256 + 256 * 64
    biases_and_norms = 3 * 256 + 3 * 256 + 64 + 2 * 2 * 256
    assert networks.flatten(network).shape == (1, maps + biases_and_norms)
