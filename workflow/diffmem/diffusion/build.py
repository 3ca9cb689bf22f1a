"""Construction of networks, noise schedules and torch generators from settings and random streams."""

import torch
from torch import nn

from diffmem import rng
from diffmem.diffusion.schedules import Schedule
from diffmem.loading import load
from diffmem.settings import networks, schedules


def build_network(
    settings: networks.Network, *, dimension: int, label_count: int = 0, seed: int, replicates: list[int]
) -> nn.Module:
    """Build a stack of newly initialised networks, one for each of ``replicates``.

    With a ``label_count`` of 0 the networks are unconditional.
    """
    generators = [torch_generator(seed, replicate=r, purpose="initialisation") for r in replicates]
    return load(settings.function)(generators, dimension, label_count, **settings.arguments())


def build_schedule(settings: schedules.Schedule) -> Schedule:
    """Build the noise schedule of the ``settings``."""
    return load(settings.function)(**settings.arguments())


def torch_generator(
    seed: int, *, replicate: int, purpose: str, index: rng.Index = 0, device: torch.device | str = "cpu"
) -> torch.Generator:
    """Torch generator on the stream of ``diffmem.rng.stream``."""
    return torch.Generator(device).manual_seed(rng.integer(seed, replicate=replicate, purpose=purpose, index=index))
