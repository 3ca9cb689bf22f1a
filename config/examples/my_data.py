"""Three rings, as an example of data of one's own."""

import numpy as np


def draw(count: int, generator: np.random.Generator) -> np.ndarray:
    """Draw independent points, of shape (count, 2)."""
    radius = generator.choice([0.5, 1.0, 1.5], count) + 0.03 * generator.standard_normal(count)
    angle = generator.uniform(0, 2 * np.pi, count)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
