"""A torch module of the user as a network that is trained here."""

import pytest
import torch

from diffmem.diffusion.build import build_network
from diffmem.diffusion.networks import flatten, load
from diffmem.own_code import OwnError
from diffmem.settings.networks import OwnNetwork

GOOD = """
import torch
from torch import nn

class Network(nn.Module):
    def __init__(self, shape, labels=0):
        super().__init__()
        channels = shape[0]
        self.register_buffer("scale", torch.full((1,), 2.0))
        self.first = nn.Conv2d(channels + 1, 8, 3, padding=1)
        self.label = nn.Embedding(labels, 8) if labels else None
        self.last = nn.Conv2d(8, channels, 3, padding=1)

    def forward(self, x, noise, label=None):
        told = noise[:, None, None, None].expand(-1, 1, *x.shape[2:])
        h = self.first(torch.cat([x * self.scale, told], 1)).relu()
        h = h if label is None else h + self.label(label)[..., None, None]
        return self.last(h)
"""


def built(tmp_path, source=GOOD, labels=0, replicates=(0, 1)):
    file = tmp_path / "my_model.py"
    file.write_text(source)
    settings = OwnNetwork(module=f"{file}:Network", shape=(2, 4, 4))
    return build_network(settings, dimension=32, label_count=labels, seed=1, replicates=list(replicates))


@pytest.mark.parametrize("labels", [0, 3])
def test_a_stack_computes_what_its_modules_do_and_trains(tmp_path, labels):
    stack = built(tmp_path, labels=labels)
    x, noise = torch.randn(2, 5, 32), torch.rand(2, 5)
    label = torch.zeros(2, 5, dtype=torch.long) if labels else None
    out = stack(x, noise, label)
    for r in range(2):
        alone = built(tmp_path, labels=labels, replicates=[r])
        torch.testing.assert_close(
            alone(x[r : r + 1], noise[r : r + 1], None if label is None else label[:1])[0], out[r]
        )
    assert not torch.equal(flatten(stack)[0], flatten(stack)[1])
    out.square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in stack.parameters())


def test_parameters_can_be_kept_and_put_back(tmp_path):
    stack, x, noise = built(tmp_path), torch.randn(2, 5, 32), torch.rand(1, 1)
    kept = flatten(stack).clone()
    out = stack(x, noise)
    load(stack, torch.zeros_like(kept))
    assert not torch.equal(stack(x, noise), out)
    load(stack, kept)
    assert torch.equal(stack(x, noise), out)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("self.last(h)", "self.last(h * 0)", "line 5: its output does not depend on its input x"),
        ("self.last(h)", "self.last(h) / (0 * h).sum()", "line 5: returned NaN or infinite"),
        ("self.last(h)", "self.last(h)[:, :1]", r"returned the shape \(4, 1, 4, 4\); must return a tensor"),
        ("self.last(h)", "self.last(h).tolist()", "returned a list"),
        ("self.last(h)", "self.no_such(h)", "line 18: raised AttributeError"),
        ("channels = shape[0]", "channels = shape[7]", "line 8: raised IndexError"),
        ("self.last = ", "self.norm = nn.BatchNorm2d(8)\n        self.last = ", "has batch norm"),
        ("class Network(nn.Module):", "class Network:", "raised"),
        (
            "self.last = ",
            "self.label_less = nn.Parameter(torch.zeros(3), requires_grad=False)\n        self.last = ",
            "does not train label_less; register it as a buffer",
        ),
    ],
)
def test_a_module_that_cannot_be_trained_is_refused_with_its_line(tmp_path, old, new, words):
    assert old in GOOD
    with pytest.raises(OwnError, match=words):
        built(tmp_path, GOOD.replace(old, new))


def test_random_buffers_are_the_same_in_training_and_in_sampling(tmp_path):
    """One replicate is sampled at a time, however many were trained together."""
    source = GOOD.replace("torch.full((1,), 2.0)", "torch.randn(2, 1, 1)")
    trained = built(tmp_path, source, replicates=(0, 1, 2))
    sampling = built(tmp_path, source, replicates=(0,))
    load(sampling, flatten(trained)[:1])
    x, noise = torch.randn(3, 5, 32), torch.rand(3, 5)
    assert torch.allclose(trained(x, noise)[:1], sampling(x[:1], noise[:1]), atol=1e-6)


def test_tied_weights_are_trained_as_one(tmp_path):
    source = GOOD.replace("        self.label =", "        self.again = nn.Conv2d(channels + 1, 8, 3, padding=1)\n"
                          "        self.again.weight = self.first.weight\n        self.label =")  # fmt: skip
    source = source.replace("self.first(torch.cat", "self.again(torch.cat")
    stack = built(tmp_path, source)
    x, noise = torch.randn(2, 5, 32), torch.rand(2, 5)
    before = stack(x, noise)
    with torch.no_grad():
        for name, value in zip(stack.names, stack.values, strict=True):
            if name.endswith("first.weight"):
                value.add_(1.0)
    assert not torch.allclose(stack(x, noise), before)
