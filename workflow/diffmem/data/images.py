"""Images that need no download, flattened and scaled to [-1, 1]."""

import numpy as np


def digits(count: int, rng: np.random.Generator) -> np.ndarray:
    """Handwritten digits of 8 x 8 pixels from scikit-learn, without replacement. Shape (count, 64), count <= 1797."""
    from sklearn.datasets import load_digits

    images = load_digits().data / 8 - 1
    return images[rng.permutation(len(images))[:count]]
