"""The table of the first layer against the layer itself: outputs, points outside the table, and samples."""

import numpy as np
import pytest
import torch
from scipy import stats

from diffmem.diffusion import denoiser, networks
from diffmem.diffusion.build import build_network, build_schedule
from diffmem.diffusion.generate import generate
from diffmem.diffusion.mlp import MLP
from diffmem.diffusion.tabulated import LIMIT, PER_UNIT, Tabulated, tabulated
from diffmem.settings.networks import ResidualMlp
from diffmem.settings.samplers import Ddpm
from diffmem.settings.schedules import Linear

OPTIONS = {"width": 128, "blocks": 3, "embedding": 128, "scale": 25.0}
NOISE = torch.tensor([[-0.4]])


def network(dimension=2, labels=0, seed=0):
    return networks.ResidualMLP([torch.Generator().manual_seed(seed)], dimension, labels, **OPTIONS)


def with_table(of, dimension=2):
    table = tabulated(of, dimension)
    table.refresh()
    return table


@pytest.mark.parametrize("dimension", [1, 2, 3])
@torch.no_grad()
def test_the_output_is_that_of_the_layer_to_the_rounding_of_float32(dimension):
    exact = network(dimension)
    x = 3 * torch.randn(1, 5000, dimension, generator=torch.Generator().manual_seed(1))
    found = with_table(exact, dimension)(x, NOISE)
    assert (found - exact(x, NOISE)).abs().max() < 5e-6
    in_double = exact.double()(x.double(), NOISE.double())
    assert (found - in_double).abs().max() < 5e-6


@torch.no_grad()
def test_points_between_those_of_the_grid_have_the_error_of_a_cubic():
    """3/128 h^4 max|g''''|, for the single frequency 1 times the scale of a layer with one weight."""
    exact = network().double()
    exact.first.weight.zero_()
    exact.first.weight[0, 0] = 1.0  # the sine of the first coordinate
    table = Tabulated(exact, 2).double()
    table.refresh()
    t = torch.linspace(-LIMIT + 0.01, LIMIT - 0.01, 100_001, dtype=torch.float64)
    read = table._read(torch.stack([t, torch.zeros_like(t)], 1))[:, 0]
    worst = (read - (25 * t).sin()).abs().max()
    bound = 3 / 128 * (25 / PER_UNIT) ** 4
    assert 0.9 * bound < worst < 1.01 * bound


@torch.no_grad()
def test_points_outside_the_grid_go_through_the_layer():
    exact = network()
    x = torch.tensor([[[LIMIT, 0.0], [0.0, -1e9], [torch.inf, 0.0], [torch.nan, 1.0], [0.3, 0.4], [-9.9999, 9.9999]]])
    found, expected = with_table(exact)(x, NOISE), exact(x, NOISE)
    assert torch.equal(found[0, :2], expected[0, :2])
    assert found[0, 2:4].isnan().all()
    assert (found[0, 4:] - expected[0, 4:]).abs().max() < 5e-6


@torch.no_grad()
def test_labels_reach_the_network():
    exact = network(labels=3)
    x, label = torch.randn(1, 30, 2), torch.arange(30)[None] % 3
    assert (with_table(exact)(x, NOISE, label) - exact(x, NOISE, label)).abs().max() < 5e-6


@torch.no_grad()
def test_new_weights_are_used_after_a_refresh():
    exact, other = network(), network(seed=1)
    table = with_table(exact)
    networks.load(exact, networks.flatten(other))
    table.refresh()
    x = torch.randn(1, 30, 2)
    assert (table(x, NOISE) - other(x, NOISE)).abs().max() < 5e-6


def test_only_networks_with_this_layer_and_few_coordinates_have_a_table():
    assert tabulated(network(4), 4) is None
    generators = [torch.Generator().manual_seed(0)]
    assert tabulated(MLP(generators, 2, width=8), 2) is None


@pytest.mark.parametrize(("scale", "has_table"), [(25, True), (26, False), (200, False)])
def test_waves_that_the_grid_does_not_resolve_are_computed(scale, has_table):
    """At a scale of 200 the table's waves were off by .1."""
    made = build_network(ResidualMlp(scale=scale), dimension=2, seed=0, replicates=[0])
    assert (tabulated(made, 2) is not None) == has_table


def test_samples_are_the_same_point_by_point_and_in_distribution():
    schedule, exact = build_schedule(Linear()), network()
    size = dict(count=3000, dimension=2, seed=0, replicate=0)

    def drawn(of, index):
        return generate(denoiser.denoiser(of, schedule), schedule, Ddpm(steps=20), **size, index=index)

    found, expected, others = drawn(with_table(exact), 1), drawn(exact, 1), drawn(exact, 2)
    spread = expected.std()
    assert np.abs(found - expected).max() < 1e-4 * spread
    for axis in range(2):
        assert stats.ks_2samp(found[:, axis], others[:, axis]).pvalue > 1e-3
