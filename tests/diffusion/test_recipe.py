"""The stages beside the plain recipe of tests/benchmarks/reference.py, with which they share no code."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats
from torch.utils.data import DataLoader, TensorDataset

from diffmem.diffusion import denoiser, networks, training
from diffmem.diffusion.batches import Points
from diffmem.diffusion.build import build_network, build_schedule, torch_generator
from diffmem.diffusion.generate import generate
from diffmem.diffusion.losses import LEVELS
from diffmem.settings import read as config
from diffmem.settings.sections import Snapshots

path = Path(__file__).parents[1] / "benchmarks" / "reference.py"
spec = importlib.util.spec_from_file_location("reference", path)
reference = importlib.util.module_from_spec(spec)
spec.loader.exec_module(reference)

CELL = config.studies({"studies": {"recipe": {}}})["recipe"].cells["base"]
SCHEDULE = build_schedule(CELL.schedule)


def taken_over(model):
    """Our network with the plain model's weights."""
    network = build_network(CELL.model, dimension=2, seed=0, replicates=[0])
    layers = [m for m in model.modules() if isinstance(m, torch.nn.Linear)]
    parts = [part for layer in layers for part in (layer.weight.detach().T.flatten(), layer.bias.detach())]
    networks.load(network, torch.cat(parts)[None])
    return network


@pytest.mark.parametrize("count", [3, 700])
def test_the_same_weights_and_noise_give_the_plain_recipes_samples(count, monkeypatch):
    torch.manual_seed(4)
    model = reference.Model()
    noise = torch_generator(5, replicate=2, purpose="sampling", index=(30, 0))
    draw = torch.randn
    monkeypatch.setattr(reference.torch, "randn", lambda *shape: draw(*shape, generator=noise))
    monkeypatch.setattr(reference.torch, "randn_like", lambda z: draw(z.shape, generator=noise))
    plain = reference.sample(model, count).numpy()
    monkeypatch.undo()
    denoise = denoiser.denoiser(taken_over(model), SCHEDULE)
    size = dict(count=count, dimension=2, seed=5, replicate=2, index=30)
    ours = generate(denoise, SCHEDULE, CELL.sampling, **size)
    assert np.ptp(plain) > 1
    np.testing.assert_allclose(ours, plain, atol=2e-4 * np.ptp(plain))


RUNS, POINTS, EPOCHS = 10, 256, 60


def points(seed):
    """Two noisy half circles, training and held-out points (2, n, 2)."""
    rng = np.random.default_rng(seed)
    angle, half = np.pi * rng.random((2, POINTS)), rng.integers(2, size=(2, POINTS))
    circle = np.stack([np.cos(angle), np.sin(angle)], -1) * (1 - 2 * half)[..., None] + half[..., None] * [1, 0.5]
    return torch.from_numpy(circle + 0.05 * rng.standard_normal(circle.shape)).float()


def plain_loss(seed):
    """Held-out loss of the plain recipe at the levels at which ours is evaluated."""
    torch.manual_seed(seed)
    train, test = points(seed)
    model = reference.Model()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    loader = DataLoader(TensorDataset(train), batch_size=32, shuffle=True, drop_last=True)
    for _ in range(EPOCHS):
        reference.epoch(model, optimizer, loader)
    levels = ((torch.arange(LEVELS) + 0.5) / LEVELS * reference.STEPS).long()
    eps = torch.randn_like(test)
    with torch.no_grad():
        abar = reference.ABAR[levels][:, None, None]
        out = [
            model(z, torch.full((POINTS,), int(t)))
            for z, t in zip(abar.sqrt() * test + (1 - abar).sqrt() * eps, levels, strict=True)
        ]
    return float((torch.stack(out) - eps).square().mean())


def our_losses(seeds, **changes):
    train, test = torch.stack([points(seed) for seed in seeds], 1)
    settings = CELL.training.replace(epochs=EPOCHS, snapshots=Snapshots(spacing="linear", count=2), **changes)
    network = build_network(CELL.model, dimension=2, seed=1, replicates=list(seeds))
    trainer = training.Trainer(network, SCHEDULE, settings, Points(train, test), seed=1, replicates=list(seeds))
    return list(training.train(trainer))[-1].test_loss.mean(1).numpy()


@pytest.mark.slow
def test_independent_runs_learn_as_well_as_the_plain_recipe():
    plain = np.array([plain_loss(seed) for seed in range(RUNS)])
    ours = our_losses(range(100, 100 + RUNS))
    slower = our_losses(range(100, 100 + RUNS), learning_rate=1e-4)
    assert stats.ttest_ind(plain, ours, equal_var=False).pvalue > 1e-3
    assert abs(plain.mean() - ours.mean()) < 0.05 * plain.mean()
    assert stats.ttest_ind(plain, slower, equal_var=False).pvalue < 1e-3  # the test would see another recipe
