r"""Generators whose answer is known, on which criteria are calibrated.

The value of a criterion alone does not show whether it is large. Here the truth is known: a generator copies nothing,
or a known share pi of its points, or every point with added noise.

    copy nothing    truth         fresh points
                    wide, narrow  the truth with its noise (moons) or its scale (the others) changed by a factor
                    other-half    exact copies of a third set that no criterion sees: what the optimum of a model
                                  trained on that set generates
    copy            pi-...        a point is a copy of a random training row with probability pi, and fresh otherwise
                    duplicates    the same with pi = 0.2, of duplicated training locations only
                    optimum       pi = 1: the end point of the denoiser that minimises the training loss exactly, which
                                  draws every training row equally often, if the last noise level is zero
    copy softly     kde-...       a random training row plus Gaussian noise (a kernel density estimate)

A bandwidth is the root mean square displacement in units of the median distance from a training location to the next
one; the standard deviation of the noise per coordinate is that divided by sqrt(d).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from diffmem.data.gaussians import gaussian
from diffmem.data.toy import moons
from diffmem.locations import distinct
from diffmem.measure.criteria import spacing
from diffmem.studies.calibration.settings import DISTRIBUTIONS
from diffmem.studies.known_answers import blur_rows, copy_rows, copy_share

ROWS = 10  # training rows of a duplicated location
PI = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.7)
BANDWIDTHS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)

Sampler = Callable[..., np.ndarray]  # (count, rng, *, stretch) -> (count, d); stretch 1 is the truth


@dataclass(frozen=True)
class Setting:
    """A distribution of `settings`, and sizes.

    Attributes:
        train, test: numbers of locations; every duplicated training location has further rows.
        generated: number of points.
        duplicates: number of training locations with ``ROWS`` rows.
    """

    distribution: str
    train: int
    test: int
    generated: int
    duplicates: int = 0


# --- distributions ----------------------------------------------------------------------------------------------------


def draw_moons(count: int, rng: np.random.Generator, *, stretch: float = 1.0) -> np.ndarray:
    """Two moons; ``stretch`` changes their noise only."""
    return moons(count, rng, noise=0.03 * stretch)


def draw_gaussian(count: int, rng: np.random.Generator, *, dimension: int, stretch: float = 1.0) -> np.ndarray:
    """The standard normal distribution, scaled."""
    return stretch * gaussian(count, rng, dimension=dimension)


def draw_subspace(
    count: int, rng: np.random.Generator, *, rank: int, dimension: int, stretch: float = 1.0
) -> np.ndarray:
    """Gaussian data in a random ``rank``-dimensional subspace, the same for every draw, with unequal variances.

    ``low_rank`` of `data.gaussians` fills all dimensions and draws as many random numbers; here a row takes ``rank``.
    """
    basis = np.random.default_rng(0).standard_normal((rank, dimension)) / np.sqrt(dimension)
    return stretch * gaussian(count, rng, dimension=rank) @ basis


SAMPLERS: dict[str, Sampler] = {"moons": draw_moons, "gaussian": draw_gaussian, "subspace": draw_subspace}


@dataclass(frozen=True)
class Sets:
    """One draw of everything that a generator or a criterion may know.

    Attributes:
        train: training rows, of shape (n, d); the first ``ROWS * duplicates`` are copies of as many locations.
        third: a third set, drawn as ``train``.
        test: held-out points, of shape (n', d).
        duplicates: number of training locations with several rows.
        truth: draws further points.
        factor: by which a generator that is too wide or too narrow is stretched.
    """

    train: np.ndarray
    third: np.ndarray
    test: np.ndarray
    duplicates: int
    truth: Sampler
    factor: float


def draw_sets(setting: Setting, rng: np.random.Generator) -> Sets:
    """Training rows, a third set of the same make, and held-out points."""
    distribution, duplicates = DISTRIBUTIONS[setting.distribution], setting.duplicates
    truth = partial(SAMPLERS[distribution.sampler], **distribution.options)
    rows = np.concatenate([np.repeat(np.arange(duplicates), ROWS), np.arange(duplicates, setting.train)])
    train, third = (truth(setting.train, rng)[rows] for _ in range(2))
    return Sets(train, third, truth(setting.test, rng), duplicates, truth, distribution.factor)


# --- generators: (sets, rng, count) -> (count, d) ---------------------------------------------------------------------


def generate_fresh(sets: Sets, rng: np.random.Generator, count: int, *, power: int = 0) -> np.ndarray:
    """Fresh points of the truth (power 0), or of a truth that is too wide (1) or too narrow (-1)."""
    return sets.truth(count, rng, stretch=sets.factor**power)


def generate_third(sets: Sets, rng: np.random.Generator, count: int) -> np.ndarray:
    """Copies of rows of a set that was neither trained on nor held out."""
    return copy_rows(sets.third, count, rng)


def generate_copies(sets: Sets, rng: np.random.Generator, count: int) -> np.ndarray:
    """Copies of training rows; a duplicated location comes as often as its rows."""
    return copy_rows(sets.train, count, rng)


def generate_mixture(sets: Sets, rng: np.random.Generator, count: int, *, pi: float) -> np.ndarray:
    """Copies of training rows with probability ``pi``, and fresh points."""
    return copy_share(sets.train, count, rng, share=pi, draw_fresh=sets.truth)


def generate_duplicates(sets: Sets, rng: np.random.Generator, count: int, *, pi: float) -> np.ndarray:
    """Copies of duplicated training locations with probability ``pi``, and fresh points; there must be duplicates."""
    return copy_share(sets.train[: ROWS * sets.duplicates], count, rng, share=pi, draw_fresh=sets.truth)


def generate_soft_copies(sets: Sets, rng: np.random.Generator, count: int, *, bandwidth: float) -> np.ndarray:
    """Training rows displaced by Gaussian noise of root mean square ``bandwidth`` median spacings."""
    width = bandwidth * np.median(spacing(distinct(sets.train))) / np.sqrt(sets.train.shape[1])
    return blur_rows(sets.train, count, rng, width=width)


@dataclass(frozen=True)
class Control:
    """A generator and its answer: the share of exact copies, or the bandwidth of soft ones (pi is missing then)."""

    generate: Callable[[Sets, np.random.Generator, int], np.ndarray]
    pi: float = float("nan")
    bandwidth: float = float("nan")


CONTROLS: dict[str, Control] = {
    "truth": Control(generate_fresh, pi=0),
    "wide": Control(partial(generate_fresh, power=1), pi=0),
    "narrow": Control(partial(generate_fresh, power=-1), pi=0),
    "other-half": Control(generate_third, pi=0),
    **{f"pi-{pi:g}": Control(partial(generate_mixture, pi=pi), pi=pi) for pi in PI},
    "optimum": Control(generate_copies, pi=1),
    "duplicates": Control(partial(generate_duplicates, pi=0.2), pi=0.2),
    **{f"kde-{h:g}": Control(partial(generate_soft_copies, bandwidth=h), bandwidth=h) for h in BANDWIDTHS},
}
