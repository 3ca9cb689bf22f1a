"""Which generated images to look at, beside the training images nearest to them."""

from dataclasses import dataclass

import numpy as np

COUNT = 8  # images of a row


@dataclass(frozen=True)
class Matches:
    """Generated images beside the training images nearest to them.

    Attributes:
        kind: what a row of them shows.
        generated, nearest: images of shape (rows, columns, height, width) or (..., height, width, channels).
        score: a ratio of distances, small for copies, of shape (rows, columns).
    """

    kind: tuple[str, ...]
    generated: np.ndarray
    nearest: np.ndarray
    score: np.ndarray


def over_training(
    *,
    points: np.ndarray,
    epochs: np.ndarray,
    positions: np.ndarray,
    neighbours: np.ndarray,
    size: tuple[int, int, int],
    count: int = COUNT,
) -> Matches:
    """The first ``count`` samples of every snapshot, which is no selection.

    The score is the distance to the nearest training image over that to the nearest held-out image: a sample is
    memorized at the ratio r where the score is below 1 / r.

    Args:
        points: samples (s, g, d).
        epochs: of the snapshots, of shape (s,).
        positions: the training locations (m, d).
        neighbours: neighbour tables (s, g) of the samples, with train_distance, train_location and plain_distance.
        size: channels, height and width of an image, with product d.
    """
    shown, near = points[:, :count], neighbours[:, :count]
    with np.errstate(divide="ignore", invalid="ignore"):
        score = near["train_distance"][..., 0] / near["plain_distance"]
    return Matches(
        kind=tuple(f"epoch {round(float(epoch), 0 if epoch >= 10 else 2):,.10g}" for epoch in epochs),
        generated=channels_last(shown, size),
        nearest=channels_last(positions[near["train_location"][..., 0]], size),
        score=np.nan_to_num(score, nan=1.0),
    )


def channels_last(points: np.ndarray, size: tuple[int, int, int]) -> np.ndarray:
    """Points (..., d) as images (..., height, width, channels), or (..., height, width) where there is one channel."""
    images = points.reshape(*points.shape[:-1], *size)
    return np.moveaxis(images, -3, -1) if size[0] > 1 else images[..., 0, :, :]
