"""Sheets of images show each generated image beside its nearest training image, with their score."""

from dataclasses import asdict

import numpy as np
import pytest

from diffmem.report import images
from diffmem.studies.images import Matches

LEVELS = {"low": np.float64(-1), "high": np.float64(1), "ratio": np.float64(1.5)}


def planted(channels=(), kind=("best", "near 1/3", "worst")):
    rows = len(kind)
    generated, nearest = np.random.default_rng(2).uniform(-1, 1, (2, rows, 5, 8, 6, *channels))
    return asdict(Matches(kind, generated, nearest, np.linspace(0, 1, 5 * rows).reshape(rows, 5)))


def labels(figure):
    return [axes.get_ylabel() for axes in figure.axes if axes.get_ylabel()]


def test_a_row_of_matches_near_the_threshold_is_left_out_where_there_are_none():
    found = planted()
    found["score"] = np.where(np.abs(found["score"] - 1 / 3) < 0.1, 0.9, found["score"])
    assert labels(images.matches(found)) == [images.KINDS["best"], images.KINDS["worst"]]


@pytest.mark.parametrize("channels", [(), (3,)])
@pytest.mark.parametrize("over_training", [False, True])
def test_both_images_of_a_pair_stand_side_by_side(channels, over_training):
    found = planted(channels, kind=("best", "second", "worst"))  # all rows whole
    if over_training:
        figure = images.images([found | LEVELS], words={"a": "100 images"})
    else:
        figure = images.matches(found, of="arm base, n = 50")
        assert figure.get_suptitle() == "arm base, n = 50"
    for axes, (i, j) in zip(figure.axes, np.ndindex(3, 5), strict=True):
        image = np.asarray(axes.images[0].get_array())
        np.testing.assert_allclose(image[:, :6], (found["generated"][i, j] + 1) / 2)
        np.testing.assert_allclose(image[:, -6:], (found["nearest"][i, j] + 1) / 2)
        assert (image[:, 6:-6] == 1).all()
        assert axes.get_title() == f"{found['score'][i, j]:.2f}"
        below = found["score"][i, j] < (1 / 1.5 if over_training else 1 / 3)
        assert (axes.title.get_color() != "black") == below


@pytest.mark.parametrize(("cells", "rows"), [(1, 5), (3, 15), (4, 12), (20, 20)])
def test_a_figure_of_many_cells_shows_fewer_snapshots_of_each_and_always_the_last(cells, rows):
    kind = tuple(f"epoch {number}" for number in (0, 1, 10, 100, 1000))
    found = [planted(kind=kind) | LEVELS for _ in range(cells)]
    shown = labels(images.images(found, words={f"c{i}": f"{i} images" for i in range(cells)}))
    assert len(shown) == rows
    assert sum("epoch 1000" in label for label in shown) == cells
    assert sum("images" in label for label in shown) == (cells if cells > 1 else 0), "its name stands once"


def test_black_and_white_are_those_of_the_training_images():
    found = planted(kind=("epoch 1",)) | {"low": np.float64(0), "high": np.float64(2), "ratio": np.float64(2)}
    image = images.images([found], words={"a": "a"}).axes[0].images[0].get_array()
    np.testing.assert_allclose(image[:, :6], np.clip(found["generated"][0, 0] / 2, 0, 1))


def test_a_study_without_cells_has_an_empty_sheet():
    images.images([], words={}).draw_without_rendering()


def test_scores_are_red_below_the_ratio_of_their_own_cell():
    found = planted(kind=("epoch 9",))
    found["score"] = np.full((1, 5), 0.5)
    cells = [{**found, **LEVELS, "ratio": np.float64(ratio)} for ratio in (1.5, 3)]
    figure = images.images(cells, words={"a": "first", "b": "second"})
    colors = [axes.title.get_color() for axes in figure.axes if axes.get_title()]
    assert colors == ["#CC0000"] * 5 + ["black"] * 5
