r"""The control ladder: generators whose answer is known, put before every criterion.

No number of this field says by itself whether it is large. Here the truth is: a generator either copies nothing, or a
known share pi of its points, or every point softly. One *control* is a fresh draw of training, held-out and further
points, one generator's samples, and all criteria's verdicts on them (`verdicts`), so that controls are independent.

    copy nothing    truth         fresh points
                    wide, narrow  the truth with its noise (moons) or scale (the others) changed
                    other-half    exact copies of a third set, with which nobody compares: the optimum of a model that
                                  was trained on it
    copy            pi-...        a point is a copy of a random training row with probability pi, else fresh
                    duplicates    the same with pi = 0.2, but of duplicated training locations alone
                    optimum       pi = 1: the end point of the denoiser that minimises the training loss exactly, which
                                  draws training rows alike; its last noise level is taken as zero
    copy softly     kde-...       a random training row plus Gaussian noise (a kernel density estimate)

A bandwidth is the root mean square displacement in units of the median distance from a training location to the next
one; the noise has that divided by sqrt(d) as its standard deviation per coordinate.
"""

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from diffmem import rng as streams
from diffmem.data.gaussians import gaussian
from diffmem.data.toy import moons
from diffmem.locations import distinct
from diffmem.measure.criteria import spacing
from diffmem.studies.calibration.criteria import Verdict, judge

ROWS = 10  # training rows of a duplicated location
PI = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.7)
BANDWIDTHS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
SEED = 0

Sampler = Callable[..., np.ndarray]  # (count, rng, *, stretch) -> (count, d); stretch 1 is the truth


# --- distributions ----------------------------------------------------------------------------------------------------


def noisy_moons(count: int, rng: np.random.Generator, *, stretch: float = 1.0) -> np.ndarray:
    """Two moons, of which ``stretch`` changes the noise alone."""
    return moons(count, rng, noise=0.03 * stretch)


def scaled_gaussian(count: int, rng: np.random.Generator, *, dimension: int, stretch: float = 1.0) -> np.ndarray:
    """The standard normal distribution, scaled."""
    return stretch * gaussian(count, rng, dimension=dimension)


def low_rank(
    count: int, rng: np.random.Generator, *, rank: int, dimension: int, stretch: float = 1.0, seed: int = 0
) -> np.ndarray:
    """Gaussian data in a random ``rank``-dimensional subspace, the same for every draw, with unequal variances."""
    basis = np.random.default_rng(seed).standard_normal((rank, dimension)) / np.sqrt(dimension)
    return stretch * gaussian(count, rng, dimension=rank) @ basis


SHAPES: dict[str, tuple[Sampler, float]] = {  # and the factor by which the wide and the narrow one are off
    "moons": (noisy_moons, 3.0),
    "gaussian-1": (partial(scaled_gaussian, dimension=1), 1.3),
    "gaussian-5": (partial(scaled_gaussian, dimension=5), 1.3),
    "gaussian-10": (partial(scaled_gaussian, dimension=10), 1.3),
    "gaussian-50": (partial(scaled_gaussian, dimension=50), 1.3),
    "rank-10-in-64": (partial(low_rank, rank=10, dimension=64), 1.3),
}


@dataclass(frozen=True)
class World:
    """One draw of everything that a generator may know.

    Attributes:
        train: rows, shape (n, d); the first ``ROWS`` x ``duplicated`` of them are the copies of as many locations.
        other: a third set, drawn as ``train``.
        duplicated: number of training locations with several rows.
        truth: draws further points.
        factor: by which a generator that is too wide or too narrow is off.
    """

    train: np.ndarray
    other: np.ndarray
    duplicated: int
    truth: Sampler
    factor: float


# --- generators: (world, rng, count) -> (count, d) --------------------------------------------------------------------


def fresh(world: World, rng: np.random.Generator, count: int, *, power: int = 0) -> np.ndarray:
    """Fresh points of the truth (power 0), or of a truth that is too wide (1) or too narrow (-1)."""
    return world.truth(count, rng, stretch=world.factor**power)


def other_half(world: World, rng: np.random.Generator, count: int) -> np.ndarray:
    """Copies of rows of a set that was neither trained on nor held out."""
    return world.other[rng.integers(len(world.other), size=count)]


def copies(world: World, rng: np.random.Generator, count: int) -> np.ndarray:
    """Copies of training rows, so that a duplicated location comes as often as its rows."""
    return world.train[rng.integers(len(world.train), size=count)]


def copied_duplicates(world: World, rng: np.random.Generator, count: int) -> np.ndarray:
    """Copies of duplicated training locations alone; there must be some."""
    return world.train[rng.integers(ROWS * world.duplicated, size=count)]


def mixture(
    world: World, rng: np.random.Generator, count: int, *, pi: float, of: Callable[..., np.ndarray] = copies
) -> np.ndarray:
    """Every point is one of ``of``'s with probability ``pi``, else fresh."""
    return np.where(rng.random((count, 1)) < pi, of(world, rng, count), world.truth(count, rng))


def kernel(world: World, rng: np.random.Generator, count: int, *, bandwidth: float) -> np.ndarray:
    """Training rows displaced by Gaussian noise of root mean square ``bandwidth`` median spacings."""
    points = copies(world, rng, count)
    width = bandwidth * np.median(spacing(distinct(world.train))) / np.sqrt(points.shape[1])
    return points + width * rng.standard_normal(points.shape)


@dataclass(frozen=True)
class Control:
    """A generator and its answer: the share of exact copies, or the bandwidth of its soft ones (pi is missing then)."""

    draw: Callable[..., np.ndarray]
    pi: float = float("nan")
    bandwidth: float = float("nan")


NOTHING_COPIED = ("truth", "wide", "narrow", "other-half")
CONTROLS: dict[str, Control] = {
    "truth": Control(fresh, pi=0),
    "wide": Control(partial(fresh, power=1), pi=0),
    "narrow": Control(partial(fresh, power=-1), pi=0),
    "other-half": Control(other_half, pi=0),
    **{f"pi-{pi:g}": Control(partial(mixture, pi=pi), pi=pi) for pi in PI},
    "optimum": Control(copies, pi=1),
    "duplicates": Control(partial(mixture, pi=0.2, of=copied_duplicates), pi=0.2),
    **{f"kde-{h:g}": Control(partial(kernel, bandwidth=h), bandwidth=h) for h in BANDWIDTHS},
}


# --- running ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Setting:
    """Where the controls are run: a distribution, sizes in locations, and how many of the training ones are copied."""

    shape: str
    train: int
    test: int
    generated: int
    duplicates: int = 0


def draw_world(setting: Setting, rng: np.random.Generator) -> World:
    """Training rows and a third set of the same make."""
    truth, factor = SHAPES[setting.shape]
    rows = np.concatenate(
        [np.repeat(np.arange(setting.duplicates), ROWS), np.arange(setting.duplicates, setting.train)]
    )
    train, other = (truth(setting.train, rng)[rows] for _ in range(2))
    return World(train, other, setting.duplicates, truth, factor)


def run(setting: Setting, *, name: str, repetition: int, permutations: int, seed: int = SEED) -> dict[str, Verdict]:
    """One control: the verdicts of all criteria on one draw of the generator ``name``."""
    index = list(CONTROLS).index(name)
    data, sampling, measure = (
        streams.generator(seed, replicate=repetition, purpose=purpose, index=index)
        for purpose in ("data", "sampling", "measure")
    )
    world = draw_world(setting, data)
    test = world.truth(setting.test, data)
    generated = CONTROLS[name].draw(world, sampling, setting.generated)
    return judge(train=world.train, test=test, generated=generated, permutations=permutations, rng=measure)


def simulate(setting: Setting, *, repetitions: Iterable[int], permutations: int) -> pd.DataFrame:
    """All controls of a setting.

    Returns:
        one row per generator, repetition and criterion: generator, pi, bandwidth, repetition, criterion, and the fields
        of ``verdicts.Verdict``.
    """
    names = [name for name in CONTROLS if setting.duplicates or name != "duplicates"]
    rows = []
    for name, repetition in itertools.product(names, repetitions):
        answer = {"generator": name, "pi": CONTROLS[name].pi, "bandwidth": CONTROLS[name].bandwidth}
        verdicts = run(setting, name=name, repetition=repetition, permutations=permutations)
        rows += [
            {**answer, "repetition": repetition, "criterion": criterion, **verdict._asdict()}
            for criterion, verdict in verdicts.items()
        ]
    return pd.DataFrame(rows)
