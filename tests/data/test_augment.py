"""Versions of images: each is what its name says, in every layout, and what is no image is refused in one sentence."""

import numpy as np
import pytest

from diffmem.data.augment import augmentation
from diffmem.data.items import AuditError

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 3, 8, 6)).astype(float)


def made(names, images=IMAGES):
    of = augmentation(names, shape=images.shape[1:])
    return {version.name: of.applied(version, images) for version in of.versions}


def test_the_first_version_is_the_image_itself():
    for names in ("mirror", "shift", "crop", "mirror,shift"):
        name, images = next(iter(made(names).items()))
        assert name == "itself"
        assert np.array_equal(images, IMAGES)


def test_mirroring_exchanges_left_and_right():
    assert np.array_equal(made("mirror")["mirrored"], IMAGES[..., ::-1])


def test_shifts_repeat_the_edge():
    found = made("shift")
    assert len(found) == 9
    down = found["shifted +1 +0"]
    assert np.array_equal(down[:, :, 1:], IMAGES[:, :, :-1])
    assert np.array_equal(down[:, :, 0], IMAGES[:, :, 0])
    both = found["shifted -1 +1"]
    assert np.array_equal(both[:, :, :-1, 1:], IMAGES[:, :, 1:, :-1])
    assert len(made("shift-2")) == 25


def test_a_crop_is_seven_eighths_enlarged():
    ramp = np.broadcast_to(np.arange(16.0), (2, 16, 16))
    found = made("crop", ramp)
    assert len(found) == 6
    inside = 14 / 16 * (np.arange(16) + 0.5) - 0.5
    for name, start in {"top left": 0, "bottom right": 2, "middle": 1}.items():
        np.testing.assert_allclose(found[f"cropped {name}"][0, 0], start + np.clip(inside, 0, 13))
    np.testing.assert_allclose(found["cropped middle"][0, 3], found["cropped middle"][0, 9])


def test_several_are_combined():
    found = made(["mirror", "shift"])
    assert len(found) == 18
    assert np.array_equal(found["mirrored, shifted +0 +1"], made("shift", IMAGES[..., ::-1])["shifted +0 +1"])


def test_layouts_and_flat_rows_give_the_same():
    for name, version in made("mirror,shift,crop").items():
        last = made("mirror,shift,crop", np.moveaxis(IMAGES, 1, -1))[name]
        np.testing.assert_array_equal(np.moveaxis(last, -1, 1), version)
        gray = made("mirror,shift,crop", IMAGES[:, 0])[name]
        np.testing.assert_array_equal(gray, version[:, 0])
    of = augmentation("mirror", shape=IMAGES.shape[1:])
    flat = of.applied(of.versions[1], IMAGES.reshape(5, -1))
    assert np.array_equal(flat, IMAGES[..., ::-1].reshape(5, -1))


@pytest.mark.parametrize(
    ("names", "shape", "message"),
    [
        ("mirror", (64,), "is for images, and the training items have the shape"),
        ("mirror", (4, 8, 8), r"give folders of images, or arrays of shape \(items, channels"),
        ("turn", (8, 8), "augment = turn: expected some of mirror, shift, shift-K, crop"),
        ("mirror,,crop", (8, 8), "augment = nothing: expected some of"),
        ("shift-x", (8, 8), "augment = shift-x: expected some of"),
        ("shift-0", (8, 8), "augment = shift-0: give 1 to 7 pixels"),
        ("shift-8", (8, 9), "augment = shift-8: give 1 to 7 pixels"),
        ("mirror,shift-6", (16, 16), "has 338 versions of an image; ask for at most 256"),
    ],
)
def test_what_cannot_be_is_one_sentence(names, shape, message):
    with pytest.raises(AuditError, match=message):
        augmentation(names, shape=shape)
