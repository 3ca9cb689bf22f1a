"""The figures of effective memorization draw what their tables say, also where that is little or nothing."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import same_color

from diffmem.report import effective, style
from diffmem.studies.effective.factors import FACTORS

GROUPS = {"labels": ["base", "random", "unique"], "weight_decay": ["base", "decay"]}
PANELS = pd.DataFrame(
    [dict(factor=factor, arm=arm, comparable=True) for factor, arms in GROUPS.items() for arm in arms]
)
ARMS = ("base", "random", "unique", "decay")
SIZES = (50, 100, 200)
MEASURES = {"frechet": "Frechet distance", "knn": "KNN distance"}


def planted_curves():
    keys = itertools.product(ARMS, SIZES, ("last", "best"), ("r_mem", *MEASURES))
    table = pd.DataFrame(list(keys), columns=["arm", "n", "snapshot", "measure"])
    mean = np.random.default_rng(0).uniform(0.2, 0.8, len(table))
    table = table.assign(mean=mean, low=mean - 0.1, high=mean + 0.15, replicates=4, comparable=True)
    return table.sample(frac=1, random_state=1)


def planted_fits():
    return pd.DataFrame({"arm": "random", "n": [60.0, 120.0], "r_mem": [0.95, 0.4]})


def planted_estimates():
    rows = [
        ("base", 80.0, 70.0, 95.0, ""),
        ("random", 120.0, 100.0, np.inf, ""),
        ("unique", 200.0, 180.0, np.inf, ">="),
        ("decay", 50.0, 0.0, 55.0, "<"),
    ]
    last = pd.DataFrame(rows, columns=["arm", "emm", "low", "high", "censored"])
    others = [last.assign(of=of, emm=99.0, low=60.0, high=150.0, censored="") for of in ("best", "relative")]
    return pd.concat([last.assign(of="last"), *others], ignore_index=True)


def planted_factors():
    rows = [
        dict(arm="random", factor="labels: 10 random", ratio=1.5, low=1.2, high=1.9, censored=""),
        dict(arm="unique", factor="labels: one for each image", ratio=2.5, low=2.0, high=np.inf, censored=">="),
        dict(arm="decay", factor="weight_decay 0.1", ratio=0.6, low=0.0, high=0.7, censored="<="),
    ]
    quality = dict(measure="frechet_excess", quality_difference=0.2, quality_low=0.1, quality_high=0.3)
    return pd.DataFrame(rows).assign(**quality).reindex(columns=FACTORS)


def draw(name, rows=slice(None)):
    curves, estimates, fits = (table()[rows] for table in (planted_curves, planted_estimates, planted_fits))
    if name == "effective":
        return effective.effective(curves, fits, estimates, panels=PANELS)
    if name == "factors":
        return effective.factors(planted_factors()[rows])
    return effective.quality(curves, measures=MEASURES, panels=PANELS)


NAMES = ("effective", "factors", "quality")


def panel(figure, title):
    return next(axes for axes in figure.axes if axes.get_title() == title)


def chosen(table, **where):
    return table[(table[list(where)] == pd.Series(where)).all(axis=1)].sort_values("n")


def drawn(axes, **properties):
    """Data of the lines with these properties."""
    same = [line for line in axes.lines if all(plt.getp(line, name) == value for name, value in properties.items())]
    return [line.get_xydata() for line in same]


@pytest.mark.parametrize("number", range(3))
def test_shares_are_those_of_the_last_snapshot_and_open_ones_those_of_the_best(number):
    curves, axes = planted_curves(), panel(draw("effective"), "labels")
    arm, look = GROUPS["labels"][number], style.look_of(number)
    for snapshot, face in (("last", look["color"]), ("best", "none")):
        rows = chosen(curves, arm=arm, measure="r_mem", snapshot=snapshot)
        (points,) = drawn(axes, marker=look["marker"], color=look["color"], markerfacecolor=face)
        np.testing.assert_allclose(points, rows[["n", "mean"]])
    last = chosen(curves, arm=arm, measure="r_mem", snapshot="last")
    bars = next(c for c in axes.collections if same_color(c.get_colors()[0, :3], look["color"]))
    ends = np.array([segment[:, 1] for segment in bars.get_segments()])
    np.testing.assert_allclose(ends, last[["low", "high"]])


def test_the_fit_is_drawn_where_there_is_one():
    axes = panel(draw("effective"), "labels")
    lines = [xy for xy in drawn(axes, color=style.COLORS[1], linestyle="-", marker="None") if xy[0, 1] != xy[1, 1]]
    np.testing.assert_allclose(lines, [[[60, 0.95], [120, 0.4]]])


def test_intervals_lie_about_the_line_and_open_ends_have_arrows_at_the_edge():
    axes = panel(draw("effective"), "labels")
    high = axes.get_xlim()[1]
    bars = [xy for xy in drawn(axes, linewidth=2.6) if len(xy) == 2]
    np.testing.assert_allclose([xy[:, 0] for xy in bars], [[70, 95], [100, high], [180, high]])
    assert np.concatenate([xy[:, 1] for xy in bars]).min() > 1.05, "above all shares"
    assert len({xy[0, 1] for xy in bars}) == 3, "each at a height of its own"
    assert [xy[0, 0] for xy in drawn(axes, marker="|")] == [80, 120], "no tick where no size shows one"
    assert [xy[0, 0] for xy in drawn(axes, marker=">")] == [high, high]
    axes = panel(draw("effective"), "weight decay")
    assert [xy[0, 0] for xy in drawn(axes, marker="<")] == [pytest.approx(axes.get_xlim()[0])]


def test_factors_whose_quality_cannot_be_compared_are_said_so():
    table = planted_factors().assign(quality_difference=np.nan, quality_low=np.nan, quality_high=np.nan)
    assert [text.get_text() for text in effective.factors(table).axes[1].texts] == ["not comparable"]
    assert not draw("factors").axes[1].texts


def test_factors_are_ratios_and_differences_of_quality_line_by_line():
    left, right = draw("factors").axes
    names = ["labels: 10 random", "labels: one for each image", "weight decay 0.1"]
    assert [t.get_text() for t in left.get_yticklabels()] == names
    bars = [xy[:, 0] for xy in drawn(left, color=style.COLORS[1]) if len(xy) == 2]
    np.testing.assert_allclose(bars, [[1.2, 1.9]])
    assert [xy.tolist() for xy in drawn(left, marker="o")] == [[[1.5, 2]]]
    assert [text.get_text().strip() for text in left.texts] == ["at least 2", "at most 0.7"]
    assert not drawn(left, marker="<")
    assert not drawn(left, marker=">")
    assert [xy[0, 0] for xy in drawn(right, marker="s")] == [0.2] * 3
    assert "frechet excess" in right.get_xlabel()
    assert "n = 50" in effective.factors(planted_factors().assign(quality_n=50)).axes[1].get_xlabel()


def test_a_ratio_of_which_nothing_is_known_is_said_so():
    table = planted_factors()[:1].assign(low=0.0, high=np.inf)
    assert [text.get_text() for text in effective.factors(table).axes[0].texts] == ["not known from these sizes"]


def test_quality_that_cannot_be_compared_leaves_its_line_empty():
    table = planted_factors()
    blank = [name for name in FACTORS if name.startswith("quality")]
    table.loc[table["arm"] == "unique", blank] = np.nan
    figure = effective.factors(table)
    figure.draw_without_rendering()
    seen = [xy[0] for xy in drawn(figure.axes[1], marker="s") if np.isfinite(xy).all()]
    np.testing.assert_allclose(seen, [[0.2, 2], [0.2, 0]])


def test_quality_and_share_are_those_of_one_run():
    curves, figure = planted_curves(), draw("quality")
    for (i, measure), arm in itertools.product(enumerate(MEASURES), ARMS):
        x, y = (chosen(curves, arm=arm, measure=m, snapshot="last")["mean"] for m in (measure, "r_mem"))
        (path,) = drawn(figure.axes[i], color=style.COLORS[ARMS.index(arm)], linestyle="-")
        np.testing.assert_allclose(path, np.stack([x, y], axis=1))


def test_four_measures_of_quality_stand_in_two_rows():
    rows = {axes.get_subplotspec().rowspan.start for axes in effective.quality(planted_curves(), panels=PANELS).axes}
    assert rows == {0, 1}


def test_an_arm_without_a_measure_is_left_out_of_its_panel_alone():
    curves = planted_curves()
    lacking = curves[(curves["arm"] != "random") | (curves["measure"] != "knn")]
    figure = effective.quality(lacking, measures=MEASURES, panels=PANELS)
    assert [len(axes.lines) for axes in figure.axes] == [4, 3]


def test_arms_that_cannot_be_compared_by_quality_have_no_place_in_the_tradeoff():
    panels = PANELS.assign(comparable=PANELS["arm"] != "decay")
    (legend,) = effective.quality(planted_curves(), panels=panels, measures=MEASURES).legends
    assert [text.get_text() for text in legend.get_texts()] == ["base", "random", "one for each image"]
    one = planted_curves()
    one["comparable"] = (one["arm"] != "random") | (one["measure"] != "knn")
    figure = effective.quality(one, panels=PANELS, measures=MEASURES)
    assert [len(axes.lines) for axes in figure.axes] == [4, 3], "the measure that cannot be compared is left out"


@pytest.mark.parametrize("name", ["effective", "quality"])
def test_arms_are_called_by_their_labels_in_words_where_they_differ_in_them(name):
    kinds = {"base": "none", "random": "random-10", "unique": "unique", "decay": "class"}
    curves = planted_curves().replace({"arm": kinds})
    for factor, word in (("labels", "true"), ("classes", "class")):
        groups = {"labels": ["none", "random-10", "unique"], factor: ["none", "random-10", "unique", "class"]}
        groups |= {"classes": ["none", "class"]} if factor == "classes" else {}
        rows = [dict(factor=key, arm=arm, comparable=True) for key, arms in groups.items() for arm in arms]
        panels = pd.DataFrame(rows)
        if name == "effective":
            figure = effective.effective(curves, planted_fits()[:0], planted_estimates()[:0], panels=panels)
        else:
            figure = effective.quality(curves, measures=MEASURES, panels=panels)
        found = [text.get_text() for text in figure.legends[0].get_texts()]
        assert found[:4] == ["none", "10 random", "one for each image", word]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("rows", [slice(0), slice(1)])
def test_every_figure_can_be_drawn_of_nothing_and_of_one_row(name, rows):
    draw(name, rows).draw_without_rendering()


def test_a_single_replicate_has_no_intervals():
    curves = planted_curves().assign(low=np.nan, high=np.nan)
    estimates = planted_estimates().assign(low=np.nan, high=np.nan)
    figure = effective.effective(curves, planted_fits(), estimates, panels=PANELS)
    figure.draw_without_rendering()
    assert not drawn(panel(figure, "labels"), linewidth=2.6)
    effective.factors(planted_factors().assign(low=np.nan, high=np.nan)).draw_without_rendering()


@pytest.mark.parametrize("name", NAMES[:1])
def test_a_figure_saved_twice_is_the_same_bytes(name, tmp_path):
    files = []
    for i in range(2):
        style.save(draw(name), png=tmp_path / f"{i}.png", svg=tmp_path / f"{i}.svg")
        files.append([(tmp_path / f"{i}.{kind}").read_bytes() for kind in ("png", "svg")])
    assert files[0] == files[1]
