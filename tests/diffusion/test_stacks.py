"""A stack of ordinary modules is those modules side by side."""

import torch
from torch import nn

from diffmem.diffusion import networks
from diffmem.diffusion.stacks import Stack


class Single(nn.Module):
    """tanh(W x + c + v[label]) + what the generator says."""

    def __init__(self):
        super().__init__()
        self.map, self.table = nn.Linear(3, 3), nn.Embedding(4, 3)

    def forward(self, x, c_noise, label, generator):
        shift = 0 if label is None else self.table(label)
        noise = 0 if generator is None else torch.rand(len(x), 3, generator=generator)
        return torch.tanh(self.map(x) + c_noise[:, None] + shift) + noise


def draw(module, generator):
    for parameter in module.parameters():
        yield torch.randn(parameter.shape, generator=generator)


def generators(*seeds):
    return [torch.Generator().manual_seed(s) for s in seeds]


def stack(*seeds):
    return Stack(generators(*seeds), Single, draw)


def test_each_replicate_is_the_module_with_its_parameters():
    network, g = stack(5, 6), torch.Generator().manual_seed(0)
    x, c, label = (
        torch.randn(2, 7, 3, generator=g),
        torch.randn(2, 7, generator=g),
        torch.randint(4, (2, 7), generator=g),
    )
    for labels, masks in ((None, None), (label, None), (label, (1, 2))):
        out = network(x, c, labels, masks and generators(*masks))
        for i in range(2):
            single = Single()
            for own, values in zip(single.parameters(), network.parameters(), strict=True):
                own.data = values[i]
            mask = masks and generators(masks[i])[0]
            assert torch.equal(out[i], single(x[i], c[i], None if labels is None else labels[i], mask))


def test_parameters_are_drawn_from_each_replicates_generator_and_nothing_global():
    before = torch.get_rng_state()
    whole = networks.flatten(stack(5, 6))
    assert torch.equal(whole[1:], networks.flatten(stack(6)))
    assert torch.equal(torch.get_rng_state(), before)


def test_only_the_stacks_own_parameters_are_its_parameters():
    network = stack(5, 6)
    assert [tuple(p.shape) for p in network.parameters()] == [(2, 3, 3), (2, 3), (2, 4, 3)]
    assert not any(p.is_meta for p in network.parameters())


def test_one_noise_level_serves_all_points():
    network, x = stack(5, 6), torch.ones(2, 7, 3)
    assert torch.equal(network(x, torch.full((1, 1), 0.3)), network(x, torch.full((2, 7), 0.3)))
