"""A sampler of a model that was trained elsewhere, as an example; a real one loads the weights of the snapshot."""

import numpy as np


def sample(n: int, snapshot: int, generator: np.random.Generator) -> np.ndarray:
    """Draw n samples of the model at a snapshot, of shape (n, 64): training points with ever less noise."""
    train = np.load("train.npy")
    noise = 2 / (1 + snapshot / 10)
    return train[generator.integers(len(train), size=n)] + noise * generator.standard_normal((n, train.shape[1]))
