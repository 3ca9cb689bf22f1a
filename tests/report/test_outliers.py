"""Every figure draws what its table says, also where that is little or nothing, and always as the same bytes."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import same_color

from diffmem import registry
from diffmem.data import image_set as pixels
from diffmem.data import images
from diffmem.report import style
from diffmem.report.outliers import scatter
from diffmem.report.outliers.curves import REFERENCE
from diffmem.report.outliers.density import PANELS
from diffmem.studies.outliers.density import SPACING, WIDTH

FIGURES = registry.FIGURES["outliers"]
RATIOS = {"alpha": 1.5, "beta": 2.0}
WORDS = {"alpha": "100 training points", "beta": "2,000 training points"}
STRATA = ("inlier", "outlier", "all")
EPOCHS = (0, 1, 10, 100)
# figure -> criterion and normalisation of its rows, and the factor to its unit
CURVES = {
    "net": ("net", "stratum", 100),
    "memorized": ("raw", "generated", 100),
    "within": ("raw", "stratum", 100),
    "coverage": ("raw", "location", 100),
    "mass": ("mass", "training", 1),
}
KINDS = [("raw", "generated"), ("raw", "stratum"), ("raw", "location"), ("net", "stratum"), ("mass", "training")]
OTHERS = [("third", "stratum"), ("authenticity", "stratum"), ("discoveries", "stratum"), ("rank", "generated")]


def planted_curves(cells=("alpha", "beta"), references=("plain", "matched"), strata=STRATA):
    """A table of curves in which no two numbers agree, its rows in no order."""
    keys = itertools.product(cells, references, strata, EPOCHS, [*KINDS, *OTHERS], (1.0, 1.5, 2.0))
    rows = [
        (*key[:4], *key[4], key[5] if key[4][0] in ("raw", "net") else np.nan)
        for key in keys
        if key[4][0] in ("raw", "net") or key[5] == 1.0
    ]
    columns = ["cell", "reference", "stratum", "epoch", "criterion", "normalisation", "threshold"]
    table = pd.DataFrame(rows, columns=columns)
    rng = np.random.default_rng(0)
    mean, floor, chance, ceiling = rng.random((4, len(table)))
    table["headline"] = table["threshold"] == table["cell"].map(RATIOS)
    table = table.assign(study="s", weights="raw", step=table["epoch"] * 31, mean=mean, low=mean - 0.1, high=mean + 0.2)
    table = table.assign(ceiling=ceiling, resolution=9.0, recall=1.0, band_low=mean - 0.2, band_high=mean + 0.3)
    return table.assign(floor=floor, chance=chance, replicates=3).sample(frac=1, random_state=1)


def planted_losses():
    sets = [("train", np.nan), ("held-out", np.nan), *(("gap", 0.1 * 2**level) for level in range(9))]
    rows = [(cell, *of, epoch) for cell, of, epoch in itertools.product(("alpha", "beta"), sets, EPOCHS)]
    table = pd.DataFrame(rows, columns=["cell", "set", "sigma", "epoch"])
    mean = np.random.default_rng(1).random(len(table))
    return table.assign(study="s", step=0, mean=mean, low=mean - 0.1, high=mean + 0.2).sample(frac=1, random_state=1)


def planted_times():
    rows = itertools.product(("alpha", "beta"), STRATA[:2], ("train", "held-out"), EPOCHS)
    table = pd.DataFrame(list(rows), columns=["cell", "stratum", "side", "epoch"])
    mean = np.random.default_rng(3).random(len(table))
    return table.assign(study="s", mean=mean, low=mean - 0.1, high=mean + 0.2).sample(frac=1, random_state=1)


def planted_quality():
    rows = itertools.product(("alpha", "beta"), ("energy", "sliced_wasserstein", "density", "coverage"), EPOCHS)
    table = pd.DataFrame(list(rows), columns=["cell", "measure", "epoch"])
    mean, floor = np.random.default_rng(4).random((2, len(table)))
    table = table.assign(study="s", mean=mean, low=mean - 0.1, high=mean + 0.2, floor=floor, held_out=floor)
    return table.sample(frac=1, random_state=1)


def planted_events():
    rows = itertools.product(("alpha", "beta"), ("tau_gen", "bias", "copies", "stop"))
    table = pd.DataFrame(list(rows), columns=["cell", "event"])
    return table.assign(epoch=[1, 2, np.inf, 4, 1, 2, 3, 4], low=1.0, high=np.inf)


def planted_uses():
    detectors = itertools.product(("alpha", "beta"), ["auroc"], ("late", "forest"), ("train", "held-out"))
    rules = itertools.product(("alpha", "beta"), ["loss_regret", "quality_regret"], ("signal", "end"), [""])
    table = pd.DataFrame([*detectors, *rules], columns=["cell", "use", "name", "side"])
    mean = np.random.default_rng(5).random(len(table))
    return table.assign(study="s", mean=mean, low=mean - 0.1, high=mean + 0.2)


def planted_density():
    strata = itertools.product(("alpha", "beta"), ("generated",), (0.0, 100.0), ("raw", "adjusted"), ("outlier",))
    slopes = itertools.product(("alpha", "beta"), ("generated",), (0.0, 100.0), ("adjusted", "inliers"), (SPACING,))
    optimum = itertools.product(("alpha", "beta"), ("optimum",), (np.inf,), ("adjusted", "inliers"), (SPACING,))
    widths = itertools.product(("alpha", "beta"), ("generated",), (0.0, 100.0), ("classes",), (WIDTH,))
    table = pd.DataFrame([*strata, *slopes, *optimum, *widths], columns=["cell", "source", "epoch", "model", "term"])
    mean = np.random.default_rng(6).random(len(table))
    return table.assign(study="s", mean=mean, low=mean - 0.1, high=mean + 0.2).sample(frac=1, random_state=1)


def planted_membership():
    table = pd.DataFrame(list(itertools.product(("alpha", "beta"), EPOCHS)), columns=["cell", "epoch"])
    low = np.random.default_rng(7).random(len(table))
    table = table.assign(study="s", epsilon_low=low, lowest=low / 2, highest=low + 0.3, pairs=90, largest_possible=4.0)
    return table.sample(frac=1, random_state=1)


def planted_clocks():
    rows = [(n, event, n * factor) for n in (50, 100, 200) for event, factor in (("bias", 5.0), ("copies", 20.0))]
    table = pd.DataFrame(rows, columns=["n", "event", "step"]).assign(low=np.nan, high=np.nan, slope_low=0.9)
    table.loc[0, ["low", "high"]] = 100.0, 500.0
    return table.assign(slope=1.0, slope_high=1.1)


def planted_signals():
    rows = list(itertools.product(("gap", "answer"), ("within", "between", "same-size")))
    table = pd.DataFrame(rows, columns=["signal", "over"]).assign(correlation=np.linspace(-0.5, 0.9, 6))
    return table.assign(low=table["correlation"] - 0.1, high=table["correlation"] + 0.05, study="s", runs=40)


def planted_definitions():
    rows = list(itertools.product((50, 200), (0, 10, 100), ("net-smallest", "net", "r_mem", "delta", "matched")))
    table = pd.DataFrame(rows, columns=["n", "step", "measure"])
    return table.assign(cell="n-" + table["n"].astype(str), value=0.4, low=0.3, high=0.5)


def planted_levels():
    rows = list(itertools.product((50, 200), ("onset", "end"), (0.1, 1.0, 10.0)))
    return pd.DataFrame(rows, columns=["n", "when", "units"]).assign(known=0.4, low=0.3, high=0.5)


ALONE = {
    "membership": planted_membership,
    "density": planted_density,
    "uses": planted_uses,
    "losses": planted_losses,
    "times": planted_times,
    "clocks": planted_clocks,
    "signals": planted_signals,
    "definitions": planted_definitions,
    "levels": planted_levels,
    "quality": planted_quality,
}  # figures that take a table of their own


UNNAMED = [name for name, figure in registry.FIGURES["outliers"].items() if not figure.names_cells]


def planted_panel(n=40, snapshots=3, d=2):
    rng = np.random.default_rng(2)
    train, test, generated = rng.random((n, d)), rng.random((n, d)), rng.random((snapshots, n, d))
    return scatter.Panel(train, np.arange(n) % 4, test, generated, 1000 * np.arange(snapshots))


def planted_images():
    generated, nearest = np.random.default_rng(3).uniform(0, 1, (2, 2, 8, 6, 6))
    kind, score = ("epoch 0", "epoch 1,000"), np.linspace(0, 1, 16).reshape(2, 8)
    return dict(
        kind=kind, generated=generated, nearest=nearest, score=score, low=np.float64(0), high=np.float64(1), ratio=2.0
    )


def draw(name, rows=slice(None)):
    """The figure of that name, of the chosen rows of its planted table."""
    function = registry.load(FIGURES[name].draw)
    if name == "scatter":
        cells = {"alpha": planted_panel(), "beta": planted_panel(snapshots=1)}
        return scatter.draw(dict(list(cells.items())[rows]))
    if name == "images":
        cells = dict(list(WORDS.items())[rows])
        return function([planted_images() for _ in cells], words=cells)
    if name == "stopping":
        return function(planted_curves(), planted_quality(), planted_events()[rows], words=WORDS)
    if name in ALONE:
        return function(ALONE[name]()[rows], **({"words": WORDS} if FIGURES[name].names_cells else {}))
    table = planted_curves()
    if name in CURVES:
        table = table[(table["criterion"] == CURVES[name][0]) & (table["normalisation"] == CURVES[name][1])]
    return function(table[rows], words=WORDS)


def small_multiples(figure):
    """Panels of the figures with a row per cell and test set and a column per stratum: (cell, reference, stratum)."""
    found = {}
    rows = {axes.get_subplotspec().rowspan.start: " ".join(t.get_text() for t in axes.texts) for axes in figure.axes
            if axes.get_subplotspec().is_last_col()}  # fmt: skip
    columns = {axes.get_subplotspec().colspan.start: axes.get_title() for axes in figure.axes if axes.get_title()}
    for axes in figure.axes:
        place = axes.get_subplotspec()
        title = " ".join(rows[place.rowspan.start].split())
        cell = next(cell for cell, words in WORDS.items() if title.startswith(words))
        reference = next((name for name, words in REFERENCE.items() if title.endswith(f", {words}")), None)
        found[cell, reference, columns[place.colspan.start]] = axes
    return found


def panel(figure, cell, reference=None):
    """The panel of a cell and, where a figure has several, of a test set."""
    names = [reference and REFERENCE[reference], WORDS.get(cell, cell)]
    rows = {axes.get_subplotspec().rowspan.start: axes.get_ylabel() for axes in figure.axes if axes.get_ylabel()}
    columns = {axes.get_subplotspec().colspan.start: axes.get_title() for axes in figure.axes if axes.get_title()}
    for axes in figure.axes:
        place = axes.get_subplotspec()
        around = f"{rows.get(place.rowspan.start)} {columns.get(place.colspan.start)}"
        if all(name in around for name in names if name):
            return axes
    raise LookupError(names)


def lines(axes, color, linestyle="-"):
    return [line for line in axes.lines if (line.get_color(), line.get_linestyle()) == (color, linestyle)]


def assert_draws(axes, color, expected, *, x="epoch", factor=1):
    """One line of that colour goes through the means, and bands from low to high: one by one and, if drawn, for all."""
    (line,) = lines(axes, color)
    np.testing.assert_allclose(line.get_xydata(), np.stack([expected[x], factor * expected["mean"]], 1))
    bands = [c for c in axes.collections if same_color(c.get_facecolor()[0, :3], color)]
    assert 1 <= len(bands) <= 2
    for band, (low, high) in zip(bands, (("low", "high"), ("band_low", "band_high")), strict=False):
        corners = pd.DataFrame(band.get_paths()[0].vertices, columns=["x", "y"]).groupby("x")["y"].agg(["min", "max"])
        np.testing.assert_allclose(corners.loc[expected[x], "min"], factor * expected[low])
        np.testing.assert_allclose(corners.loc[expected[x], "max"], factor * expected[high])


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_can_be_drawn_of_nothing(name):
    figure = draw(name, slice(0))
    figure.draw_without_rendering()
    colors = {*style.STRATUM.values(), *style.SET.values()}
    drawn = [line for axes in figure.axes for line in axes.lines if line.get_color() in colors]
    assert sum(len(line.get_xdata()) for line in drawn) == 0


@pytest.mark.parametrize("name", [name for name in FIGURES if name not in ("scatter", "images", "stopping", *ALONE)])
def test_a_study_without_cells_has_an_empty_figure(name):
    registry.load(FIGURES[name].draw)(planted_curves()[:0], words={}).draw_without_rendering()


SINGLE = [name for name in FIGURES if name == "losses" or name not in ("scatter", "images", "stopping", *ALONE)]


@pytest.mark.parametrize("name", SINGLE)
def test_every_figure_can_be_drawn_of_a_single_run_at_a_single_epoch(name):
    """One row, without an interval, as a study of one replicate has it."""
    table = planted_losses() if name == "losses" else planted_curves()
    if name != "losses":
        other = OTHERS[0] if name == "criteria" else ("raw", "stratum")
        criterion, normalisation, _ = CURVES.get(name, (*other, 100))
        table = table[(table["criterion"] == criterion) & (table["normalisation"] == normalisation)]
        table = table[table["threshold"].isna() | (table["threshold"] == table["cell"].map(RATIOS))]
        table = table[table["stratum"] == ("all" if name == "criteria" else "outlier")]
        table = table[table["reference"] == "matched"]
    else:
        table = table[table["set"] != "gap"]
    row = table[:1].assign(low=np.nan, high=np.nan)
    color = style.STRATUM["inlier" if name == "criteria" else "outlier"]
    color = style.SET[row["set"].item()] if name == "losses" else color
    figure = registry.load(FIGURES[name].draw)(row, words=WORDS)
    figure.draw_without_rendering()
    (line,) = [line for axes in figure.axes for line in lines(axes, color) if len(line.get_xdata())]
    factor = {"losses": 1, "thresholds": 100, "criteria": 100}.get(name) or CURVES[name][2]
    x = "threshold" if name == "thresholds" else "epoch"
    assert line.get_xydata().tolist() == [[row[x].item(), pytest.approx(factor * row["mean"].item())]]


@pytest.mark.parametrize(("n", "d"), [(1, 2), (2, 1), (2, 2), (2, 64)])
def test_scatter_can_be_drawn_of_a_handful_of_points(n, d):
    figure = scatter.draw({"alpha": planted_panel(n=n, snapshots=1, d=d)})
    figure.draw_without_rendering()
    assert sum(len(c.get_offsets()) for c in figure.axes[0].collections) == 3 * n


def test_scatter_can_be_drawn_of_digits_whose_first_pixel_never_changes():
    digits = pixels.points(images.digits(pixels=None).pixels[:40])
    data = scatter.Panel(digits[:20], np.zeros(20, dtype=int), digits[20:], digits[None, 20:], np.array([0]))
    scatter.draw({"alpha": data}).draw_without_rendering()


@pytest.mark.parametrize("name", CURVES)
@pytest.mark.parametrize("references", [("plain", "matched"), ("plain",)])
def test_curves_are_the_table_at_each_cells_ratio(name, references):
    table = planted_curves(references=references)
    figure = registry.load(FIGURES[name].draw)(table, words=WORDS)
    criterion, normalisation, factor = CURVES[name]
    one = name in ("net", "mass")
    multiples = {} if one else small_multiples(figure)
    for cell, reference in itertools.product(RATIOS, references[-1:] if one else references):
        for stratum in STRATA[:2] if name == "mass" else STRATA:
            axes = panel(figure, cell) if one else multiples[cell, reference, stratum]
            where = dict(cell=cell, reference=reference, stratum=stratum)
            where |= dict(criterion=criterion, normalisation=normalisation)
            expected = table[(table[list(where)] == pd.Series(where)).all(axis=1)].sort_values("epoch")
            if name != "mass":
                expected = expected[expected["threshold"] == RATIOS[cell]]
            assert len(expected) == len(EPOCHS)
            assert_draws(axes, style.STRATUM[stratum], expected, factor=factor)
            (chance,) = lines(axes, style.STRATUM[stratum], "--")
            np.testing.assert_allclose(chance.get_ydata(), factor * expected["chance" if name == "net" else "floor"])
            (ceiling,) = lines(axes, style.STRATUM[stratum], ":")
            np.testing.assert_allclose(ceiling.get_ydata(), factor * expected["ceiling"])
            assert one or len([line for line in axes.lines if len(line.get_xdata())]) == 3


def test_mass_has_a_doubling_axis():
    axes = draw("mass").axes[0]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert {"1/2", "1", "2"} <= set(labels)
    assert axes.get_yscale() == "log"


def test_membership_draws_the_bound_and_the_range_of_single_replicates():
    table = planted_membership()
    figure = registry.load(FIGURES["membership"].draw)(table, words=WORDS)
    for cell in RATIOS:
        axes, expected = panel(figure, cell), table[table["cell"] == cell].sort_values("epoch")
        (line,) = axes.lines
        np.testing.assert_allclose(line.get_xydata(), expected[["epoch", "epsilon_low"]])
        corners = axes.collections[0].get_paths()[0].vertices[:, 1]
        assert corners.max() == pytest.approx(expected["highest"].max())
        assert corners.min() == pytest.approx(expected["lowest"].min())
        assert "90 pairs" in axes.texts[0].get_text()


@pytest.mark.parametrize("name", ["net", "memorized", "within", "coverage", "thresholds"])
def test_all_points_are_drawn_once_where_there_is_a_single_stratum(name):
    table = planted_curves(strata=("inlier", "all"))
    figure = registry.load(FIGURES[name].draw)(table, words=WORDS)
    assert any(lines(axes, style.STRATUM["inlier"]) for axes in figure.axes)
    assert not any(lines(axes, style.STRATUM["all"]) for axes in figure.axes)


def test_thresholds_are_the_last_snapshot_against_the_ratio():
    table = planted_curves()
    figure = registry.load(FIGURES["thresholds"].draw)(table, words=WORDS)
    last = table[(table["epoch"] == 100) & (table["reference"] == "matched") & (table["normalisation"] == "stratum")]
    for (i, criterion), (j, cell) in itertools.product(enumerate(("raw", "net")), enumerate(RATIOS)):
        axes = figure.axes[2 * i + j]
        part = last[(last["criterion"] == criterion) & (last["cell"] == cell)].sort_values("threshold")
        for stratum in STRATA:
            expected = part[part["stratum"] == stratum]
            assert_draws(axes, style.STRATUM[stratum], expected, x="threshold", factor=100)
        for linestyle, column in (("--", "floor"), (":", "chance")):
            (line,) = lines(axes, "k", linestyle)
            np.testing.assert_allclose(line.get_ydata(), 100 * expected[column])
        (mark,) = lines(axes, "grey")
        assert set(mark.get_xdata()) == {RATIOS[cell]}


def test_losses_are_the_table_of_each_cell_and_set():
    table = planted_losses()
    figure = registry.load(FIGURES["losses"].draw)(table, words=WORDS)
    for cell, (name, color) in itertools.product(RATIOS, style.SET.items()):
        expected = table[(table["cell"] == cell) & (table["set"] == name)].sort_values("epoch")
        assert_draws(panel(figure, cell), color, expected)
    below = figure.axes[2 + figure.axes.index(panel(figure, "alpha"))]
    levels = [0.1 * 2**level for level in (0, 2, 4, 6, 8)]
    drawn = [line for line in below.lines if len(line.get_xdata()) == len(EPOCHS)]
    for line, sigma in zip(drawn, levels, strict=True):
        expected = table[(table["cell"] == "alpha") & (table["sigma"] == sigma)].sort_values("epoch")
        np.testing.assert_allclose(line.get_ydata(), expected["mean"])


def test_criteria_are_those_of_all_points_against_the_matched_test_set():
    table = planted_curves()
    figure = registry.load(FIGURES["criteria"].draw)(table, words=WORDS)
    for (i, (criterion, _)), (j, cell) in itertools.product(enumerate(OTHERS), enumerate(RATIOS)):
        where = f"criterion == '{criterion}' and cell == '{cell}' and stratum == 'all' and reference == 'matched'"
        factor = 1 if criterion == "rank" else 100
        assert_draws(
            figure.axes[2 * i + j], style.STRATUM["inlier"], table.query(where).sort_values("epoch"), factor=factor
        )


def test_uses_are_means_with_their_intervals():
    table = planted_uses()
    figure = registry.load(FIGURES["uses"].draw)(table, words=WORDS)
    axes = figure.axes[0]
    rows = table.query("cell == 'alpha' and use == 'auroc' and side == 'train'")
    (points,) = [c for c in axes.containers if c.get_label() == "training locations"]
    np.testing.assert_allclose(np.asarray(points[0].get_xdata(), dtype=float), rows["mean"])
    ends = np.array([segment[:, 0] for segment in points[2][0].get_segments()])
    np.testing.assert_allclose(ends, rows[["low", "high"]])
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert [names[int(y)] for y in points[0].get_ydata()] == rows["name"].tolist()


def test_scatter_shows_the_points_of_every_set_stratum_and_snapshot():
    data = planted_panel(snapshots=3)
    figure = scatter.draw({"alpha": data})
    for number, epoch in enumerate(data.epochs):
        axes = next(axes for axes in figure.axes if axes.get_title() == f"epoch {epoch:,}")
        shown = {c.get_label(): c.get_offsets() for c in axes.collections}
        expected = {f"train: {stratum}": data.train[data.stratum == i] for i, stratum in enumerate(scatter.STRATA)}
        expected |= {"held-out": data.test, "generated": data.generated[number]}
        assert shown.keys() == expected.keys()
        for label, points in expected.items():
            np.testing.assert_allclose(shown[label], points)
        corner, opposite = np.transpose([axes.get_xlim(), axes.get_ylim()])
        assert ((corner < data.train) & (data.train < opposite)).all()


@pytest.mark.parametrize("name", [name for name in FIGURES if name not in ("scatter", "images", *UNNAMED)])
def test_cells_go_by_their_words_and_labels_stand_on_outer_panels_alone(name):
    figure = draw(name)
    texts = [t for axes in figure.axes for t in (axes.get_title(), axes.get_ylabel(), axes.get_xlabel())]
    texts += [label.get_text() for axes in figure.axes for label in axes.get_yticklabels()]
    texts += [" ".join(text.get_text().split()) for axes in figure.axes for text in axes.texts]
    assert all(any(words in text for text in texts) for words in WORDS.values())
    assert not any("alpha" in text or "beta" in text for text in texts)
    for axes in figure.axes if name not in ("uses", "density") else ():
        place = axes.get_subplotspec()
        assert bool(axes.get_ylabel()) == place.is_first_col()
        assert bool(axes.get_xlabel()) == place.is_last_row()


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_fits_a_page_with_letters_of_seven_points_and_more(name):
    figure = draw(name)
    assert figure.get_figwidth() <= style.PAGE + 0.01
    figure.draw_without_rendering()
    texts = [t for t in figure.findobj(lambda item: hasattr(item, "get_fontsize")) if hasattr(t, "get_text")]
    assert min(text.get_fontsize() for text in texts if text.get_text()) >= 7


def test_a_legend_has_the_strata_in_the_order_of_the_lines_and_their_colours():
    (legend,) = draw("net").legends
    names = [text.get_text() for text in legend.get_texts()]
    assert names == [*STRATA, "no copying", "ceiling (optimum)"]
    colors = [handle.get_color() for handle in legend.legend_handles]
    assert colors[: len(STRATA)] == [style.STRATUM[stratum] for stratum in STRATA]


def test_a_criterion_without_values_has_no_row():
    table = planted_curves()
    table.loc[table["criterion"] == "discoveries", "mean"] = np.nan
    figure = registry.load(FIGURES["criteria"].draw)(table, words=WORDS)
    labels = [axes.get_ylabel() for axes in figure.axes if axes.get_ylabel()]
    assert len(labels) == len(OTHERS) - 1
    assert not any("false discoveries" in label for label in labels)


@pytest.mark.parametrize("name", ["net", "scatter"])
def test_a_figure_saved_twice_is_the_same_bytes(name, tmp_path):
    files = []
    for i in range(2):
        style.save(draw(name), png=tmp_path / f"{i}.png", svg=tmp_path / f"{i}.svg")
        files.append([(tmp_path / f"{i}.{kind}").read_bytes() for kind in ("png", "svg")])
    assert files[0] == files[1]
    assert files[0][0].startswith(b"\x89PNG")
    assert b"<svg" in files[0][1]
    assert not plt.get_fignums()


def test_times_draw_training_locations_and_dashed_the_held_out_ones():
    table = planted_times()
    figure = registry.load(FIGURES["times"].draw)(table, words=WORDS)
    for cell, stratum, (side, line) in itertools.product(RATIOS, STRATA[:2], (("train", "-"), ("held-out", "--"))):
        where = (table["cell"] == cell) & (table["stratum"] == stratum) & (table["side"] == side)
        rows = table[where].sort_values("epoch")
        (drawn,) = [d for d in lines(panel(figure, cell), style.STRATUM[stratum], line) if len(d.get_xdata())]
        np.testing.assert_allclose(drawn.get_xydata(), np.stack([rows["epoch"], 100 * rows["mean"]], 1))


def test_density_draws_the_last_snapshot_and_the_optimum_with_their_intervals():
    table = planted_density()
    figure = registry.load(FIGURES["density"].draw)(table, words=WORDS)
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == list(WORDS.values())[::-1]
    for axes, (model, term) in zip(figure.axes, PANELS, strict=True):
        term = "outlier" if term == "stratum" else term
        rows = table[(table["model"] == model) & (table["term"] == term) & (table["epoch"] != 0)]
        drawn = {bar.lines[0].get_xdata()[0]: bar.lines[2][0].get_segments()[0][:, 0] for bar in axes.containers}
        assert set(drawn) == set(rows["mean"])
        for row in rows.itertuples():
            np.testing.assert_allclose(drawn[row.mean], [row.low, row.high])


def test_quality_is_drawn_beside_that_of_fresh_points():
    table = planted_quality()
    figure = registry.load(FIGURES["quality"].draw)(table, words=WORDS)
    measures = ("energy", "sliced_wasserstein", "density", "coverage")
    for axes, (measure, cell) in zip(figure.axes, itertools.product(measures, WORDS), strict=True):
        rows = table[(table["cell"] == cell) & (table["measure"] == measure)].sort_values("epoch")
        model, fresh = axes.lines
        np.testing.assert_allclose(model.get_ydata(), rows["mean"])
        np.testing.assert_allclose(fresh.get_ydata(), rows["floor"])


@pytest.mark.parametrize("name", ["net", "memorized"])
def test_a_panel_says_what_an_approximate_search_missed_and_one_of_exact_neighbours_does_not(name):
    table = planted_curves(references=("plain",) if name == "memorized" else ("matched",))
    recall = np.where(table["cell"] == "alpha", np.where(table["epoch"] == max(EPOCHS), 0.875, 0.9), 1.0)
    figure = registry.load(FIGURES[name].draw)(table.assign(recall=recall), words=WORDS)
    first = [axes for axes in figure.axes if axes.get_subplotspec().is_first_col() or name == "net"]
    alpha, beta = (" ".join(text.get_text() for text in axes.texts) for axes in first)
    assert "recall 0.875" in alpha
    assert "recall" not in beta
    plt.close(figure)
