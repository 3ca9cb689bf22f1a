"""The U-Net: its size, its switches and its symmetries."""

import pytest
import torch

from diffmem.diffusion import networks
from diffmem.diffusion.unet import UNet, unet

OPTIONS = dict(image=[2, 8, 8], width=8, blocks=1, multipliers=[1, 2, 2], attention=[4])
TIME = dict(time="positional", time_scale=16.0)
ALL = list(range(1, 7))
D = 2 * 8 * 8


def stack(replicates=(0,), *, skips=ALL):
    generators = [torch.Generator().manual_seed(100 + r) for r in replicates]
    return unet(generators, D, **OPTIONS, **TIME, dropout=0.3, skips=skips)


def randomised(network):
    """All weights at work, also those that begin near zero."""
    g = torch.Generator().manual_seed(5)
    for parameter in network.parameters():
        scale = 1 if parameter.ndim == 2 else parameter[0, 0].numel() ** -0.5
        parameter.data = scale * torch.randn(parameter.shape, generator=g)
    return network


def inputs(r=1, b=3):
    g = torch.Generator().manual_seed(1)
    return torch.randn(r, b, D, generator=g), 50 * torch.rand(r, b, generator=g)


def sizes(blocks, width=128, multiplier=2, channels=3, levels=3, attending=1):
    """Parameters of DDPM++ with the same multiplier at each resolution, counted by hand."""
    wide, e = width * multiplier, 4 * width

    def block(inputs, outputs, resampled=False):
        short = inputs * outputs + outputs if inputs != outputs or resampled else 0
        return 2 * inputs + 9 * inputs * outputs + 9 * outputs**2 + outputs * e + 5 * outputs + short

    attention = 2 * wide + 4 * wide**2 + 4 * wide
    encoder = block(width, wide) + (levels * blocks - 1) * block(wide, wide) + (levels - 1) * block(wide, wide, True)
    decoder = (levels * (blocks + 1) - 1) * block(2 * wide, wide) + block(wide + width, wide)
    middle = attention + (levels + 1) * block(wide, wide) - (levels - 1) * (block(wide, wide) - block(wide, wide, True))
    ends = 9 * channels * width + width + 2 * wide + 9 * wide * channels + channels
    time = width * e + e + e * e + e
    return encoder + decoder + middle + ends + time + attending * (blocks + 1) * attention


@pytest.mark.parametrize("blocks", [2, 4])
def test_the_cifar_10_setting_is_ddpm_plus_plus(blocks):
    with torch.device("meta"):
        shape = dict(width=128, blocks=blocks, multipliers=[2, 2, 2], attention=[16], dropout=0.13)
        network = UNet([3, 32, 32], 0, torch.ones(64), **shape, skips=range(1, 3 * blocks + 4))
    count = sum(p.numel() for p in network.parameters())
    assert count == sizes(blocks)
    # the unconditional CIFAR-10 network of Karras et al. has 55,733,891, of which 9 x 128 are for augmentation
    assert blocks != 4 or count == 55_733_891 - 9 * 128


def test_every_switch_changes_the_output_in_its_own_way_and_no_parameter():
    x, c = inputs()
    kept = [[j for j in ALL if j != i] for i in ALL] + [[i] for i in ALL] + [ALL, []]
    nets = [randomised(stack(skips=skips)) for skips in kept]
    flats = [networks.flatten(network) for network in nets]
    assert all(torch.equal(flat, flats[0]) for flat in flats)
    outputs = torch.stack([network(x, c)[0] for network in nets])
    assert torch.pdist(outputs.flatten(1)).min() > 1e-6


def test_a_mirrored_image_gives_the_mirrored_output_of_mirrored_kernels():
    network, (x, c) = randomised(stack()), inputs()
    mirror = lambda flat: flat.view(1, -1, 2, 8, 8).flip(-1).flatten(2)  # noqa: E731
    out = network(x, c)
    for parameter in network.parameters():
        if parameter.ndim == 5:
            parameter.data = parameter.data.flip(-1)
    torch.testing.assert_close(network(mirror(x), c), mirror(out), atol=1e-4, rtol=1e-4)
    assert not torch.allclose(network(x, c), out, atol=1e-2)


def test_packed_parameters_give_the_same_output_and_gradients():
    network, other, (x, c) = randomised(stack([0, 1])), randomised(stack([0, 1])), inputs(2)
    packed = networks.Packed(network)
    for n in (network, other):
        n(x, c).square().sum().backward()
    flat = torch.cat([p.grad.flatten(1) for p in other.parameters()], 1)
    assert torch.equal(packed.values.grad[:, : flat.shape[1]], flat)
    assert torch.equal(packed.flat, networks.flatten(other))


def test_it_begins_with_next_to_nothing():
    network, (x, c) = stack(), inputs()
    assert network(x, c).abs().max() < 1e-3
