"""The network of the onset study: a small EDM denoiser per training set; those of one size are trained as a stack."""

from collections.abc import Sequence

import numpy as np
import torch

from diffmem.diffusion import samplers, schedules
from diffmem.diffusion.batches import Points
from diffmem.diffusion.build import torch_generator
from diffmem.diffusion.denoiser import Denoiser, denoiser
from diffmem.diffusion.mlp import MLP
from diffmem.diffusion.networks import load
from diffmem.diffusion.training import Trainer, train
from diffmem.settings.sections import Snapshots, Training
from diffmem.studies.onset.generators import Generated, TrainingRuns

BATCH, STEPS = 128, 18  # points of a training step, steps of the sampler
# For data of unit variance: at the smallest level points of 16 dimensions are resolved, at the largest all is noise.
NOISE = {"sigma_min": 0.02, "sigma_max": 10.0, "rho": 7.0, "p_mean": -0.8, "p_std": 1.5, "sigma_data": 1.0}
SETTINGS = Training(
    steps=1,  # as many as there are updates
    batch=BATCH,
    cycle=True,  # a step has the same number of noise draws at every n
    learning_rate=2e-3,
    weight_decay=0,
    clip=1,
    ema=0.99,
    snapshots=Snapshots(count=2, spacing="linear"),
)


def mlp(runs: TrainingRuns, *, width: int, updates: int) -> Sequence[Generated]:
    """Samples of multilayer perceptrons of this ``width`` after so many ``updates``."""
    initial = [_torch_generator(runs, stream, "initialisation") for stream in runs.streams]
    network, schedule = MLP(initial, runs.train.shape[2], width=width), schedules.edm(**NOISE)
    points, settings = torch.from_numpy(runs.train).float(), SETTINGS.replace(steps=updates)
    *_, last = train(
        Trainer(network, schedule, settings, Points(points, points), seed=runs.seed, replicates=runs.streams)
    )
    load(network, last.parameters)
    return _sample(denoiser(network, schedule), schedule, runs)


@torch.inference_mode()
def _sample(denoise: Denoiser, schedule: schedules.Schedule, runs: TrainingRuns) -> list[np.ndarray]:
    """Points of every network, each of shape (samples, d), by Heun's method."""
    sigmas = torch.cat([schedule.sampling(STEPS), torch.zeros(1)]).float()
    shape = runs.samples, runs.train.shape[2]
    noise = [torch.randn(shape, generator=_torch_generator(runs, stream, "sampling")) for stream in runs.streams]
    return list(samplers.heun(denoise, sigmas[0] * torch.stack(noise), sigmas, samplers.no_noise).double().numpy())


def _torch_generator(runs: TrainingRuns, stream: int, purpose: str) -> torch.Generator:
    return torch_generator(runs.seed, replicate=stream, purpose=purpose)
