"""What generates in the onset study: linear models, the exact empirical score, networks, and known answers.

A generator is a function of a `Task` and its own options, which are keys of the config. It returns, for every run of
the task, either the law that the trained model generates, where it is Gaussian and known exactly, or samples of it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from diffmem import registry, rng
from diffmem.data.laws import Law
from diffmem.diffusion import linear_model as linear
from diffmem.diffusion import schedules
from diffmem.diffusion.optimum import optimum
from diffmem.gaussian import Normal, fitted
from diffmem.measure.densities import bandwidth

Generated = Normal | np.ndarray
SIGMAS = {"sigma_min": 0.002, "sigma_max": 80.0, "rho": 7.0, "p_mean": -1.2, "p_std": 1.2, "sigma_data": 1.0}


@dataclass(frozen=True)
class Task:
    """What the generators of one size are made from.

    Attributes:
        law: the truth, which only known answers look at.
        train: training points of every run, shape (r, n, d).
        runs: numbers of the r runs, on which their random streams hang.
        seed: entropy of the streams.
        samples: points to draw where the generated law is not Gaussian.
    """

    law: Law
    train: np.ndarray
    runs: list[int]
    seed: int
    samples: int

    def each(self, make: Callable[[np.ndarray, np.random.Generator], Generated]) -> list[Generated]:
        """``make``(training points, generator of the run) of every run; the stream hangs on the run and on n."""
        n = self.train.shape[1]
        return [
            make(points, rng.generator(self.seed, replicate=run, purpose="noise", index=n))
            for points, run in zip(self.train, self.runs, strict=True)
        ]


def one_step(task: Task, *, lam: float, time: float) -> list[Generated]:
    """The paper's linear denoiser, at its "generalization parameter" lambda and its time."""
    sigma = linear.noise_level(lambda_=lam, time=time)
    return task.each(lambda points, random: linear.one_step(points, random.standard_normal(points.shape), sigma=sigma))


def gaussian_fit(task: Task) -> list[Generated]:
    """The linear score, run to convergence."""
    return task.each(lambda points, _: fitted(points))


def multi_step(task: Task, *, steps: int, sampler: str) -> list[Generated]:
    """The linear score through a deterministic sampler, of which the end law is known for any number of steps."""
    chosen, sigmas = registry.load(registry.SAMPLERS[sampler]), _levels(steps)
    return task.each(lambda points, _: linear.end_law(fitted(points), sampler=chosen, sigmas=sigmas))


def empirical(task: Task, *, steps: int, sampler: str) -> list[Generated]:
    """The exact score of the training points, the memorizer, through a deterministic sampler."""
    chosen, sigmas = registry.load(registry.SAMPLERS[sampler]), _levels(steps)

    def make(points: np.ndarray, random: np.random.Generator) -> np.ndarray:
        start = float(sigmas[0]) * random.standard_normal((1, task.samples, points.shape[1]))
        return chosen(optimum(torch.from_numpy(points)), torch.from_numpy(start), sigmas, None)[0].numpy()

    return task.each(make)


def kernel(task: Task, *, smoothing: float) -> list[Generated]:
    """Training points with Gaussian noise of ``smoothing`` paper's bandwidths: at 1, the density of E_TG itself."""
    scale, (n, d) = task.law.gaussian.scale, task.train.shape[1:]
    width = bandwidth(n, scale=scale, dimension=d, factor=smoothing)
    return task.each(lambda points, r: _rows(points, r, task.samples) + width * r.standard_normal((task.samples, d)))


def truth(task: Task, *, stretch: float) -> list[Generated]:
    """Known answer: fresh points of the truth, ``stretch`` times as wide about its mean; nothing is copied."""
    mean = task.law.gaussian.mean
    return task.each(lambda _, random: mean + stretch * (task.law.draw(task.samples, random) - mean))


def copies(task: Task, *, share: float) -> list[Generated]:
    """Known answer: a point is an exact copy of a training point with probability ``share``, else fresh."""

    def make(points: np.ndarray, random: np.random.Generator) -> np.ndarray:
        copied = random.random((task.samples, 1)) < share
        return np.where(copied, _rows(points, random, task.samples), task.law.draw(task.samples, random))

    return task.each(make)


def _rows(points: np.ndarray, random: np.random.Generator, count: int) -> np.ndarray:
    return points[random.integers(len(points), size=count)]


def _levels(steps: int) -> torch.Tensor:
    return torch.cat([schedules.edm(**SIGMAS).sampling(steps), torch.zeros(1, dtype=torch.float64)])
