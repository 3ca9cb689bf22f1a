"""The generators of the onset study: linear models, the exact empirical score, networks, and known answers.

A generator is a function of the `TrainingRuns` of one size and of its own options, which are keys of the config. It
returns, for every run, the law that the trained model generates if it is Gaussian and known exactly, otherwise samples.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from diffmem import rng
from diffmem.data.gaussians import Law
from diffmem.diffusion import linear_model, samplers, schedules
from diffmem.diffusion.optimum import optimum
from diffmem.gaussian import Normal, fit_normal
from diffmem.measure.densities import bandwidth
from diffmem.studies import known_answers

SAMPLERS = {"ddim": samplers.ddim, "heun": samplers.heun}
Generated = Normal | np.ndarray
SIGMAS = {"sigma_min": 0.002, "sigma_max": 80.0, "rho": 7.0, "p_mean": -1.2, "p_std": 1.2, "sigma_data": 1.0}


@dataclass(frozen=True)
class TrainingRuns:
    """Trainings on n points each, which a generator may do together.

    Attributes:
        law: the truth, which only known answers may draw from.
        train: training points of every run, of shape (r, n, d).
        streams: numbers of the random streams of the r runs.
        seed: seed of all streams.
        samples: number of points to draw where the generated law is not Gaussian.
    """

    law: Law
    train: np.ndarray
    streams: list[int]
    seed: int
    samples: int

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.random.Generator]]:
        """Training points (n, d) of every run, and its random generator, which depends on the stream and on n."""
        n = self.train.shape[1]
        for points, stream in zip(self.train, self.streams, strict=True):
            yield points, rng.generator(self.seed, replicate=stream, purpose="noise", index=n)


# --- models -----------------------------------------------------------------------------------------------------------


def one_step(runs: TrainingRuns, *, generalization: float, time: float) -> list[Generated]:
    """The paper's linear denoiser, at its "generalization parameter" lambda and its time T."""
    sigma = linear_model.noise_level(generalization=generalization, time=time)
    return [linear_model.one_step(points, r.standard_normal(points.shape), sigma=sigma) for points, r in runs]


def gaussian_fit(runs: TrainingRuns) -> list[Generated]:
    """The linear score, followed to convergence: the Gaussian with the moments of the training points."""
    return [fit_normal(points) for points in runs.train]


def multi_step(runs: TrainingRuns, *, steps: int, sampler: str) -> list[Generated]:
    """The linear score through a deterministic sampler, whose end law is known for any number of steps."""
    follow, sigmas = SAMPLERS[sampler], _noise_levels(steps)
    return [linear_model.end_law(fit_normal(points), sampler=follow, sigmas=sigmas) for points in runs.train]


def empirical(runs: TrainingRuns, *, steps: int, sampler: str) -> Sequence[Generated]:
    """The exact score of the training points, which memorizes them, through a deterministic sampler."""
    follow, sigmas = SAMPLERS[sampler], _noise_levels(steps)
    generated = []
    for points, random in runs:
        start = float(sigmas[0]) * random.standard_normal((1, runs.samples, points.shape[1]))
        denoise = optimum(torch.from_numpy(points))
        generated.append(follow(denoise, torch.from_numpy(start), sigmas, samplers.no_noise)[0].numpy())
    return generated


# --- known answers ----------------------------------------------------------------------------------------------------


def kernel(runs: TrainingRuns, *, smoothing: float) -> list[Generated]:
    """Training points with Gaussian noise of ``smoothing`` paper's bandwidths; at 1, the density rho_T of E_TG."""
    n, d = runs.train.shape[1:]
    width = bandwidth(n, scale=runs.law.gaussian.scale, dimension=d, factor=smoothing)
    return [known_answers.blur_rows(points, runs.samples, random, width=width) for points, random in runs]


def truth(runs: TrainingRuns, *, stretch: float) -> list[Generated]:
    """Fresh points of the truth, ``stretch`` times as wide about its mean; nothing is copied."""
    mean = runs.law.gaussian.mean
    return [mean + stretch * (runs.law.draw(runs.samples, random) - mean) for _, random in runs]


def copies(runs: TrainingRuns, *, share: float) -> list[Generated]:
    """A point is an exact copy of a training point with probability ``share``, and fresh otherwise."""
    drawn = partial(known_answers.copy_share, share=share, draw_fresh=runs.law.draw)
    return [drawn(points, runs.samples, random) for points, random in runs]


def _noise_levels(steps: int) -> torch.Tensor:
    """EDM's noise levels and 0, of shape (steps + 1,), float64."""
    return torch.cat([schedules.edm(**SIGMAS).sampling(steps), torch.zeros(1, dtype=torch.float64)])
