r"""The onset paper as published: results of its public code beside those of its formulas.

The code (https://github.com/I-Halder/a-solvable-generative-model-with-a-linear-one-step-denoiser) differs from the
formulas in two places.

LDM.py (`simulate_linear`) takes v W^T W for the covariance v W W^T of what the one-step model generates. It also
computes p_T - p_O in float32, where in 100 dimensions this difference is 1e-14 of p. Variants:

    correct      log space, Cauchy-Schwarz
    transposed   the same with the transposed covariance
    float32      transposed, the squared L2 distance, p in float32

simulation.py (`simulate_pixels`) compares images pixel by pixel, by kernel densities of width s / |A| on a grid of 16
values around the mean, from 10 generated, 10 training and 100 further images, the originals. Units:

    published    originals in 0..255, training images in [-1, 1], generated ones in [0, 1]
    consistent   all in [0, 1]
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from diffmem import rng
from diffmem.data.gaussians import isotropic
from diffmem.diffusion import linear_model
from diffmem.measure import densities
from diffmem.measure.intervals import share
from diffmem.settings.records import known

SIZES = {16: (4, 8, 12, 16, 20, 24, 32, 48, 64), 100: (25, 50, 75, 100, 125, 200, 300, 400)}
FRESH = 10_000  # N, as in LDM.py
MEAN, SPREAD, PIXELS = 0.5, 0.1, 256  # of the images, in [0, 1]
GRID = np.linspace(MEAN - 5 * SPREAD, MEAN + 5 * SPREAD, 16)
IMAGES, ORIGINALS = 10, 100

GENERATORS: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "truth": lambda train, random: MEAN + SPREAD * random.standard_normal(train.shape),
    "copies": lambda train, _: train,
    "untrained": lambda train, random: (random.standard_normal(train.shape) + 1) / 2,
}
# units -> scale of the training images, scale of the originals
UNITS: dict[str, tuple[Callable[[np.ndarray], np.ndarray], Callable[[np.ndarray], np.ndarray]]] = {
    "published": (lambda train: 2 * train - 1, lambda originals: 255 * originals),
    "consistent": (lambda train: train, lambda originals: originals),
}


def simulate_part(*, part: str, repetitions: int, seed: int, dimension: int | None = None) -> pd.DataFrame:
    """P(Delta > 0) of the part ``linear``, in this ``dimension``, or ``pixels``, with Wilson's interval."""
    if part == "pixels":
        return tabulate_shares(simulate_pixels(repetitions=repetitions, seed=seed), by=["units", "generator"])
    table = simulate_linear(dimension=known(dimension), repetitions=repetitions, seed=seed)
    return tabulate_shares(table, by=["dimension", "n", "ratio", "variant"])


def tabulate_shares(table: pd.DataFrame, *, by: list[str]) -> pd.DataFrame:
    """Share of rows that are ``positive`` and Wilson's interval: the columns ``by``, repetitions, share, low, high."""
    rows = []
    for key, part in table.groupby(by, sort=False):
        value, low, high = share(part["positive"])
        summary = {"repetitions": len(part), "share": value, "low": low, "high": high}
        rows.append({**dict(zip(by, key, strict=True)), **summary})
    return pd.DataFrame(rows)


# --- LDM.py -----------------------------------------------------------------------------------------------------------


def simulate_linear(*, dimension: int, repetitions: int, seed: int) -> pd.DataFrame:
    """Signs of Delta of LDM.py's experiment: columns dimension, n, ratio, repetition, variant, positive."""
    rows, law = [], isotropic(dimension=dimension)
    sigma = linear_model.noise_level(generalization=1.0, time=2.0)
    for repetition in range(repetitions):
        random = rng.generator(seed, replicate=repetition, purpose="data")
        fresh = law.draw(FRESH, random)
        for n in SIZES[dimension]:
            train, noise = law.draw(n, random), random.standard_normal((n, dimension))
            same = {"dimension": dimension, "n": n, "ratio": n / dimension, "repetition": repetition}
            deltas = compute_deltas(train, noise, fresh, sigma=sigma)
            rows += [{**same, "variant": variant, "positive": delta > 0} for variant, delta in deltas.items()]
    return pd.DataFrame(rows)


def compute_deltas(train: np.ndarray, noise: np.ndarray, fresh: np.ndarray, *, sigma: float) -> dict[str, float]:
    """Delta of every variant for the same points ``train`` (n, d), ``noise`` (n, d) and ``fresh`` (N, d)."""
    (n, d), count = train.shape, len(fresh)
    width, fresh_width = (densities.bandwidth(k, scale=1.0, dimension=d) for k in (n, count))
    p_train = densities.log_self(train, width=width)
    p_fresh = densities.log_self_expected(isotropic(dimension=d).parts, count=count, width=fresh_width)
    overlaps = {}
    for variant in ("correct", "transposed"):
        law = linear_model.one_step(train, noise, sigma=sigma, published=variant == "transposed")
        overlaps[variant] = (
            densities.Overlaps(p_train, densities.log_cross(law, train, width=width)),
            densities.Overlaps(p_fresh, densities.log_cross(law, fresh, width=fresh_width)),
        )
    deltas = {variant: densities.delta_cs(*pair) for variant, pair in overlaps.items()}
    return {**deltas, "float32": _delta_float32(*overlaps["transposed"], n=n, count=count, d=d)}


def compute_self_overlap(count: int, dimension: int, *, pairs: float) -> np.float32:
    """p_A as LDM.py has it, in float32 and its units; ``pairs`` is the sum of the kernels over all pairs."""
    one = np.float32(1)
    width = np.float32((1 / count) ** (1 / dimension))
    volume = (np.float32(2) * width * width) ** np.float32(dimension / 2)
    return one / (np.sqrt(np.float32(2 * np.pi)) * volume * np.float32(count**2)) * np.float32(pairs)


def _delta_float32(train: densities.Overlaps, fresh: densities.Overlaps, *, n: int, count: int, d: int) -> float:
    """Delta of LDM.py, which leaves out (2 pi)^(-d/2) and puts in (2 pi)^(-1/2); its sums of pairs are float32 too."""
    p_train, p_fresh = (
        compute_self_overlap(k, d, pairs=k + k * np.exp(p.rest - p.diagonal))
        for k, p in ((n, train.p), (count, fresh.p))
    )
    unit = d / 2 * np.log(2 * np.pi) - np.log(2 * np.pi) / 2
    return float(p_train) - float(p_fresh) - 2 * (np.exp(train.c + unit) - np.exp(fresh.c + unit))


# --- simulation.py ----------------------------------------------------------------------------------------------------


def simulate_pixels(*, repetitions: int, seed: int) -> pd.DataFrame:
    """Signs of Delta of simulation.py's metric for known generators: units, generator, repetition, positive."""
    rows = []
    for repetition in range(repetitions):
        random = rng.generator(seed, replicate=repetition, purpose="sampling")
        train, originals = (MEAN + SPREAD * random.standard_normal((k, PIXELS)) for k in (IMAGES, ORIGINALS))
        for name, draw in GENERATORS.items():
            generated = np.clip(draw(train, random), 0, 1)
            for units, (scale_train, scale_originals) in UNITS.items():
                delta = _delta_pixels(scale_train(train), scale_originals(originals), generated)
                rows.append({"units": units, "generator": name, "repetition": repetition, "positive": delta > 0})
    return pd.DataFrame(rows)


def _delta_pixels(train: np.ndarray, originals: np.ndarray, generated: np.ndarray) -> float:
    to_train, to_originals = (
        np.square(_pixel_densities(images) - _pixel_densities(generated)).mean() for images in (train, originals)
    )
    return to_train - to_originals


def _pixel_densities(images: np.ndarray) -> np.ndarray:
    """Kernel density of every pixel over ``images`` (k, p) on the grid, of shape (p, 16)."""
    width = SPREAD / len(images)
    kernel = np.exp(-0.5 * np.square((GRID - images[..., None]) / width))
    return kernel.mean(0) / (np.sqrt(2 * np.pi) * width)
