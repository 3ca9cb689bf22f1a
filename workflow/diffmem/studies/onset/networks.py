"""The onset study's network: a small EDM denoiser per training set, all of one size trained as one stack."""

import numpy as np
import torch

from diffmem.diffusion import samplers, schedules, training
from diffmem.diffusion.denoiser import denoiser, torch_generator
from diffmem.diffusion.mlp import MLP
from diffmem.diffusion.networks import load
from diffmem.studies.onset.generators import Generated, Task

BATCH, STEPS = 128, 18
# noise levels that unit data need: from where points of 16 dimensions are told apart to where they are all noise
NOISE = {"sigma_min": 0.02, "sigma_max": 10.0, "rho": 7.0, "p_mean": -0.8, "p_std": 1.5, "sigma_data": 1.0}
SETTINGS = {
    "epochs": 0,  # the budget is in steps
    "batch": BATCH,
    "cycle": True,  # a step sees as many noise draws at every n
    "microbatch": 0,
    "optimizer": "adamw",
    "learning_rate": 2e-3,
    "warmup": 0,
    "decay": "constant",
    "weight_decay": 0.0,
    "clip": 1.0,
    "ema": 0.99,
    "snapshots": {"count": 2, "spacing": "linear"},
}


def mlp(task: Task, *, width: int, updates: int) -> list[Generated]:
    """Samples of multilayer perceptrons of this ``width`` after so many ``updates``."""
    network = MLP([_generator(task, run, "initialisation") for run in task.runs], task.train.shape[2], width=width)
    points, settings = torch.from_numpy(task.train).float(), {**SETTINGS, "steps": updates}
    schedule = schedules.edm(**NOISE)
    run = {"points": points, "held_out": points, "settings": settings, "seed": task.seed, "replicates": task.runs}
    *_, last = training.train(network, schedule, **run)
    load(network, last.parameters)
    return _sampled(denoiser(network, schedule), schedule, task)


@torch.inference_mode()
def _sampled(denoise, schedule: schedules.Schedule, task: Task) -> list[np.ndarray]:
    sigmas = torch.cat([schedule.sampling(STEPS), torch.zeros(1)]).float()
    shape = task.samples, task.train.shape[2]
    noise = torch.stack([torch.randn(shape, generator=_generator(task, run, "sampling")) for run in task.runs])
    return list(samplers.heun(denoise, sigmas[0] * noise, sigmas, None).double().numpy())


def _generator(task: Task, run: int, purpose: str) -> torch.Generator:
    return torch_generator(task.seed, replicate=run, purpose=purpose)
