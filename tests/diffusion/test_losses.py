"""Losses are those of the snapshot's parameters, on fixed points and noise, at sixteen levels."""

import itertools
import math

import numpy as np
import pytest
import torch

from diffmem.data.dataset import DUPLICATE, stack
from diffmem.diffusion import networks, schedules
from diffmem.diffusion.batches import EVALUATED, Points, judged_rows, stacked_points
from diffmem.diffusion.build import build_network, torch_generator
from diffmem.diffusion.losses import Losses, loss_table
from diffmem.settings import read as config
from diffmem.settings.networks import ResidualMlp

SCHEDULE = schedules.linear(steps=50, beta_min=1e-4, beta_max=0.02)
MODEL = ResidualMlp(width=16, blocks=2, embedding=8, scale=5.0)
REPLICATES = [4, 6]


def data(seed, n=20, d=2):
    return torch.from_numpy(np.random.default_rng(seed).standard_normal((2, n, d))).float()


def snapshot(points, held_out, *, label_count=0, parameters=None, at_once=0, **labels):
    """A snapshot of ``parameters`` (the network's own if None), and the network."""
    run = dict(seed=1, replicates=REPLICATES)
    network = build_network(MODEL, dimension=2, label_count=label_count, **run)
    losses = Losses(SCHEDULE, Points(points, held_out, **labels), at_once=at_once, **run)
    parameters = networks.flatten(network) if parameters is None else parameters
    return losses.snapshot(network, parameters, step=2, epoch=1), network


def expected(single, x0, eps, level, label=None):
    """Loss and noise level, from tiny-diffusion's process."""
    step = torch.tensor([math.floor((level + 0.5) / 16 * 50)])
    abar = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 50, dtype=torch.float64), 0)[step].float()
    out = single((abar.sqrt() * x0 + (1 - abar).sqrt() * eps)[None], step[None].float(), label)[0]
    return (out - eps).square().mean(), ((1 - abar) / abar).sqrt().item()


def single_of(found, i, **size):
    """The network of the i-th replicate of a snapshot, and the noise of its losses."""
    single = build_network(MODEL, dimension=2, seed=1, replicates=[0], **size)
    networks.load(single, found.parameters[i : i + 1])
    generator = torch_generator(1, replicate=REPLICATES[i], purpose="evaluation")
    return single, torch.randn(20, 2, generator=generator)


def test_losses_are_the_same_a_few_points_at_a_time():
    labels = dict(train_label=torch.arange(40).view(2, 20) % 3, held_out_label=torch.arange(30).view(2, 15) % 3)
    (whole, _), (parts, _) = (snapshot(data(1), data(2, n=15), label_count=3, at_once=k, **labels) for k in (0, 7))
    torch.testing.assert_close(parts.train_loss, whole.train_loss)
    torch.testing.assert_close(parts.test_loss, whole.test_loss)


def test_losses_are_those_of_the_parameters_given_at_sixteen_levels():
    points, held_out = data(1), data(2, n=15)
    given = networks.flatten(build_network(MODEL, dimension=2, seed=7, replicates=REPLICATES))
    found, network = snapshot(points, held_out, parameters=given)
    assert torch.equal(found.parameters, given)
    assert not torch.equal(networks.flatten(network), given)
    for i, level in itertools.product(range(2), range(16)):
        single, eps = single_of(found, i)
        for x0, losses in ((points[i], found.train_loss), (held_out[i], found.test_loss)):
            value, sigma = expected(single, x0, eps[: len(x0)], level)
            torch.testing.assert_close(losses[i, level], value, atol=1e-5, rtol=1e-5)
            assert found.levels[level].item() == pytest.approx(sigma, rel=1e-5)


def test_at_most_250_points_of_each_set_count():
    points = data(1, n=EVALUATED + 50)
    found, _ = snapshot(points, points)
    points[:, EVALUATED:] = 99
    again, _ = snapshot(points, points)
    assert torch.equal(found.train_loss, again.train_loss)


def test_points_are_judged_under_their_labels_and_unlabelled_ones_under_that_of_a_training_point():
    points, held_out, labels = data(1), data(2, n=15), torch.tensor([[0, 1] * 10, [2] * 20])
    own = torch.tensor([[0, 1, 2] * 5, [-1] * 15])
    found, _ = snapshot(points, held_out, label_count=3, train_label=labels, held_out_label=own)
    held_out_labels = own[0], torch.full((15,), 2)
    for i in range(2):
        single, eps = single_of(found, i, label_count=3)
        train = points[i], labels[i], found.train_loss
        for x0, label, losses in (train, (held_out[i], held_out_labels[i], found.test_loss)):
            value, _ = expected(single, x0, eps[: len(x0)], 5, label[None])
            torch.testing.assert_close(losses[i, 5], value, atol=1e-5, rtol=1e-5)


def test_the_loss_table_has_a_row_for_every_replicate_set_and_level():
    found, _ = snapshot(data(1), data(2))
    table = loss_table(found, replicates=REPLICATES)
    assert len(table) == 2 * 2 * 16
    assert set(zip(table["step"], table["epoch"], strict=True)) == {(2, 1)}
    by_key = table.set_index(["set", "replicate", "sigma"])["loss"]
    for name, losses in (("train", found.train_loss), ("held-out", found.test_loss)):
        for (i, r), (j, sigma) in itertools.product(enumerate(REPLICATES), enumerate(found.levels.tolist())):
            assert by_key[name, r, np.float32(sigma)] == losses[i, j]


def test_losses_are_those_of_a_sample_of_inliers_and_not_of_the_duplicates_that_stand_first():
    data = {"inliers": 1000, "outliers": {"count": 100}, "duplicates": {"count": 200}}
    settings = config.studies({"studies": {"s": {"data": data}}})["s"].cells["base"].data
    drawn = stack(settings, seed=0, replicates=range(2))
    points, _ = stacked_points(drawn, rows=[0, 1], device=torch.device("cpu"))
    rows = points.judged.numpy()
    assert len(rows) == EVALUATED
    assert drawn["train_plain"][:, rows].all()
    assert np.mean(drawn["train_stratum"][0][rows] == DUPLICATE) == pytest.approx(0.2, abs=0.01)
    plain = np.arange(300) < 290
    np.testing.assert_array_equal(judged_rows(plain=plain, stratum=np.zeros(300)), np.arange(EVALUATED))
