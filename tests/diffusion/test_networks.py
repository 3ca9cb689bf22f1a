"""A stack of networks is that many plain torch networks side by side; its parameters can be taken out and put back."""

import math

import pytest
import torch
from torch import nn

from diffmem.diffusion import networks

OPTIONS = dict(width=16, blocks=2, embedding=6, scale=25.0)


class Plain(nn.Module):
    """tiny-diffusion's network for one replicate, of ordinary modules."""

    def __init__(self, dimension, *, width, blocks, embedding, scale):
        super().__init__()
        self.first = nn.Linear(embedding * dimension + embedding, width)
        self.blocks = nn.ModuleList([nn.Linear(width, width) for _ in range(blocks)])
        self.last = nn.Linear(width, dimension)
        self.half, self.scale, self.act = embedding // 2, scale, nn.GELU()

    def waves(self, value):
        rates = [math.exp(-math.log(10000) * k / (self.half - 1)) for k in range(self.half)]
        return [torch.sin(value * f) for f in rates] + [torch.cos(value * f) for f in rates]

    def forward(self, x, t):
        features = [wave for coordinate in x.T for wave in self.waves(self.scale * coordinate)] + self.waves(t)
        h = self.act(self.first(torch.stack(features, 1)))
        for block in self.blocks:
            h = h + self.act(block(h))
        return self.last(h)

    @torch.no_grad()
    def take(self, stack, replicate):
        pairs = zip([self.first, *self.blocks, self.last], [stack.first, *stack.blocks, stack.last], strict=True)
        for own, other in pairs:
            own.weight.copy_(other.weight[replicate].T)
            own.bias.copy_(other.bias[replicate, 0])
        return self


@pytest.fixture(autouse=True)
def _float64():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def stack(replicates, dimension=2, **changes):
    generators = [torch.Generator().manual_seed(100 + r) for r in replicates]
    return networks.ResidualMLP(generators, dimension, **{**OPTIONS, **changes})


def inputs(r, b=5, dimension=2):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(r, b, dimension, generator=generator), 50 * torch.rand(r, b, generator=generator)


@pytest.mark.parametrize("r", [1, 3])
@pytest.mark.parametrize(("dimension", "blocks"), [(1, 0), (2, 3), (3, 1)])
def test_a_stack_computes_what_plain_networks_with_its_weights_compute(r, dimension, blocks):
    network, (x, t) = stack(range(r), dimension, blocks=blocks), inputs(r, dimension=dimension)
    out = network(x, t)
    for i in range(r):
        plain = Plain(dimension, **{**OPTIONS, "blocks": blocks}).take(network, i)
        torch.testing.assert_close(out[i], plain(x[i], t[i]), atol=1e-12, rtol=1e-12)


@pytest.mark.parametrize("r", [1, 3])
def test_one_noise_level_for_all_points_gives_what_the_same_level_at_each_gives(r):
    network, (x, _) = stack(range(r)), inputs(r)
    for b in (1, 5):
        level = torch.full((1, 1), 17.0)
        torch.testing.assert_close(
            network(x[:, :b], level), network(x[:, :b], level.expand(r, b)), atol=1e-12, rtol=1e-12
        )


def test_tiny_diffusion_has_99_074_parameters():
    assert networks.flatten(stack([0, 1], width=128, blocks=3, embedding=128)).shape == (2, 99_074)


def test_weights_are_drawn_as_torch_draws_them():
    weights, bias = stack([0], width=512, blocks=1).blocks[0].parameters()
    bound = 1 / math.sqrt(512)
    assert weights.abs().max() <= bound
    assert bias.abs().max() <= bound
    assert weights.mean().item() == pytest.approx(0, abs=5 * bound / math.sqrt(3) / 512)
    assert weights.var().item() == pytest.approx(bound**2 / 3, rel=0.02)


def test_initial_weights_of_a_replicate_do_not_depend_on_its_stack():
    whole = networks.flatten(stack([4, 5, 6]))
    assert torch.equal(whole[1:2], networks.flatten(stack([5])))
    assert not torch.equal(whole[0], whole[1])


@pytest.mark.parametrize("r", [1, 3])
def test_parameters_put_into_another_stack_make_it_the_same(r):
    network, other = stack(range(r)), stack(range(10, 10 + r))
    networks.load(other, networks.flatten(network))
    assert torch.equal(networks.flatten(other), networks.flatten(network))
    assert torch.equal(other(*inputs(r)), network(*inputs(r)))


def test_a_row_of_parameters_makes_a_network_of_its_own():
    network, single, (x, t) = stack([0, 1, 2]), stack([9]), inputs(3)
    networks.load(single, networks.flatten(network)[2:])
    torch.testing.assert_close(single(x[2:], t[2:])[0], network(x, t)[2], atol=1e-12, rtol=1e-12)


def test_flattened_parameters_are_a_copy():
    network = stack([0])
    kept = networks.flatten(network)
    networks.load(network, torch.zeros_like(kept))
    assert kept.abs().max() > 0
    assert networks.flatten(network).abs().max() == 0
