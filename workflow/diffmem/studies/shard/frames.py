"""Points of one replicate at many snapshots, with what they lie close to: the frames of an animation."""

import numpy as np

from diffmem.measure.strata import quotient

FRAMES = 24  # snapshots that are kept, at most
POINTS = 500  # points of each, at most


def shard_frames(
    samples: np.ndarray, *, generated: np.ndarray, epochs: np.ndarray, ratio: float, reference: str
) -> dict[str, np.ndarray]:
    """Some points of the first replicate at some equally spaced snapshots, the first and the last among them.

    Args:
        samples: points (r, s, g, d).
        generated: their neighbour tables (r, s, g).
        epochs: of the snapshots, of shape (s,).
        ratio: r of the main figures.
        reference: the test set, plain or matched.

    Returns:
        points (f, k, d); close (f, k): 1 for a point that is more than r times closer to a training point than to any
        held-out point, -1 for the opposite, and 0 otherwise, so that its mean over all points is the net copied
        fraction; epoch (f,).
    """
    chosen = np.unique(np.linspace(0, len(epochs) - 1, FRAMES).round().astype(int))
    q = quotient(np.stack([generated[0, number, :POINTS] for number in chosen]), reference)
    return {
        "points": np.stack([samples[0, number, :POINTS] for number in chosen]),
        "close": (q > ratio).astype(np.int8) - (q < 1 / ratio).astype(np.int8),
        "epoch": np.asarray(epochs)[chosen],
    }
