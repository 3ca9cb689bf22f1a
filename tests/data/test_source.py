"""A collection is dealt out without repeats, nested and blended alike in both halves, or refused in one sentence."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from diffmem.data.dataset import dataset
from diffmem.data.image_set import DataError, points
from diffmem.data.images import digits
from diffmem.data.source import source
from diffmem.data.subsets import far_from_centre
from diffmem.settings import read as config

RNG = np.random.default_rng(0)


def settings(*, test=None, **data):
    found = config.studies({"studies": {"s": {"data": data}}})["s"].cells["base"].data
    return found.replace(test=test) if test else found  # as studies of effective memorization may have it


def drawn(replicate=0, **data):
    return dataset(settings(**data), seed=1, replicate=replicate)


def rows(points):
    return {tuple(point) for point in points}


def own(path, values, labels):
    np.savez(path, points=values, labels=labels)
    return {"dataset": "array", "path": str(path), "size": list(values.shape[1:])}


@pytest.mark.parametrize(
    "options", [{"dataset": "digits"}, {"dataset": "patches"}, {"dataset": "digits", "diversity": 0.5}], ids=str
)
def test_training_sets_of_a_stream_are_nested_and_never_held_out(options):
    sets = [drawn(**options, inliers=n, test=60) for n in (20, 33, 60)]
    assert rows(sets[0].train.points) < rows(sets[1].train.points) < rows(sets[2].train.points)
    for data in sets:
        parts = (data.train.points, data.test.points, data.fresh)
        assert len(set.union(*map(rows, parts))) == sum(map(len, parts))


def test_replicates_have_training_sets_of_their_own():
    assert rows(drawn(0, dataset="digits", inliers=50).train.points) != rows(
        drawn(1, dataset="digits", inliers=50).train.points
    )


def test_fresh_points_are_what_is_left_if_that_is_less_than_was_asked_for():
    assert len(drawn(dataset="digits", inliers=300).fresh) == 300
    assert len(drawn(dataset="digits", inliers=800, test=800).fresh) == 140
    assert len(drawn(dataset="digits", inliers=860, test=860).fresh) == 20


def test_outliers_keep_their_share_of_the_fresh_points_that_are_left():
    data = drawn(dataset="digits", inliers=800, test=800, outliers={"count": 200, "distance": 20.0})
    assert len(data.fresh) == 140
    assert (np.abs(data.fresh).max(1) > 1).sum() == round(140 * 200 / 1000)


def test_both_halves_have_the_same_blend():
    collection = digits(pixels=None)
    near = rows(points(collection.pixels[~far_from_centre(collection.pixels, collection.labels)]))
    data = drawn(dataset="digits", inliers=200, diversity=0.6)
    for half in (data.train.points, data.test.points, data.fresh):
        assert len(rows(half) & near) == pytest.approx(0.4 * 200, abs=10)


def test_exact_repeats_are_taken_out(tmp_path):
    values = RNG.standard_normal((60, 3))
    chosen = source(
        settings(**own(tmp_path / "a.npz", np.vstack([values, values[::-1]]), np.zeros(120, int)), inliers=20)
    )
    assert chosen.size == 60
    assert rows(chosen.draw(100, np.random.default_rng(0))[0]) == rows(values)


def test_labels_of_any_numbers_are_classes(tmp_path):
    labels = np.repeat([7, -3, 40], 30)
    options = own(tmp_path / "a.npz", labels[:, None] + RNG.uniform(0, 1, (90, 2)), labels)
    data = drawn(**options, classes=2, inliers=10, test=10, labels={"kind": "class"})
    assert data.label_count == 2
    assert np.array_equal(data.train.points.min(1) > 0, data.train.label == 1)
    assert data.train.points.max() < 10


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"inliers": 30, "test": 31}, "data.inliers + data.test = 61: must be at most 60"),
        ({"inliers": 30, "classes": 3}, "data.classes = 3: must be at most 2"),
        (
            {"inliers": 10, "diversity": 0},
            "needs at least 40 different images, with equally many of each class, has 20: data",
        ),
    ],
)
def test_a_collection_that_is_too_small_is_refused_in_one_sentence(tmp_path, options, words):
    """Two classes of 40 and 50 points: 80 are dealt out, of which 20 are left over."""
    path = tmp_path / "a.npz"
    with pytest.raises(DataError) as refusal:
        drawn(**own(path, RNG.standard_normal((90, 3)), np.repeat([0, 1], [40, 50])), **options)
    assert words in str(refusal.value)
    assert str(path) in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_two_images_to_overfit_need_others_to_compare_with(tmp_path):
    path = tmp_path / "a.npz"
    given = own(path, RNG.standard_normal((3, 4)), np.zeros(3, dtype=int))
    with pytest.raises(
        DataError, match=r"a.npz: needs at least 24 different images, .* has 3: .*; add images"
    ) as refusal:
        drawn(**given, inliers=2, test=2)
    assert "at most" not in str(refusal.value)


@pytest.mark.parametrize(
    ("options", "size"),
    [
        ({"dataset": "digits"}, (1, 8, 8)),
        ({"dataset": "digits", "pixels": 2}, (1, 2, 2)),
        ({"dataset": "mnist", "pixels": 14}, (1, 14, 14)),
        ({"dataset": "patches"}, (3, 8, 8)),
        ({"dataset": "patches", "pixels": 16}, (3, 16, 16)),
        ({"dataset": "moons"}, (2,)),
        ({"dataset": "gaussian", "dimension": 7}, (7,)),
    ],
    ids=str,
)
def test_the_config_knows_the_size_of_a_point_before_the_data_are_read(options, size):
    chosen = settings(**options, inliers=20)
    assert chosen.point == size
    assert source(chosen).draw(3, RNG)[0].shape == (3, chosen.features)


def two(tmp_path, **change):
    """Settings of a training and a held-out file, as they are written by the caller."""
    names = {"path": str(tmp_path / change.pop("train")), "held_out": str(tmp_path / change.pop("held_out"))}
    return settings(test=20, inliers=20, **names, **change)


def test_bytes_beside_other_numbers_are_refused(tmp_path):
    images = RNG.integers(0, 256, (120, 1, 4, 4)).astype(np.uint8)
    np.save(tmp_path / "a.npy", images[:60])
    np.save(tmp_path / "b.npy", images[60:] / 127.5 - 1)
    with pytest.raises(DataError, match=r"b.npy: holds other numbers, .*a.npy holds bytes; write both alike"):
        source(two(tmp_path, train="a.npy", held_out="b.npy", dataset="array", size=[1, 4, 4]))


def test_columns_of_two_tables_are_in_one_order(tmp_path):
    table = pd.DataFrame(RNG.standard_normal((120, 3)), columns=list("abc"))
    table[:60].to_parquet(tmp_path / "a.parquet")
    table[60:].to_parquet(tmp_path / "b.parquet")
    table.loc[60:, ["c", "a", "b"]].to_parquet(tmp_path / "c.parquet")
    given = {"train": "a.parquet", "dataset": "array", "size": [3]}
    assert source(two(tmp_path, held_out="b.parquet", **given)).held_out.size == 60
    with pytest.raises(DataError, match=r"c.parquet: has the columns c, a, b, .*a.parquet has a, b, c; write the same"):
        source(two(tmp_path, held_out="c.parquet", **given))


def test_held_out_classes_are_those_of_the_same_name(tmp_path):
    images = RNG.integers(0, 256, (150, 4, 4)).astype(np.uint8)
    for i, image in enumerate(images):
        name = ("cat", "dog", "horse")[i % 3]
        for part in ("a",) if i < 75 else ("b",) if name != "cat" else ():
            (tmp_path / part / name).mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(tmp_path / part / name / f"{i}.png")
    given = {"train": "a", "held_out": "b", "dataset": "folder", "size": [1, 4, 4], "labels": {"kind": "class"}}
    held_out = source(two(tmp_path, **given)).held_out
    drawn_points, classes = held_out.draw(50, np.random.default_rng(0))
    dogs = {tuple(row) for row in points(images[76::3, None])}
    assert set(classes) == {1, 2}
    assert [tuple(row) in dogs for row in drawn_points] == (classes == 1).tolist()
    (tmp_path / "b" / "dog").rename(tmp_path / "b" / "wolf")
    with pytest.raises(DataError, match=r"has the class wolf, which .* lacks"):
        source(two(tmp_path, **given))


def test_a_held_out_point_that_is_a_training_point_in_another_precision_is_left_out(tmp_path):
    points = np.random.default_rng(0).normal(size=(500, 3))
    np.save(tmp_path / "train.npy", points[:200].astype(np.float32))
    np.save(tmp_path / "test.npy", points[100:])
    found = source(
        settings(
            dataset="array",
            path=str(tmp_path / "train.npy"),
            held_out=str(tmp_path / "test.npy"),
            size=[3],
            inliers=100,
            test=100,
        )
    )
    assert found.held_out.size == 300
