"""Generation of samples from the snapshots of a shard."""

from functools import partial
from typing import Any

import numpy as np
import torch

from diffmem import registry, rng
from diffmem.diffusion.denoiser import Denoiser, torch_generator
from diffmem.diffusion.schedules import Schedule

GLIMPSE = 5, 1000  # snapshots and points per snapshot that are kept for a look at the points themselves
CHUNK = 1000  # points that go through the sampler together: what they need fits into a core's cache


@torch.inference_mode()
def generate(
    denoise: Denoiser,
    schedule: Schedule,
    settings: dict[str, Any],
    *,
    count: int,
    dimension: int,
    seed: int,
    replicate: int,
    index: int,
    labels: np.ndarray | None = None,
) -> np.ndarray:
    """Draw ``count`` points, of shape (count, dimension), float32.

    Args:
        denoise: takes labels where there are ``labels``.
        settings: the ``sampling`` section of a cell.
        seed, replicate, index: name the random stream; ``index`` is the step of the snapshot, so that the noise is
            fresh at every snapshot and a snapshot's samples do not depend on which others were taken.
        labels: of the points, shape (count,), as ``draw_labels`` draws them.
    """
    sampler = registry.load(registry.SAMPLERS[settings["sampler"]])
    levels = schedule.sampling(settings["steps"])
    sigmas = torch.cat([levels, levels.new_zeros(1)]).float()
    generator = torch_generator(seed, replicate=replicate, purpose="sampling", index=index)
    out = np.empty((count, dimension), dtype=np.float32)
    for start in range(0, count, CHUNK):
        size = min(CHUNK, count - start)

        def noise(size: int = size) -> torch.Tensor:
            return torch.randn(1, size, dimension, generator=generator)

        chosen = denoise
        if labels is not None:
            chosen = partial(denoise, label=torch.from_numpy(labels[None, start : start + size]).long())
        x = schedule.prior(sigmas[0]) * noise()
        out[start : start + size] = sampler(chosen, x, sigmas, noise)[0]
    return out


def draw_labels(trained: np.ndarray, *, count: int, seed: int, replicate: int, index: int) -> np.ndarray:
    """Draw ``count`` labels from the histogram of the ``trained`` ones (n,), so that none is asked for that never was.

    The stream is named as in ``generate``. It is not that of the noise, which cells with and without labels share.
    """
    random = rng.generator(seed, replicate=replicate, purpose="conditions", index=index)
    return trained[random.integers(len(trained), size=count)]


def glimpse(samples: np.ndarray, epochs: list[int]) -> dict[str, np.ndarray]:
    """A few points from a few snapshots, equally spaced in number, that stay when ``samples`` (r, s, g, d) go.

    Returns:
        points of shape (r, k, g', d) and the epochs (k,) of their snapshots.
    """
    chosen = np.unique(np.linspace(0, len(epochs) - 1, GLIMPSE[0]).round().astype(int))
    return {"points": samples[:, chosen, : GLIMPSE[1]], "epoch": np.array(epochs)[chosen]}
