"""Samples of a denoiser, and their labels and previews."""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch

from diffmem import rng
from diffmem.diffusion.build import torch_generator
from diffmem.diffusion.compute import CPU
from diffmem.diffusion.denoiser import ConditionalDenoiser, Denoiser
from diffmem.diffusion.schedules import Schedule
from diffmem.loading import load
from diffmem.settings.records import known
from diffmem.settings.samplers import Sampling

CEILING_POINTS = 1000  # points of a perfect copier: the optimum compares each of them with all training points
PREVIEW = 5, 1000  # snapshots, and points per snapshot, that are kept for figures of the points
CHUNK = 1000  # points that share a generator of noise


@torch.inference_mode()
def generate(
    denoise: ConditionalDenoiser,
    schedule: Schedule,
    settings: Sampling,
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
        denoise: must be conditional if ``labels`` are given.
        seed, replicate, index: the random stream. ``index`` is the step of the snapshot, so that every snapshot has its
            own noise, which does not depend on the other snapshots.
        labels: of the points, shape (count,), from ``draw_labels``. device: device of the denoiser. at_once: points per
        call of the denoiser: all, or a multiple of ``CHUNK``. Fewer are used if memory is too small.
            The noise does not depend on it.
    """
    sampler = load(settings.function)
    levels = schedule.sampling(known(settings.steps)).cpu()
    sigmas = torch.cat([levels, levels.new_zeros(1)]).float()

    def drawn(rows: range) -> torch.Tensor:
        sizes = {start: min(CHUNK, rows.stop - start) for start in rows[::CHUNK]}
        generators = [
            torch_generator(seed, replicate=replicate, purpose="sampling", index=(index, start // CHUNK))
            for start in sizes
        ]

        def noise() -> torch.Tensor:
            parts = zip(sizes.values(), generators, strict=True)
            return torch.cat([torch.randn(1, size, dimension, generator=g) for size, g in parts], 1).to(device)

        chosen: Denoiser = denoise
        if labels is not None:
            chosen = partial(denoise, label=torch.from_numpy(labels[None, rows.start : rows.stop]).long().to(device))
        return sampler(chosen, schedule.prior(sigmas[0]) * noise(), sigmas, noise)[0].cpu()

    passes = [range(count)[start : start + at_once] for start in range(0, count, at_once)]
    return torch.cat([part for rows in passes for part in in_halves(drawn, rows)]).numpy()


def in_halves(drawn: Callable[[range], torch.Tensor], rows: range) -> list[torch.Tensor]:
    """The results of ``drawn`` for the ``rows``; if memory is too small, for halves of them in whole chunks."""
    half = -(-len(rows) // (2 * CHUNK)) * CHUNK
    try:
        return [drawn(rows)]
    except torch.OutOfMemoryError:
        if half >= len(rows):
            raise
    return [*in_halves(drawn, rows[:half]), *in_halves(drawn, rows[half:])]


def draw_labels(trained: np.ndarray, *, count: int, seed: int, replicate: int, index: int) -> np.ndarray:
    """Draw ``count`` labels from the training labels ``trained`` (n,), with replacement.

    The stream is identified as in ``generate``. It differs from that of the noise, so that cells with and without
    labels have the same noise.
    """
    random = rng.generator(seed, replicate=replicate, purpose="conditions", index=index)
    return trained[random.integers(len(trained), size=count)]


def preview(samples: np.ndarray, epochs: list[int]) -> dict[str, np.ndarray]:
    """Select a few points of a few equally spaced snapshots from ``samples`` (r, s, g, d), to keep for figures.

    Returns:
        points of shape (r, k, g', d) and the epochs (k,) of their snapshots.
    """
    chosen = np.unique(np.linspace(0, len(epochs) - 1, PREVIEW[0]).round().astype(int))
    return {"points": samples[:, chosen, : PREVIEW[1]], "epoch": np.array(epochs)[chosen]}
