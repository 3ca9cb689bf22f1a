"""Figures of the onset study show every cell, mark what is beyond the grid and survive empty tables."""

import numpy as np
import pandas as pd
import pytest

from diffmem import registry
from diffmem.report import onset, published, style

RATIOS = [0.5, 1.0, 2.0, 8.0]
MEASURES = [*onset.CHANCES, *onset.CHECKS, *onset.OVERLAPS, *onset.DISTANCES, *onset.LIKELIHOOD, *onset.COPYING]
WORDS = {"a_dimension-4": "d = 4, a", "b_dimension-4": "d = 4, b", "a_dimension-9": "d = 9, a"}


def planted(cells=("a_dimension-4", "b_dimension-4", "a_dimension-9")):
    rows = [
        {"study": "s", "cell": cell, "dimension": int(cell[-1]), "n": 8 * x, "ratio": x, "measure": measure,
         "mean": 0.1 * x, "low": 0.05 * x, "high": 0.12 * x, "repetitions": 9,
         "theory": 0.11 * x if measure == "kl_d" else np.nan}
        for cell in cells for x in RATIOS for measure in MEASURES
    ]  # fmt: skip
    places = [
        {"study": "s", "cell": cell, "dimension": int(cell[-1]), "place": place, "value": value, "low": value / 2,
         "high": value}
        for cell in cells for place, value in zip(onset.PLACES, (0, np.inf, 1.0, 2.0, 1.0, 3.0, 4.0), strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows), pd.DataFrame(places)


@pytest.mark.parametrize("name", [name for name in registry.FIGURES["onset"] if name != "places"])
def test_there_is_a_row_per_dimension_and_a_line_per_cell(name):
    figure = registry.load(registry.FIGURES["onset"][name].draw)(*planted(), words=WORDS)
    axes = np.array(figure.axes).reshape(2, -1)
    assert [row[0].get_ylabel().splitlines()[0] for row in axes] == ["d = 4", "d = 9"]
    for row, count in zip(axes, (2, 1), strict=True):
        for panel in row:
            drawn = [
                line for line in panel.lines if len(line.get_xdata()) == len(RATIOS) and line.get_marker() != "None"
            ]
            assert len(drawn) == count
            np.testing.assert_allclose(drawn[0].get_ydata(), 0.1 * np.array(RATIOS))
            assert panel.get_xscale() == "log"


def test_dimensions_of_one_kind_of_cell_stand_in_one_panel():
    figure = onset.copying(*planted(("a_dimension-4", "a_dimension-9")), words=WORDS)
    assert {axes.get_subplotspec().rowspan.start for axes in figure.axes} == {0}
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["d = 4", "d = 9"]


def test_closed_forms_are_drawn_where_they_are_known():
    figure = onset.distances(*planted(("a_dimension-4",)), words=WORDS)
    theories = [[line for line in panel.lines if line.get_linestyle() == "--"] for panel in figure.axes]
    assert [len([line for line in found if len(line.get_xdata())]) for found in theories] == [1, 0, 0]
    np.testing.assert_allclose(theories[0][0].get_ydata(), 0.11 * np.array(RATIOS))


def test_infinite_values_leave_a_gap_not_an_error():
    points, onsets = planted(("a_dimension-4",))
    points.loc[(points["measure"] == "kl_d") & (points["ratio"] <= 1), ["mean", "low", "high"]] = np.inf
    panel = onset.distances(points, onsets, words=WORDS).axes[0]
    assert list(panel.lines[1].get_xdata()) == [2.0, 8.0]


def test_places_beyond_the_sizes_tried_stand_at_the_edge_as_triangles():
    panel = onset.places(*planted(("a_dimension-4",)), words=WORDS).axes[0]
    marks = {line.get_marker() for line in panel.lines if len(line.get_xdata())}
    assert {"<", ">", "o"} <= marks


@pytest.mark.parametrize("name", registry.FIGURES["onset"])
def test_nothing_and_a_single_row_can_be_drawn(name):
    draw = registry.load(registry.FIGURES["onset"][name].draw)
    points, onsets = planted()
    draw(points[:0], onsets[:0], words=WORDS).draw_without_rendering()
    draw(points[:1], onsets[:1], words=WORDS).draw_without_rendering()


def test_the_same_tables_give_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        style.save(onset.overlaps(*planted(), words=WORDS), png=tmp_path / f"{name}.png", svg=tmp_path / f"{name}.svg")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_the_published_figure_has_every_variant_and_every_generator():
    kernels = pd.DataFrame(
        [{"dimension": d, "ratio": x, "variant": v, "share": 0.5, "low": 0.4, "high": 0.6}
         for d in (16, 100) for x in (0.5, 2) for v in published.VARIANTS]
    )  # fmt: skip
    pixels = pd.DataFrame(
        [
            {"units": u, "generator": g, "share": 0.5, "low": 0.4, "high": 0.6}
            for u in published.UNITS
            for g in ("x", "y")
        ]
    )
    left, middle, right = published.published(kernels, pixels).axes
    assert len(left.lines) == len(middle.lines) == 4
    assert [text.get_text() for text in right.get_xticklabels()] == ["x", "y"]
