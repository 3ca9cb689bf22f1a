"""Randomness: one stream per replicate and purpose, never a global one.

A replicate's streams depend only on (seed, replicate, purpose). They do not depend on the cell: cells that draw equally
many numbers use the same ones, and are compared on common random numbers. They do not depend on the shard or the number
of cores either: more replicates do not change those that are computed already.
"""

import numpy as np

PURPOSES = (
    "data",
    "injection",
    "initialisation",
    "batches",
    "noise",
    "sampling",
    "evaluation",
    "measure",
    "labels",
    "dropout",
    "conditions",
    "recall",
    "membership",
    "ceiling",
)


Index = int | tuple[int, ...]


def stream(seed: int, *, replicate: int, purpose: str, index: Index = 0) -> np.random.SeedSequence:
    """Seed sequence for one purpose of one replicate; ``index`` separates repeated uses, such as snapshots."""
    path = (index,) if isinstance(index, int) else index
    return np.random.SeedSequence(seed, spawn_key=(replicate, PURPOSES.index(purpose), *path))


def generator(seed: int, *, replicate: int, purpose: str, index: Index = 0) -> np.random.Generator:
    """NumPy generator on the stream of ``stream``."""
    return np.random.default_rng(stream(seed, replicate=replicate, purpose=purpose, index=index))


def integer(seed: int, *, replicate: int, purpose: str, index: Index = 0) -> int:
    """A 63-bit integer from the stream of ``stream``, a seed for libraries; torch's generators use its low 32 bits."""
    state = stream(seed, replicate=replicate, purpose=purpose, index=index).generate_state(1, np.uint64)
    return int(state[0] >> np.uint64(1))
