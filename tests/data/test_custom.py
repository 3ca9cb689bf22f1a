"""A folder or an array gives the images that were written to it; what is wrong with one is said in one sentence."""

import struct
import zlib

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from diffmem.data.custom import array, folder
from diffmem.data.image_set import DataError, points
from diffmem.data.read import read

RNG = np.random.default_rng(0)
COLOUR = RNG.integers(0, 256, (4, 3, 6, 8), dtype=np.uint8)
GRAY = RNG.integers(0, 256, (4, 1, 8, 8), dtype=np.uint8)
POINTS = RNG.standard_normal((4, 5))
LABELS = np.array([2, 0, 2, 7])


def refused(reader, path, size, words, pixels=None):
    with pytest.raises(DataError) as refusal:
        reader(path=str(path), size=size, pixels=pixels)
    assert words in str(refusal.value)
    assert str(path) in str(refusal.value)
    assert "\n" not in str(refusal.value)


def save(path, image):
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(image.transpose(1, 2, 0).squeeze()).save(path)


@pytest.mark.parametrize("pixels", [COLOUR, GRAY], ids=["colour", "gray"])
def test_sub_folders_are_classes_in_the_order_of_their_names(tmp_path, pixels):
    for name, image in zip(("b/1.png", "a/2.png", "b/0.bmp", "a/10.PNG"), pixels, strict=True):
        save(tmp_path / name, image)
    (tmp_path / "notes.txt").write_text("not an image")
    (tmp_path / "a" / ".DS_Store").write_bytes(b"nor this")
    (tmp_path / ".cache").mkdir()
    found = folder(path=str(tmp_path), size=list(pixels.shape[1:]), pixels=None)
    assert np.array_equal(found.pixels, pixels[[3, 1, 2, 0]])
    assert np.array_equal(found.labels, [0, 0, 1, 1])


def test_a_folder_without_sub_folders_is_one_class(tmp_path):
    for i, image in enumerate(COLOUR):
        save(tmp_path / f"{i}.png", image)
    found = folder(path=str(tmp_path), size=[3, 6, 8], pixels=None)
    assert np.array_equal(found.pixels, COLOUR)
    assert not found.labels.any()


def test_images_become_gray_colour_or_smaller_as_the_config_says(tmp_path):
    for i, image in enumerate(GRAY):
        save(tmp_path / f"{i}.png", image)
    assert np.array_equal(folder(path=str(tmp_path), size=[3, 8, 8], pixels=None).pixels, GRAY.repeat(3, axis=1))
    small = folder(path=str(tmp_path), size=[1, 8, 8], pixels=2).pixels
    assert np.array_equal(small[:, :, 1, 0], GRAY[:, :, 4:, :4].mean((2, 3)))


def test_what_is_wrong_with_a_folder_is_said(tmp_path):
    refused(folder, tmp_path / "missing", [3, 6, 8], "no such folder")
    refused(folder, tmp_path, [3, 6, 8], "contains no image")
    for i, image in enumerate(COLOUR):
        save(tmp_path / "a" / f"{i}.png", image)
    refused(folder, tmp_path, [3, 8, 8], "has 6 x 8 pixels, but data.size says 8 x 8")
    (tmp_path / "empty").mkdir()
    refused(folder, tmp_path, [3, 6, 8], "empty: contains no image")
    save(tmp_path / "empty" / "other.png", GRAY[0])
    refused(folder, tmp_path, [3, 6, 8], "other.png: has 8 x 8 pixels")


@pytest.mark.parametrize(
    ("name", "dtype", "mode"),
    [
        ("deep.png", np.uint16, "I"),
        ("deep.tif", np.uint16, "I;16"),
        ("deep.tif", np.dtype(">u2"), "I;16"),
        ("deep.tif", np.int32, "I"),
        ("deep.tif", np.float32, "F"),
    ],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_images_of_more_than_256_shades_are_refused(tmp_path, name, dtype, mode, channels):
    Image.fromarray(RNG.integers(0, 65536, (8, 8)).astype(dtype)).save(tmp_path / name)
    with Image.open(tmp_path / name) as image:
        assert image.mode.startswith(mode)
    refused(folder, tmp_path, [channels, 8, 8], f"{name}: has more than 256 shades (Pillow's mode {mode}")
    refused(folder, tmp_path, [channels, 8, 8], "8 bits")


def test_colours_of_16_bits_are_refused(tmp_path):
    """Pillow opens them as 8 bits; the file is written here, since Pillow cannot."""
    rows = b"".join(b"\0" + bytes(2 * 3 * 2) for _ in range(2))
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", 2, 2, 16, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    parts = (struct.pack(">I", len(c)) + n + c + struct.pack(">I", zlib.crc32(n + c)) for n, c in chunks)
    (tmp_path / "deep.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    refused(folder, tmp_path, [3, 2, 2], "deep.png: has more than 256 shades (Pillow's mode RGB;16B)")


@pytest.mark.parametrize("reader", ["study", "audit"])
def test_images_below_the_folder_of_a_class_are_not_left_out_in_silence(tmp_path, reader):
    for place in ("cat/1", "cat/more/2", "dog/3"):
        save(tmp_path / f"{place}.png", GRAY[0])
    save(tmp_path / "cat" / ".hidden" / "4.png", GRAY[0])
    with pytest.raises(ValueError, match=r"2.png: lies below the folder of a class"):
        folder(path=str(tmp_path), size=[1, 8, 8], pixels=None) if reader == "study" else read(tmp_path, name="train")


@pytest.mark.parametrize("mode", ["1", "P", "LA", "RGBA", "CMYK"])
def test_other_kinds_of_images_of_8_bits_are_read(tmp_path, mode):
    gray = np.where(GRAY[0, 0] > 127, 255, 0).astype(np.uint8)
    Image.fromarray(gray).convert(mode).save(tmp_path / "image.tif")
    assert np.array_equal(folder(path=str(tmp_path), size=[1, 8, 8], pixels=None).pixels[0, 0], gray)


def test_what_lies_under_transparent_pixels_is_not_seen(tmp_path):
    disc = np.zeros((16, 16), dtype=np.uint8)
    disc[4:12, 4:12] = 255
    for i in range(2):
        pixels = RNG.integers(0, 256, (16, 16, 4), dtype=np.uint8)
        pixels[4:12, 4:12, :3], pixels[..., 3] = (200, 30, 30), disc
        Image.fromarray(pixels).save(tmp_path / f"{i}.png")
    found = folder(path=str(tmp_path), size=[3, 16, 16], pixels=None).pixels
    assert np.array_equal(found[0], found[1])
    assert found[0, :, 0, 0].tolist() == [255, 255, 255]
    assert found[0, :, 8, 8].tolist() == [200, 30, 30]


def test_a_photo_that_was_turned_is_read_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(RNG.integers(0, 256, (16, 24, 3), dtype=np.uint8)).save(tmp_path / "a.jpg", exif=exif)
    assert folder(path=str(tmp_path), size=[3, 24, 16], pixels=None).pixels.shape == (1, 3, 24, 16)
    refused(folder, tmp_path, [3, 16, 24], "has 24 x 16 pixels, but data.size says 16 x 24")


def test_an_animated_image_is_refused(tmp_path):
    frames = [Image.fromarray(RNG.integers(0, 256, (8, 8), dtype=np.uint8)) for _ in range(3)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    refused(folder, tmp_path, [1, 8, 8], "a.gif: has 3 frames; save the one that is meant")


def test_what_a_mac_adds_to_folders_and_archives_is_skipped(tmp_path):
    for name in ("cat", "dog"):
        save(tmp_path / name / "0.png", GRAY[0])
        (tmp_path / name / "._0.png").write_bytes(b"resource fork")
        (tmp_path / "__MACOSX" / name).mkdir(parents=True)
        (tmp_path / "__MACOSX" / name / "._0.png").write_bytes(b"resource fork")
    assert folder(path=str(tmp_path), size=[1, 8, 8], pixels=None).labels.tolist() == [0, 1]
    save(tmp_path / "flat" / "0.png", GRAY[0])
    (tmp_path / "flat" / "__MACOSX").mkdir()
    assert len(folder(path=str(tmp_path / "flat"), size=[1, 8, 8], pixels=None).pixels) == 1


@pytest.mark.parametrize(
    ("places", "words"),
    [
        (["train/cat", "train/dog"], "holds sub-folders with images: give {}/train"),
        (["test/cat", "train/cat"], "give one of {}/test, {}/train, or move their images one level up"),
        (["n1/images", "n2/images", "n3/images", "n4/images"], "give one of {}/n1, {}/n2, {}/n3, ..., or move"),
    ],
)
def test_images_one_level_too_deep_are_found(tmp_path, places, words):
    for place in places:
        (tmp_path / place).mkdir(parents=True)
        save(tmp_path / place / "0.png", GRAY[0])
    refused(folder, tmp_path, [1, 8, 8], words.replace("{}", str(tmp_path)))


def test_images_beside_the_folders_of_the_classes_are_refused(tmp_path):
    for name in ("a/0.png", "b/0.png"):
        save(tmp_path / name, COLOUR[0])
    for name in ("1.png", "2.png"):
        save(tmp_path / name, COLOUR[0])
    refused(folder, tmp_path, [3, 6, 8], "2 images, such as 1.png, are not in a sub-folder of their class")
    refused(folder, tmp_path, [3, 6, 8], "move each into the sub-folder of its class")


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
@pytest.mark.parametrize("cut", [0, 10, 200])
def test_a_broken_image_is_named(tmp_path, suffix, cut):
    path = tmp_path / f"broken{suffix}"
    save(path, RNG.integers(0, 256, (3, 32, 32), dtype=np.uint8))
    path.write_bytes(path.read_bytes()[:cut])
    refused(folder, tmp_path, [3, 32, 32], f"broken{suffix}: truncated, or not an image")


def write(path, values, labels=None):
    if path.suffix == ".npy":
        np.save(path, values)
    elif path.suffix == ".npz":
        np.savez(path, points=values, **({} if labels is None else {"labels": labels}))
    else:
        table = pd.DataFrame(values.reshape(len(values), -1)).rename(columns=str)
        (table if labels is None else table.assign(label=labels)).to_parquet(path)


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".parquet"])
@pytest.mark.parametrize("labels", [None, LABELS], ids=["plain", "labelled"])
def test_points_of_ones_own_are_taken_as_they_are(tmp_path, suffix, labels):
    path = tmp_path / f"own{suffix}"
    write(path, POINTS, labels)
    found = array(path=str(path), size=[5], pixels=None)
    assert np.array_equal(points(found.pixels), POINTS)
    assert np.array_equal(found.labels, np.zeros(4) if labels is None or suffix == ".npy" else labels)


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".parquet"])
def test_bytes_are_brightness(tmp_path, suffix):
    path = tmp_path / f"own{suffix}"
    write(path, COLOUR)
    found = array(path=str(path), size=[3, 6, 8], pixels=None)
    assert np.array_equal(found.pixels, COLOUR)
    np.testing.assert_allclose(points(found.pixels), COLOUR.reshape(4, -1) / 127.5 - 1, atol=1e-15)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize(
    ("pixels", "arrange"),
    [
        (COLOUR, lambda a: a),
        (COLOUR, lambda a: a.transpose(0, 2, 3, 1)),
        (COLOUR, lambda a: a.reshape(4, -1)),
        (GRAY, lambda a: a[:, 0]),
        (GRAY, lambda a: a[:, 0, :, :, None]),
    ],
    ids=["planes", "channels-last", "flat", "gray", "gray-last"],
)
def test_an_image_may_be_arranged_in_these_ways(tmp_path, pixels, arrange, dtype):
    np.save(tmp_path / "own.npy", arrange(pixels).astype(dtype))
    found = array(path=str(tmp_path / "own.npy"), size=list(pixels.shape[1:]), pixels=None)
    assert np.array_equal(found.pixels.reshape(4, -1), pixels.reshape(4, -1))


@pytest.mark.parametrize(
    ("values", "labels", "words"),
    [
        (np.where(POINTS > 1, np.nan, POINTS), None, "are NaN or infinite; remove them"),
        (np.where(POINTS > 1, np.inf, POINTS), None, "are NaN or infinite; remove them"),
        (POINTS[:, :4], None, "one point has the shape (4,), but data.size says (5,)"),
        (POINTS[:0], None, "contains an array of shape (0, 5)"),
        (np.array(3.0), None, "contains an array of shape ()"),
        (POINTS.astype(complex), None, "type complex128"),
        (POINTS.astype(str), None, "expected numbers"),
        (POINTS, LABELS[:3], "labels (3,) and int64"),
        (POINTS, LABELS / 2, "labels (4,) and float64"),
    ],
)
def test_what_is_wrong_with_an_array_is_said(tmp_path, values, labels, words):
    write(tmp_path / "own.npz", values, labels)
    refused(array, tmp_path / "own.npz", [5], words)


def test_an_array_of_objects_is_refused_without_unpickling_it(tmp_path):
    np.save(tmp_path / "own.npy", np.array([{}, []], dtype=object), allow_pickle=True)
    refused(array, tmp_path / "own.npy", [5], "allow_pickle=False")


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (["a", "b"], "column name holds no numbers, such as 'a'; turn it into numbers, or leave it out"),
        (pd.Categorical(["a", "b"]), "column name holds categories, such as 'a'"),
        (pd.to_datetime(["2020-01-01", "2020-02-01"]), "column name holds dates"),
        (pd.array([1, None], dtype="Int64"), "column name lacks a value in row 1; fill it in, or leave out the row"),
        ([1.0, np.nan], "1 of 2 points are NaN or infinite"),
    ],
)
def test_a_column_without_numbers_is_named(tmp_path, column, words):
    pd.DataFrame({"x": [1.0, 2.0], "name": column}).to_parquet(tmp_path / "own.parquet")
    refused(array, tmp_path / "own.parquet", [2], words)


@pytest.mark.parametrize("column", [pd.array([1, 0], dtype="Int64"), pd.array([True, False]), [True, False]])
def test_whole_numbers_that_may_be_missing_and_truth_values_are_numbers(tmp_path, column):
    pd.DataFrame({"x": [1.5, 2.0], "n": column}).to_parquet(tmp_path / "own.parquet")
    assert array(path=str(tmp_path / "own.parquet"), size=[2], pixels=None).pixels.tolist() == [[1.5, 1], [2, 0]]


def test_a_label_in_words_is_refused(tmp_path):
    pd.DataFrame({"x": [1.0, 2.0], "label": ["cat", "dog"]}).to_parquet(tmp_path / "own.parquet")
    refused(
        array, tmp_path / "own.parquet", [1], "column label holds no numbers, such as 'cat'; expected a whole number"
    )


@pytest.mark.parametrize("labelled", [False, True])
@pytest.mark.parametrize("name", ["points", "samples", "images", "arr_0", "features"])
def test_the_array_of_an_archive_is_found_where_there_is_one_way(tmp_path, name, labelled):
    classes = {"arr_1" if name == "arr_0" else "labels": LABELS} if labelled else {}
    np.savez(tmp_path / "own.npz", **{name: POINTS}, **classes)
    found = array(path=str(tmp_path / "own.npz"), size=[5], pixels=None)
    assert np.array_equal(found.pixels, POINTS)
    assert np.array_equal(found.labels, LABELS if labelled else np.zeros(4))


def test_an_archive_of_several_arrays_is_refused_with_their_names(tmp_path):
    np.savez(tmp_path / "own.npz", mu=POINTS, sigma=POINTS)
    refused(array, tmp_path / "own.npz", [5], "holds mu, sigma; name the array of items points")


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".parquet"])
def test_a_truncated_foreign_or_missing_array_is_refused(tmp_path, suffix):
    path = tmp_path / f"own{suffix}"
    refused(array, path, [5], "no such file")
    write(path, POINTS)
    path.write_bytes(path.read_bytes()[:-40])
    refused(array, path, [5], "truncated or of another format")
    path.write_bytes(b"something else")
    refused(array, path, [5], "truncated or of another format")


def test_other_suffixes_and_smaller_floats_are_refused(tmp_path):
    refused(array, tmp_path / "own.csv", [5], "must end in .npy, .npz, .parquet")
    np.save(tmp_path / "own.npy", GRAY.astype(float))
    refused(array, tmp_path / "own.npy", [1, 8, 8], "only images of bytes can be reduced", pixels=4)
