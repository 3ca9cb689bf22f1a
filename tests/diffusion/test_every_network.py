"""What every network of the registry owes its callers: stacks that are single networks, labels, and one noise level."""

import pytest
import torch

from diffmem.loading import load
from diffmem.settings.networks import AnyNetwork
from diffmem.settings.records import alternatives

TIME = dict(time_scale=16.0, dropout=0.3)
OPTIONS = {
    "residual-mlp": dict(width=16, blocks=2, embedding=6, scale=2.0),
    "image-mlp": dict(width=16, blocks=2, embedding=6, time="positional", **TIME),
    "unet": dict(
        width=8, image=[2, 8, 8], blocks=1, multipliers=[1, 2, 2], attention=[4], skips=list(range(1, 7)),
        time="positional", **TIME,
    ),
}  # fmt: skip
DIMENSION = {"residual-mlp": 2, "image-mlp": 3, "unet": 2 * 8 * 8}
NETWORKS = {
    record.choice_name(): record.function for record in alternatives(AnyNetwork) if record.choice_name() in OPTIONS
}
EVERY = pytest.mark.parametrize("name", NETWORKS)
# name, points of a batch, features, changes
SHAPES = [
    ("residual-mlp", 5, 2, dict(width=16)),
    ("residual-mlp", 128, 2, dict(width=128, embedding=32)),
    *[("image-mlp", 25, 16, dict(width=32, embedding=32, time=time)) for time in ("positional", "fourier")],
    *[("image-mlp", 128, 64, dict(width=256, embedding=32, time=time)) for time in ("positional", "fourier")],
    *[("unet", 3, 128, dict(width=width, time=time)) for width in (6, 16) for time in ("positional", "fourier")],
]


def stack(name, replicates=(0,), labels=0, dimension=None, **changes):
    generators = [torch.Generator().manual_seed(100 + r) for r in replicates]
    build = load(NETWORKS[name])
    return build(generators, dimension or DIMENSION[name], labels, **{**OPTIONS[name], **changes})


def randomised(network):
    """All weights at work, also those that begin near zero, or at one."""
    g = torch.Generator().manual_seed(5)
    for parameter in network.parameters():
        scale = 1 if parameter.ndim == 2 else parameter[0, 0].numel() ** -0.5
        parameter.data = scale * torch.randn(parameter.shape, generator=g)
    return network


def inputs(name, r=1, b=5, dimension=None, labels=4):
    g = torch.Generator().manual_seed(1)
    x, c = torch.randn(r, b, dimension or DIMENSION[name], generator=g), 50 * torch.rand(r, b, generator=g)
    return x, c, torch.randint(labels, (r, b), generator=g)


@pytest.mark.parametrize(("name", "b", "dimension", "changes"), SHAPES)
def test_a_stack_equals_single_networks_bit_for_bit_with_dropout_and_gradients(name, b, dimension, changes):
    changes = dict(labels=4, dimension=dimension, **changes)
    whole, (x, c, label) = stack(name, [0, 1, 2], **changes), inputs(name, 3, b, dimension)

    def run(network, chosen):
        masks = [torch.Generator().manual_seed(r) for r in range(3)][chosen]
        out = network(x[chosen], c[chosen], label[chosen], masks)
        out.square().mean((1, 2)).sum().backward()
        return out

    out = run(whole, slice(0, 3))
    for r in range(3):
        single = stack(name, [r], **changes)
        assert torch.equal(run(single, slice(r, r + 1))[0], out[r])
        for p, q in zip(single.parameters(), whole.parameters(), strict=True):
            assert torch.equal(p.grad[0], q.grad[r])


@EVERY
def test_every_parameter_learns_and_only_from_its_own_replicate(name):
    network, (x, c, label) = randomised(stack(name, [0, 1], labels=4)), inputs(name, 2, b=40)
    network(x, c, label)[0].square().sum().backward()
    for key, parameter in network.named_parameters():
        assert parameter.grad[0].abs().max() > 0, key
        assert parameter.grad[1].abs().max() == 0, key


@EVERY
@pytest.mark.parametrize("labels", [0, 4])
def test_one_noise_level_for_all_points_gives_what_the_same_level_at_each_gives(name, labels):
    network, (x, _, label) = randomised(stack(name, [0, 1, 2], labels=labels)), inputs(name, 3)
    level, label = torch.full((1, 1), 7.0), label if labels else None
    torch.testing.assert_close(network(x, level, label), network(x, level.expand(3, 5), label), atol=1e-4, rtol=1e-4)


@EVERY
def test_a_label_matters_where_there_are_labels_and_only_there(name):
    x, c, label = inputs(name)
    conditional, unconditional = randomised(stack(name, labels=4)), randomised(stack(name))
    assert (conditional(x, c, label) != conditional(x, c, (label + 1) % 4)).any(2).all()
    assert torch.equal(unconditional(x, c, label), unconditional(x, c))


@pytest.mark.parametrize("name", ["image-mlp", "unet"])
def test_dropout_is_off_without_generators(name):
    x, c, _ = inputs(name)
    network, without = randomised(stack(name)), randomised(stack(name, dropout=0.0))
    assert torch.equal(network(x, c), without(x, c))
    assert not torch.equal(network(x, c, None, [torch.Generator()]), network(x, c))


@EVERY
def test_points_of_a_batch_do_not_meet(name):
    network, (x, c, label) = randomised(stack(name, labels=4)), inputs(name, b=6)
    part = network(x[:, 2:4], c[:, 2:4], label[:, 2:4])
    torch.testing.assert_close(network(x, c, label)[:, 2:4], part, atol=1e-4, rtol=1e-4)
