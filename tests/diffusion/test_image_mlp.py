"""A stack of image MLPs is that many plain torch networks side by side, whatever it is told of noise and labels."""

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


@pytest.mark.parametrize("labels", [0, 4])
def test_one_noise_level_for_all_points_gives_what_the_same_level_at_each_gives(labels):
    network, (x, _, label) = randomised(stack(range(3), labels=labels)), inputs(3)
    level, label = torch.full((1, 1), 7.0), label if labels else None
    torch.testing.assert_close(network(x, level, label), network(x, level.expand(3, 5), label))


@pytest.mark.parametrize("time", ["positional", "fourier"])
@pytest.mark.parametrize(("b", "dimension", "width"), [(25, 16, 32), (128, 64, 256)])
def test_a_stack_equals_single_networks_bit_for_bit_with_dropout_and_gradients(b, dimension, width, time):
    changes = dict(dimension=dimension, labels=4, width=width, embedding=32, time=time)
    whole, (x, c, label) = stack([0, 1, 2], **changes), inputs(3, b, dimension)

    def run(network, chosen):
        masks = [torch.Generator().manual_seed(r) for r in range(3)][chosen]
        out = network(x[chosen], c[chosen], label[chosen], masks)
        out.square().mean((1, 2)).sum().backward()
        return out

    out = run(whole, slice(0, 3))
    for r in range(3):
        single = stack([r], **changes)
        assert torch.equal(run(single, slice(r, r + 1))[0], out[r])
        for p, q in zip(single.parameters(), whole.parameters(), strict=True):
            assert torch.equal(p.grad[0], q.grad[r])


def test_a_label_matters_where_there_are_labels_and_only_there():
    conditional, unconditional = randomised(stack([0], labels=4)), randomised(stack([0]))
    x, c, label = inputs(1)
    assert (conditional(x, c, label) != conditional(x, c, (label + 1) % 4)).any(2).all()
    assert torch.equal(unconditional(x, c, label), unconditional(x, c))


def test_dropout_is_off_without_generators():
    network, (x, c, _) = randomised(stack([0])), inputs(1)
    assert torch.equal(network(x, c), randomised(stack([0], dropout=0.0))(x, c))
    assert not torch.equal(network(x, c, None, [torch.Generator()]), network(x, c))


def test_a_new_network_is_zero():
    x, c, label = inputs(2)
    assert not stack([0, 1], labels=4)(x, c, label).any()


def test_every_parameter_learns():
    network, (x, c, label) = randomised(stack([0, 1], labels=4)), inputs(2, b=40)
    network(x, c, label).square().sum().backward()
    for name, parameter in network.named_parameters():
        assert (parameter.grad.flatten(1).abs().max(1).values > 0).all(), name


def test_the_digits_network_of_width_256_has_as_many_parameters_as_its_maps():
    network = stack([0], dimension=64, width=256, blocks=1, embedding=64)
    maps = 64 * 256 + 256 * 256 + 64 * 256 + 3 * 256 * 256 + 256 * 64
    biases_and_norms = 3 * 256 + 3 * 256 + 64 + 2 * 2 * 256
    assert networks.flatten(network).shape == (1, maps + biases_and_norms)
