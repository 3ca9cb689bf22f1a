"""Randomness: one stream per replicate and purpose, never a global one.

A replicate's streams hang on (seed, replicate, purpose) alone. They do not depend on the cell, so that cells that draw
as many numbers are compared on common ones, nor on the shard or the number of cores, so that adding replicates leaves
those already computed as they were.
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
)


Index = int | tuple[int, ...]


def stream(seed: int, *, replicate: int, purpose: str, index: Index = 0) -> np.random.SeedSequence:
    """Seed sequence of one purpose of one replicate; ``index`` tells repeated uses apart (a snapshot's step, say)."""
    path = (index,) if isinstance(index, int) else index
    return np.random.SeedSequence(seed, spawn_key=(replicate, PURPOSES.index(purpose), *path))


def generator(seed: int, *, replicate: int, purpose: str, index: Index = 0) -> np.random.Generator:
    """NumPy generator on that stream."""
    return np.random.default_rng(stream(seed, replicate=replicate, purpose=purpose, index=index))


def integer(seed: int, *, replicate: int, purpose: str, index: Index = 0) -> int:
    """A 63-bit integer from that stream, for libraries that take a plain number as their seed."""
    state = stream(seed, replicate=replicate, purpose=purpose, index=index).generate_state(1, np.uint64)
    return int(state[0] >> np.uint64(1))
