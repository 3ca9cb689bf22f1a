"""Layers of stacks do what torch's own do; frequencies follow their laws; dropout is each replicate's own."""

import math

import pytest
import torch
from scipy import stats

from diffmem.diffusion import layers


def generators(*seeds):
    return [torch.Generator().manual_seed(s) for s in seeds]


def test_labels_are_an_affine_map_of_one_hot_vectors_of_length_sqrt_count():
    labels = layers.Labels(generators(1, 2), 7, 5)
    label = torch.tensor([[0, 6, 3], [2, 2, 5]])
    one_hot = math.sqrt(7) * torch.nn.functional.one_hot(label, 7).float()
    torch.testing.assert_close(labels(label), labels.linear(one_hot))


def test_a_layer_norm_is_torchs_with_the_replicates_own_scale_and_shift():
    norm, x = layers.LayerNorm(3, 6), torch.randn(3, 4, 6, generator=generators(0)[0])
    torch.testing.assert_close(norm(x), torch.nn.functional.layer_norm(x, (6,)))
    with torch.no_grad():
        norm.weight[1], norm.bias[2] = 5, -1
    plain = torch.nn.functional.layer_norm(x, (6,))
    torch.testing.assert_close(norm(x), torch.stack([plain[0], 5 * plain[1], plain[2] - 1]))


@pytest.mark.parametrize("count", [1, 2, 64])
def test_positional_frequencies_fall_geometrically_from_one_to_a_ten_thousandth(count):
    found = layers.frequencies("positional", count, scale=3.0)
    torch.testing.assert_close(found, torch.tensor([10_000 ** (-k / max(count - 1, 1)) for k in range(count)]))


def test_fourier_frequencies_are_the_quantiles_of_a_normal_magnitude():
    found = layers.frequencies("fourier", 400, scale=16.0)
    assert stats.kstest(found.numpy() / (2 * math.pi * 16), stats.halfnorm.cdf).statistic < 1 / 400
    assert found.dtype == torch.get_default_dtype()


def test_waves_are_sines_and_cosines_of_every_frequency():
    value, frequencies = torch.tensor([[0.3, -2.0]]), torch.tensor([1.0, 5.0])
    expected = [[math.sin(v), math.sin(5 * v), math.cos(v), math.cos(5 * v)] for v in (0.3, -2.0)]
    torch.testing.assert_close(layers.waves(value, frequencies), torch.tensor([expected]))


def test_dropout_leaves_out_the_share_keeps_the_mean_and_is_off_without_generators():
    x = torch.ones(2, 300, 200)
    dropped = layers.drop(x, 0.2, generators(1, 2))
    assert set(dropped.unique().tolist()) == {0, 1.25}
    assert dropped.mean().item() == pytest.approx(1, abs=5 * math.sqrt(0.2 / 0.8 / x.numel()))
    assert not torch.equal(dropped[0], dropped[1])
    assert torch.equal(dropped[1:], layers.drop(x[1:], 0.2, generators(2)))
    assert layers.drop(x, 0.2, None) is x
    assert layers.drop(x, 0, generators(1, 2)) is x
