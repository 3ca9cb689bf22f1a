"""What the control ladder goes through: settings, and how many repetitions the quick and the full version make.

Plain tables, read while Snakemake reads the rules: this module must not import numpy. What the words mean is in
`controls`. Repetitions come in shards, one job each: seconds for the quick version, minutes for the full one.
"""

from diffmem.settings.study import shards

SHAPES = ("moons", "gaussian-1", "gaussian-5", "gaussian-10", "gaussian-50", "rank-10-in-64")
SIZES = {"1000-1000": (1000, 1000), "800-200": (800, 200)}
PERMUTATIONS = 100


def _setting(shape: str, *, train: int, test: int, generated: int, duplicates: int = 0) -> dict[str, str | int]:
    return {
        "shape": shape,
        "train": train,  # locations; every duplicated one has further rows
        "test": test,
        "generated": generated,
        "duplicates": duplicates,  # locations that have copies
    }


FULL = {
    f"{shape}_{size}" + (f"_{duplicates}-duplicated" if duplicates else ""): _setting(
        shape, train=train, test=test, generated=500, duplicates=duplicates
    )
    for shape in SHAPES
    for size, (train, test) in SIZES.items()
    for duplicates in (0, 50)
}
QUICK = {
    "moons_300-300": _setting("moons", train=300, test=300, generated=300),
    "moons_240-60_12-duplicated": _setting("moons", train=240, test=60, generated=300, duplicates=12),
    "gaussian-10_300-300": _setting("gaussian-10", train=300, test=300, generated=300),
}
SETTINGS = {"controls": QUICK, "controls-full": FULL}
SHARDS = {"controls": shards(replicates=60, size=30), "controls-full": shards(replicates=2000, size=100)}
# a row of the figure each
SHOWN = {
    "controls": tuple(QUICK),
    "controls-full": (
        "moons_1000-1000",
        "moons_800-200_50-duplicated",
        "gaussian-10_1000-1000",
        "gaussian-50_1000-1000",
    ),
}
