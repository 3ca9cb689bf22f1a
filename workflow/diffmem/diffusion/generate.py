"""Generation of samples from the snapshots of a shard."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch

from diffmem import registry, rng
from diffmem.diffusion.compute import CPU
from diffmem.diffusion.denoiser import Denoiser, torch_generator
from diffmem.diffusion.schedules import Schedule

GLIMPSE = 5, 1000  # snapshots and points per snapshot that are kept for a look at the points themselves
CHUNK = 1000  # points whose noise has a generator of its own


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
    device: torch.device = CPU,
    at_once: int = CHUNK,
) -> np.ndarray:
    """Draw ``count`` points, of shape (count, dimension), float32.

    Args:
        denoise: takes labels where there are ``labels``.
        settings: the ``sampling`` section of a cell.
        seed, replicate, index: name the random stream; ``index`` is the step of the snapshot, so that the noise is
            fresh at every snapshot and a snapshot's samples do not depend on which others were taken.
        labels: of the points, shape (count,), as ``draw_labels`` draws them.
        device: that of the denoiser.
        at_once: points that go through it together, in whole chunks, or fewer where they do not fit into its memory.
            Their noise does not depend on it.
    """
    sampler = registry.load(registry.SAMPLERS[settings["sampler"]])
    levels = schedule.sampling(settings["steps"]).cpu()
    sigmas = torch.cat([levels, levels.new_zeros(1)]).float()

    def drawn(rows: range) -> torch.Tensor:
        sizes = {start: min(CHUNK, rows.stop - start) for start in rows[::CHUNK]}
        stream = dict(replicate=replicate, purpose="sampling")
        generators = [torch_generator(seed, **stream, index=(index, start // CHUNK)) for start in sizes]

        def noise() -> torch.Tensor:
            parts = zip(sizes.values(), generators, strict=True)
            return torch.cat([torch.randn(1, size, dimension, generator=g) for size, g in parts], 1).to(device)

        chosen = denoise
        if labels is not None:
            chosen = partial(denoise, label=torch.from_numpy(labels[None, rows.start : rows.stop]).long().to(device))
        return sampler(chosen, schedule.prior(sigmas[0]) * noise(), sigmas, noise)[0].cpu()

    passes = [range(count)[start : start + at_once] for start in range(0, count, at_once)]
    return torch.cat([part for rows in passes for part in in_halves(drawn, rows)]).numpy()


def in_halves(drawn: Callable[[range], torch.Tensor], rows: range) -> list[torch.Tensor]:
    """What ``drawn`` gives for the ``rows``, or for halves of them, in whole chunks, that fit into the memory."""
    half = -(-len(rows) // (2 * CHUNK)) * CHUNK
    try:
        return [drawn(rows)]
    except torch.OutOfMemoryError:
        if half >= len(rows):
            raise
    return [*in_halves(drawn, rows[:half]), *in_halves(drawn, rows[half:])]


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
