"""Stable ranks of matrices whose singular values are known, and the answers of denoisers that are known."""

import numpy as np
import pytest
import torch
from torch import nn

from diffmem.diffusion.signals import answer_norm, stable_rank


def stack(*matrices):
    module = nn.Module()
    for i, matrix in enumerate(matrices):
        module.register_parameter(f"w{i}", nn.Parameter(torch.as_tensor(matrix, dtype=torch.float32)[None]))
    return module


def test_the_stable_rank_is_that_of_the_singular_values():
    rng = np.random.default_rng(0)
    turn, other = (np.linalg.qr(rng.standard_normal((6, 6)))[0] for _ in range(2))
    spread = turn @ np.diag([2.0, 1, 1, 0, 0, 0]) @ other
    assert stable_rank(stack(spread)) == pytest.approx(6 / 4, rel=1e-5)
    assert stable_rank(stack(spread, np.eye(4))) == pytest.approx((1.5 + 4) / 2, rel=1e-5)


def test_vectors_have_no_rank():
    assert stable_rank(stack(np.eye(3), np.ones((1, 9)))) == pytest.approx(3, rel=1e-5)
    assert np.isnan(stable_rank(stack(np.ones((1, 9)))))


def test_the_answer_is_the_noise_that_a_denoiser_sees():
    points = torch.tensor([[3.0, 4.0], [0.0, 0.0]])

    def shrink(x, sigma, label=None):
        return x / (1 + sigma[..., None] ** 2)

    found = answer_norm(shrink, points, sigma=torch.tensor(2.0))
    assert found == pytest.approx((5 * (1 - 1 / 5) / 2 + 0) / 2)
