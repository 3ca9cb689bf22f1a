"""Settings under which criteria are calibrated, and how many repetitions the quick and the full calibration make.

Snakemake reads these tables with its rules, so this module must not import numpy. Repetitions come in shards, one job
each: seconds in the quick calibration, minutes in the full one.
"""

from typing import Any, NamedTuple

from diffmem.settings.shards import shards


class Distribution(NamedTuple):
    """Where points come from.

    Attributes:
        sampler: name in ``generators.SAMPLERS``.
        options: of the sampler.
        factor: the generator "wide" is the truth stretched by this factor, "narrow" by its inverse.
    """

    sampler: str
    options: dict[str, int]
    factor: float


DISTRIBUTIONS = {
    "moons": Distribution("moons", {}, 3.0),
    "gaussian-1": Distribution("gaussian", {"dimension": 1}, 1.3),
    "gaussian-5": Distribution("gaussian", {"dimension": 5}, 1.3),
    "gaussian-10": Distribution("gaussian", {"dimension": 10}, 1.3),
    "gaussian-50": Distribution("gaussian", {"dimension": 50}, 1.3),
    "rank-10-in-64": Distribution("subspace", {"rank": 10, "dimension": 64}, 1.3),
}
SIZES = {"1000-1000": (1000, 1000), "800-200": (800, 200)}
PERMUTATIONS = 100


def _setting(distribution: str, *, train: int, test: int, generated: int, duplicates: int = 0) -> dict[str, Any]:
    """Keyword arguments of ``generators.Setting``."""
    return {
        "distribution": distribution,
        "train": train,
        "test": test,
        "generated": generated,
        "duplicates": duplicates,
    }


FULL = {
    f"{name}_{size}" + (f"_{duplicates}-duplicated" if duplicates else ""): _setting(
        name, train=train, test=test, generated=500, duplicates=duplicates
    )
    for name in DISTRIBUTIONS
    for size, (train, test) in SIZES.items()
    for duplicates in (0, 50)
}
QUICK = {
    "moons_300-300": _setting("moons", train=300, test=300, generated=300),
    "moons_240-60_12-duplicated": _setting("moons", train=240, test=60, generated=300, duplicates=12),
    "gaussian-10_300-300": _setting("gaussian-10", train=300, test=300, generated=300),
}
# by name of the target
SETTINGS = {"controls": QUICK, "controls-full": FULL}
SHARDS = {"controls": shards(replicates=60, size=30), "controls-full": shards(replicates=400, size=100)}
# settings with a row in the figure
SHOWN = {
    "controls": tuple(QUICK),
    "controls-full": (
        "moons_1000-1000",
        "moons_800-200_50-duplicated",
        "gaussian-10_1000-1000",
        "gaussian-50_1000-1000",
    ),
}
