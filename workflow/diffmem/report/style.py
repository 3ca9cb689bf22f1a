"""Common style of all figures. The same numbers give the same files, byte for byte."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypedDict, cast

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.text import Text

from diffmem.files import replacing

Look = dict[str, Any]  # keyword arguments of a matplotlib function: colour, marker and so on
Share = Literal["none", "all", "row", "col"]  # which panels share an axis


class Sharing(TypedDict):
    """Arguments of ``grid``: which panels share the x axis and which the y axis."""

    sharex: Share
    sharey: Share


mpl.use("Agg")
sns.set_theme(context="paper", style="ticks", font_scale=1.0)
mpl.rcParams.update(
    {
        "svg.hashsalt": "diffmem",
        "svg.fonttype": "none",
        "savefig.dpi": 200,
        "axes.grid": True,
        "grid.alpha": 0.25,
        "lines.linewidth": 1.4,
        "legend.frameon": False,
        "figure.constrained_layout.use": True,
        "font.size": 8,
        "axes.labelsize": 8,
        "axes.titlesize": 8,
        "xtick.labelsize": 7,
        "ytick.labelsize": 7,
        "legend.fontsize": 7.5,
        "legend.title_fontsize": 7.5,
        "axes.linewidth": 0.8,
        "xtick.major.width": 0.8,
        "ytick.major.width": 0.8,
        "xtick.minor.width": 0.6,
        "ytick.minor.width": 0.6,
        **dict.fromkeys(
            ("text.color", "axes.edgecolor", "axes.labelcolor", "axes.titlecolor", "xtick.color", "ytick.color"),
            "black",
        ),
    }
)

# Okabe and Ito's colours, which colour-blind readers can distinguish: one per stratum, the same in every figure
STRATUM = {
    "inlier": "#0072B2",
    "outlier": "#D55E00",
    "duplicate": "#009E73",
    "near-duplicate": "#CC79A7",
    "all": "#444444",
}
# colours of items other than strata, such as arms and cells; the first is that of a baseline
COLORS = ("#444444", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#B2A800")
MARKERS = "osD^vPX<>"
SET = {"train": "#0072B2", "held-out": "#E69F00"}
HEIGHT, WIDTH = 2.2, 3.3  # of one panel, in inches
PAGE = 7.0  # width of a page of text, in inches
BELOW: Look = {"loc": "outside lower center", "columnspacing": 1.2, "handlelength": 1.6, "borderaxespad": 0.2}
SHARED: dict[str, Sharing] = {
    "epochs": {"sharex": "col", "sharey": "row"},
    "strata": {"sharex": "row", "sharey": "col"},
}
EVEN = 30  # number of times that the first snapshot after epoch 0 fits into the run, below which the axis is linear
WARNING = "warning"  # marks the texts of ``warn``


def look_of(number: int) -> Look:
    """Colour and marker of the line with this ``number``. They differ between any two of the first 72 numbers."""
    marker = MARKERS[(number + number // len(COLORS)) % len(MARKERS)]
    return {"color": COLORS[number % len(COLORS)], "marker": marker, "markersize": 4}


def epoch_axis(axes: Axes) -> None:
    """Make the x axis logarithmic in the epoch, from epoch 0 (the untrained model) to the last snapshot.

    It is linear where the first snapshot comes late, as in a training with evenly spaced snapshots. Samples of a
    training elsewhere may have no epoch 0: their axis begins with the first.
    """
    limits = axes.dataLim
    last = limits.xmax if np.isfinite(limits.xmax) and limits.xmax > 0 else 10
    first = limits.xmin if np.isfinite(limits.xmin) and 1 <= limits.xmin < last else 0
    if first:
        axes.set_xscale("log")
        decades, label = np.log10(last / first), "epoch"
    elif EVEN * limits.minposx > last:
        axes.set(xlim=(0, last), xlabel="epoch (0: untrained)")
        return
    else:
        axes.set_xscale("symlog", linthresh=1, linscale=0.5)
        decades, label = np.log10(last) + 0.5, "epoch (0: untrained)"
    axes.set_xlim(first, last)
    inches = 0.85 * axes.get_position().width * _figure(axes).get_figwidth() / decades  # of a decade
    subs = (1, 2, 5) if inches > 1.2 else (1,)
    ticks = [factor * 10**power for power in range(0, 8, 1 if inches > 0.4 else 2) for factor in subs]
    axes.set_xticks([first, *(tick for tick in ticks if first < tick <= last / 10 ** (0.36 / inches)), last])
    axes.xaxis.set_minor_locator(mpl.ticker.NullLocator())
    axes.xaxis.set_major_formatter(mpl.ticker.FuncFormatter(lambda value, _: f"{round(value, 2):,.10g}"))
    axes.set_xlabel(label)


def log_ticks(axis: Axis, low: float, high: float) -> None:
    """Set at most five ticks, labelled with plain numbers, on a logarithmic axis from ``low`` to ``high``."""
    for subs in ((1.0, 2.0, 5.0), (1.0, 3.0), (1.0,)):
        ticks = [t for t in mpl.ticker.LogLocator(subs=subs, numticks=99).tick_values(low, high) if low <= t <= high]
        if len(ticks) <= 5:
            break
    axis.set_major_locator(mpl.ticker.FixedLocator(ticks[:: -(-len(ticks) // 5) or 1]))
    axis.set_major_formatter(mpl.ticker.FuncFormatter(lambda value, _: f"{value:,.4g}"))
    axis.set_minor_formatter(mpl.ticker.NullFormatter())
    axis.set_minor_locator(mpl.ticker.NullLocator())


def band(
    axes: Axes,
    x: pd.Series,
    mean: pd.Series,
    low: pd.Series,
    high: pd.Series,
    *,
    color: str,
    label: str | None = None,
    linestyle: str = "-",
) -> None:
    """Plot ``mean`` against ``x`` as a line, and the interval from ``low`` to ``high`` as a band."""
    marker = "." if len(x) == 1 else None  # a line through a single point is not visible
    axes.plot(x, mean, color=color, label=label, linestyle=linestyle, marker=marker)
    axes.fill_between(x, low, high, color=color, alpha=0.2, linewidth=0)


def grid(
    rows: int,
    columns: int,
    *,
    width: float = WIDTH,
    height: float = HEIGHT,
    sharex: bool | Share = False,
    sharey: bool | Share = False,
) -> tuple[Figure, np.ndarray]:
    """A figure and its panels, an array of shape (rows, columns). A panel has ``width`` x ``height`` inches."""
    size = (width * columns, height * rows + 0.5)
    return plt.subplots(rows, columns, figsize=size, squeeze=False, sharex=sharex, sharey=sharey)


def place_of(panel: Axes) -> SubplotSpec:
    """Where a panel of ``grid`` stands: whether it is in the last row, for example."""
    return cast(SubplotSpec, panel.get_subplotspec())  # None only for panels that belong to no grid


def shown(words: dict[str, str], table: pd.DataFrame) -> dict[str, str]:
    """The entries of ``words`` (cell -> its description) for the cells in the ``table``."""
    return {cell: name for cell, name in words.items() if cell in set(table["cell"])}


def strata(part: pd.DataFrame) -> list[str]:
    """The strata in a table. "all" is left out if there is only one other stratum."""
    found = [name for name in STRATUM if name in set(part["stratum"])]
    return found[:1] if len(found) == 2 and found[1] == "all" else found


def facets(
    rows: dict[str, str], columns: dict[str, str], *, height: float = HEIGHT, shared: str = "epochs"
) -> tuple[Figure, dict[tuple[str, str], Axes]]:
    """A figure of the width of a page, whose rows have a y label and whose columns have a title.

    Args:
        rows: key of a row -> label of its y axis.
        columns: key of a column -> title.
        height: of a panel, in inches.
        shared: "epochs" if the panels of a column share the epochs and those of a row share the unit; "strata" if the
            panels of a row share the epochs and those of a column share the unit.

    Returns:
        the figure, and (key of a row, key of a column) -> panel. Empty ``rows`` or ``columns`` give one key, "".
    """
    rows, columns = rows or {"": ""}, columns or {"": ""}
    width = PAGE / len(columns)
    figure, axes = grid(len(rows), len(columns), width=width, height=height, **SHARED[shared])
    for panel, label in zip(axes[:, 0], rows.values(), strict=True):
        panel.set_ylabel(label)
    for panel, title in zip(axes[0], columns.values(), strict=True):
        panel.set_title(title)
    return figure, {(row, column): axes[i, j] for i, row in enumerate(rows) for j, column in enumerate(columns)}


def finish(figure: Figure, panels: dict[tuple[str, str], Axes]) -> None:
    """Complete a figure of ``facets``: x labels in the last row only, space for warnings, one legend, no frame."""
    warned: dict[frozenset[Axes], tuple[Axes, int]] = {}
    for panel in panels.values():
        if not place_of(panel).is_last_row():
            panel.set_xlabel("")
        if counts := [text.get_text().count("\n") + 1 for text in panel.texts if text.get_gid() == WARNING]:
            warned[frozenset(panel.get_shared_y_axes().get_siblings(panel))] = panel, max(counts)
    for panel, lines in warned.values():  # once for all panels that share a y axis
        _make_room(panel, lines)
    legend_below(figure, np.array(list(panels.values())))
    figure.align_ylabels()
    sns.despine(figure)


def _make_room(panel: Axes, lines: int) -> None:
    """Extend the y axis so that ``lines`` lines of text fit above the data, without ticks in the new space."""
    low, high = panel.get_ylim()
    share = min(0.5, 0.13 * (lines + 0.5) / (panel.get_position().height * _figure(panel).get_figheight()))
    ticks = [tick for tick in panel.get_yticks() if low <= tick <= high]
    panel.set_ylim(low, high + (high - low) * share / (1 - share))
    panel.set_yticks(ticks)


def warn(panel: Axes, *, resolution: pd.Series, recall: pd.Series) -> None:
    """Write into a panel what limits the validity of its data.

    Args:
        resolution: spacing of the training points over the last noise level of the sampler. Below 3, the noise hides
            copies.
        recall: share of correct neighbours of an approximate search.
    """
    words = []
    if len(resolution) and (value := resolution.mean()) < 3:
        words.append(f"low ceiling: spacing is\n{value:.1f} times the last noise level")
    if len(recall) and (value := recall.min()) < 1:
        words.append(f"approximate neighbours:\nrecall {value:.3f} at least")
    if words:
        text = "\n".join(words)
        box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1}
        look: Look = {"color": "firebrick", "fontsize": 7, "bbox": box, "gid": WARNING}
        panel.text(0.02, 0.99, text, transform=panel.transAxes, va="top", **look)


def right_title(panel: Axes, text: str) -> None:
    """Write the title of a row of panels to the right of its last ``panel``."""
    panel.text(1.14, 0.5, text, transform=panel.transAxes, rotation=270, ha="left", va="center", fontsize=7)


def legend_below(figure: Figure, axes: np.ndarray) -> None:
    """Add one legend for the whole figure, with the labels of all ``axes`` in the order of the lines."""
    entries: dict[str, Artist] = {}
    for panel in axes.flat:
        for handle, label in zip(*panel.get_legend_handles_labels(), strict=True):
            entries.setdefault(label, handle)
    legend(figure, entries)


def legend(figure: Figure, entries: Mapping[str, Artist]) -> None:
    """Add a legend below the panels, in as few rows as fit the width of the figure.

    Args:
        entries: label -> handle, in the order in which they are read, row by row.
    """
    names = list(entries)
    renderer = cast(FigureCanvasAgg, figure.canvas).get_renderer()
    for rows in range(1, len(names) + 1):
        columns = -(-len(names) // rows)
        order = [name for column in range(columns) for name in names[column::columns]]  # filled by column
        drawn = figure.legend([entries[name] for name in order], order, ncols=columns, **BELOW)
        # letters are a little wider at the resolution of the file
        if drawn.get_window_extent(renderer).width <= 0.95 * figure.bbox.width or rows == len(names):
            return
        drawn.remove()


def count_in(figure: Figure, counted: str) -> None:
    """Write what snapshots are ``counted`` in, such as steps, for the word epoch in all texts of a figure."""
    for text in cast(list[Text], figure.findobj(Text)):
        text.set_text(re.sub(r"\bepoch\b", counted, text.get_text()))


def save(figure: Figure, *, png: str | Path, svg: str | Path) -> None:
    """Write a figure as PNG and SVG, without dates and versions, and close it."""
    with replacing(png) as path:
        figure.savefig(path, metadata={"Software": None})
    with replacing(svg) as path:
        figure.savefig(path, metadata={"Date": None, "Creator": None})
    plt.close(figure)


def _figure(panel: Axes) -> Figure:
    """The figure of a panel of ``grid``."""
    return cast(Figure, panel.figure)  # none of the figures here has subfigures
