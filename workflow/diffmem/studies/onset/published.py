r"""The onset paper as published: what its public code computes, beside what its formulas say.

Two places where they part (https://github.com/I-Halder/a-solvable-generative-model-with-a-linear-one-step-denoiser):

LDM.py takes v W^T W for the covariance v W W^T of what the one-step model generates, and computes p_T - p_O, which in
100 dimensions is 1e-14 of p, in float32. Variants: ``correct`` (log space, Cauchy-Schwarz), ``transposed`` (the same
with that covariance) and ``float32`` (transposed, the squared L2 distance with p in float32). N is 10^4, as shipped.

simulation.py compares images pixel by pixel, by kernel densities of width s / |A| on a grid of 16 values around the
mean, from 10 generated, 10 training and 100 further images. The further ones stay in 0..255, training images lie in
[-1, 1] and generated ones in [0, 1]: units ``published``; ``consistent`` has all of them in [0, 1].
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from diffmem import rng
from diffmem.data.laws import isotropic
from diffmem.diffusion import linear_model as linear
from diffmem.gaussian import Normal
from diffmem.measure import densities
from diffmem.measure.intervals import wilson

SIZES = {16: (4, 8, 12, 16, 20, 24, 32, 48, 64), 100: (25, 50, 75, 100, 125, 200, 300, 400)}
FRESH = 10_000
MEAN, SPREAD, PIXELS = 0.5, 0.1, 256  # of the images, in [0, 1]
GRID = np.linspace(MEAN - 5 * SPREAD, MEAN + 5 * SPREAD, 16)
GENERATED, ORIGINALS = 10, 100


def kernels(*, dimension: int, repetitions: int, seed: int) -> pd.DataFrame:
    """Signs of Delta of LDM.py's experiment: columns dimension, n, ratio, repetition, variant, positive."""
    rows, law = [], isotropic(dimension=dimension)
    sigma = linear.noise_level(lambda_=1.0, time=2.0)
    for repetition in range(repetitions):
        random = rng.generator(seed, replicate=repetition, purpose="data")
        other = law.draw(FRESH, random)
        for n in SIZES[dimension]:
            train, noise = law.draw(n, random), random.standard_normal((n, dimension))
            for variant, delta in _deltas(train, noise, other, sigma).items():
                found = {"repetition": repetition, "variant": variant, "positive": delta > 0}
                rows.append({"dimension": dimension, "n": n, "ratio": n / dimension, **found})
    return pd.DataFrame(rows)


def float32_self_overlap(count: int, dimension: int, *, pairs: float) -> np.float32:
    """p_A as LDM.py has it, in float32 and its units; ``pairs`` is the sum of the kernels over all pairs."""
    one = np.float32(1)
    width = np.float32((1 / count) ** (1 / dimension))
    volume = (np.float32(2) * width * width) ** np.float32(dimension / 2)
    return one / (np.sqrt(np.float32(2 * np.pi)) * volume * np.float32(count**2)) * np.float32(pairs)


def pixels(*, repetitions: int, seed: int) -> pd.DataFrame:
    """Signs of Delta of simulation.py's metric for known generators: units, generator, repetition, positive."""
    rows = []
    for repetition in range(repetitions):
        random = rng.generator(seed, replicate=repetition, purpose="sampling")
        train, originals = (MEAN + SPREAD * random.standard_normal((k, PIXELS)) for k in (GENERATED, ORIGINALS))
        for name, draw in GENERATORS.items():
            generated = np.clip(draw(train, random), 0, 1)
            for units, (of_train, of_originals) in UNITS.items():
                delta = _pixel_delta(of_train(train), of_originals(originals), generated)
                rows.append({"units": units, "generator": name, "repetition": repetition, "positive": delta > 0})
    return pd.DataFrame(rows)


def shares(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """P(Delta > 0) and Wilson's interval: the columns ``by``, share, low, high, repetitions."""
    found = table.groupby(by, sort=False)["positive"].agg(["sum", "count"]).reset_index()
    bounds = [wilson(int(hits), int(count)) for hits, count in zip(found["sum"], found["count"], strict=True)]
    found["share"] = found["sum"] / found["count"]
    found[["low", "high"]] = bounds
    return found.rename(columns={"count": "repetitions"}).drop(columns="sum")


GENERATORS: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "truth": lambda train, random: MEAN + SPREAD * random.standard_normal(train.shape),
    "copies": lambda train, _: train,
    "untrained": lambda train, random: (random.standard_normal(train.shape) + 1) / 2,
}
UNITS = {
    "published": (lambda train: 2 * train - 1, lambda originals: 255 * originals),
    "consistent": (lambda train: train, lambda originals: originals),
}


def _deltas(train: np.ndarray, noise: np.ndarray, other: np.ndarray, sigma: float) -> dict[str, float]:
    """Delta of every variant, for the same points and noise."""
    (n, d), count = train.shape, len(other)
    widths = [densities.bandwidth(k, scale=1.0, dimension=d) for k in (n, count)]
    p_train = densities.log_self(train, width=widths[0])
    p_other = densities.log_self_expected(((1.0, isotropic(dimension=d).gaussian),), count=count, width=widths[1])
    laws = {
        name: linear.one_step(train, noise, sigma=sigma, published=name != "correct")
        for name in ("correct", "transposed")
    }
    crosses = {name: _crosses(law, (train, other), widths) for name, law in laws.items()}
    found = {name: densities.delta_cs(p_train, p_other, *cross) for name, cross in crosses.items()}
    # LDM.py leaves out (2 pi)^(-d/2) and puts in (2 pi)^(-1/2); its pair sums are in float32 too
    rounded = [
        float32_self_overlap(k, d, pairs=k + k * np.exp(p.rest - p.diagonal))
        for k, p in ((n, p_train), (count, p_other))
    ]
    unit = d / 2 * np.log(2 * np.pi) - np.log(2 * np.pi) / 2
    c_train, c_other = (np.exp(c + unit) for c in crosses["transposed"])
    return {**found, "float32": float(rounded[0]) - float(rounded[1]) - 2 * (c_train - c_other)}


def _crosses(law: Normal, sets: tuple[np.ndarray, ...], widths: list[float]) -> list[float]:
    return [densities.log_cross(law, points, width=width) for points, width in zip(sets, widths, strict=True)]


def _pixel_delta(train: np.ndarray, originals: np.ndarray, generated: np.ndarray) -> float:
    found = [_pixel_densities(images) for images in (train, originals, generated)]
    to_train, to_originals = (np.square(p - found[2]).mean() for p in found[:2])
    return to_train - to_originals


def _pixel_densities(images: np.ndarray) -> np.ndarray:
    """Kernel density of every pixel over ``images`` (k, p) on the grid: shape (p, 16)."""
    width = SPREAD / len(images)
    kernel = np.exp(-0.5 * np.square((GRID - images[..., None]) / width))
    return kernel.mean(0) / (np.sqrt(2 * np.pi) * width)
