"""The best, the doubtful and the worst matches of generated images with training images."""

import numpy as np

from diffmem.measure.criteria import ONE_THIRD, second
from diffmem.studies.images import COUNT, Matches, channels_last


def matches(
    *,
    generated: np.ndarray,
    positions: np.ndarray,
    neighbours: np.ndarray,
    size: tuple[int, int, int],
    count: int = COUNT,
) -> Matches:
    """The ``count`` best matches, those nearest to the threshold of 1/3, and those farthest from any training image.

    No training image appears twice in a row as long as there are others. The score is d_1 / d_2.

    Args:
        generated: points (g, d).
        positions: the training locations (m, d).
        neighbours: their neighbour table (g,), with train_distance and train_location.
        size: channels, height and width of an image, with product d.
    """
    score, location = second(neighbours["train_distance"]), neighbours["train_location"][:, 0]
    orders = {
        "best": score,
        "near 1/3": np.abs(np.log(np.maximum(score, 1e-9) / ONE_THIRD)),
        "worst": -neighbours["train_distance"][:, 0],
    }
    rows = np.array([_first_of_each(np.argsort(key, kind="stable"), location, count) for key in orders.values()])
    shown, nearest = (channels_last(x[rows], size) for x in (generated, positions[location]))
    return Matches(kind=tuple(orders), generated=shown, nearest=nearest, score=score[rows])


def _first_of_each(order: np.ndarray, location: np.ndarray, count: int) -> np.ndarray:
    """The first ``count`` of ``order``, those of new locations before others."""
    _, first = np.unique(location[order], return_index=True)
    again = np.setdiff1d(np.arange(len(order)), first)
    return order[np.concatenate([np.sort(first), again])[:count]]
