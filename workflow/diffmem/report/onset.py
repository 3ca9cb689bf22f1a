"""Figures of the onset study: measures against n / d, with one row of panels per dimension and one colour per cell.

Every function takes the tables ``points`` and ``onsets`` of ``studies.onset.tables`` and ``words`` (cell -> its
description), and returns a figure. Dashed lines are closed forms, or limits for infinitely many points.
"""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from diffmem.report import style

TICKS = (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128)
CHANCES = {
    "P(l2)": "squared L2 distance\n(the paper's)",
    "P(cs)": "Cauchy–Schwarz",
    "P(kl)": "KL to the exact truth",
}
CHECKS = {
    "P(matched)": "matched: a held-out set of\nthe size of the training set",
    "P(null)": "null: two held-out sets",
}
CROSSED = {"P(l2)": "l2", "P(cs)": "cs", "P(kl)": "kl", "P(matched)": "matched"}
OVERLAPS = {
    "e_fresh": "with fresh points of the truth, $E_{OG}$",
    "e_train": "with the training set, $E_{TG}$",
}
DISTANCES = {
    "kl_d": "KL(G ‖ truth) / d\n[nats]",
    "w2": "squared Wasserstein-2\nover total variance",
    "energy": "energy distance\n[units of the data]",
}
LIKELIHOOD = {
    "bc_root": "overlap with the truth, $(1 - H^2)^{1/d}$",
    "gap": "how much likelier training points are\nthan held-out points [nats / d]",
}
LOGARITHMIC = ("kl_d", "w2", "gap", "energy")
COPYING = {
    "near_share": "generated points nearer to\ntraining than to held-out points",
    "third": "generated points that are copies\nby the rule of 1/3",
    "sets_share": "variance of Δ between\ntraining sets, not seeds",
}
PLACES = {
    "l2": "½ by squared L2",
    "cs": "½ by Cauchy–Schwarz",
    "kl": "½ by KL",
    "matched": "½ by the matched comparison",
    "peak": "farthest from the truth ($E_{OG}$)",
    "mem": "copying half gone ($n_{mem}$)",
    "gen": "$W_2^2$ a quarter of the variance ($n_{gen}$)",
}


def probability(points: pd.DataFrame, onsets: pd.DataFrame, *, words: dict[str, str]) -> Figure:
    """P(Delta > 0) by three comparisons, with Wilson's intervals.

    A bar at one half is the interval of the place at which the curve crosses one half.
    """
    return _chances(points, onsets, CHANCES, words)


def matched(points: pd.DataFrame, onsets: pd.DataFrame, *, words: dict[str, str]) -> Figure:
    """P(Delta > 0) by the comparisons for which it is one half if the model is independent of its training set."""
    return _chances(points, onsets, CHECKS, words)


def overlaps(points: pd.DataFrame, onsets: pd.DataFrame, *, words: dict[str, str]) -> Figure:  # noqa: ARG001
    """The two overlaps that are compared, E_OG and E_TG. The squared L2 distance is infinite for n <= d."""
    return _panels(points, OVERLAPS, words, sharey="row", label="−log overlap / d [nats]")[0]


def distances(points: pd.DataFrame, onsets: pd.DataFrame, *, words: dict[str, str]) -> Figure:  # noqa: ARG001
    """Distances between the generated and the true distribution."""
    return _panels(points, DISTANCES, words)[0]


def likelihood(points: pd.DataFrame, onsets: pd.DataFrame, *, words: dict[str, str]) -> Figure:  # noqa: ARG001
    """The overlap with the truth, and the gap in likelihood between held-out and training points."""
    return _panels(points, LIKELIHOOD, words)[0]


def copying(points: pd.DataFrame, onsets: pd.DataFrame, *, words: dict[str, str]) -> Figure:  # noqa: ARG001
    """Copies: nearness to training points, copies by the rule of 1/3, and the share of variance due to the data."""
    shown = {name: label for name, label in COPYING.items() if name in set(points["measure"])} or COPYING
    figure, axes, _ = _panels(points, shown, words, sharey="row", label="share")
    for row in axes:
        row[0].set_ylim(-0.04, 1.04)
        row[0].axhline(0.5, color="grey", linewidth=0.8, zorder=0)
    return figure


def places(points: pd.DataFrame, onsets: pd.DataFrame, *, words: dict[str, str]) -> Figure:
    """Places of the onset on the axis n / d, with 95 % intervals.

    The axis is the range of the training sizes. A triangle at its edge marks a place outside of it.
    """
    cells = list(onsets["cell"].unique())
    figure, axes = style.grid(1, 1, width=style.PAGE, height=0.7 + 0.75 * max(len(cells), 1))
    panel = axes[0, 0]
    known = onsets[onsets["place"].isin(PLACES)]
    left, right = (points["ratio"].min(), points["ratio"].max()) if len(points) else (0.5, 2.0)
    for i, (place, label) in enumerate(PLACES.items()):
        part, color = known[known["place"] == place], style.COLORS[i]
        y = np.array([cells.index(cell) for cell in part["cell"]]) + 0.1 * (i - (len(PLACES) - 1) / 2)
        value, low, high = (part[name].clip(left, right) for name in ("value", "low", "high"))
        panel.hlines(y, low, high, color=color, linewidth=1.4)
        panel.plot([], [], "o", color=color, markersize=4.5, label=label)
        for mark, where in (("<", value <= left), (">", value >= right), ("o", (value > left) & (value < right))):
            panel.plot(value[where], y[where], marker=mark, linestyle="none", markersize=4.5, color=color)
    panel.axvline(1, color="grey", linewidth=0.8, zorder=0)
    panel.hlines(np.arange(1, len(cells)) - 0.5, left / 1.1, right * 1.1, color="lightgrey", linewidth=0.6, zorder=0)
    panel.set_yticks(range(len(cells)), [words.get(cell, cell) for cell in cells])
    panel.set_ylim(max(len(cells), 1) - 0.5, -0.5)
    ratio_axis(panel, left / 1.1, right * 1.1)
    style.legend_below(figure, axes)
    sns.despine(figure)
    return figure


def _chances(points: pd.DataFrame, onsets: pd.DataFrame, measures: dict[str, str], words: dict[str, str]) -> Figure:
    """Panels of P(Delta > 0), with a bar at one half for the place at which a curve crosses it."""
    figure, axes, drawn = _panels(points, measures, words, sharey="row", label="share of training sets\nwith Δ > 0")
    for row, cells in zip(axes, drawn, strict=True):
        row[0].set_ylim(-0.04, 1.04)
        for panel, measure in zip(row, measures, strict=True):
            panel.axhline(0.5, color="grey", linewidth=0.8, zorder=0)
            crossed = onsets[(onsets["place"] == CROSSED.get(measure)) & onsets["cell"].isin(cells)]
            _crossings(panel, crossed, cells)
    return figure


def _panels(
    points: pd.DataFrame,
    measures: dict[str, str],
    words: dict[str, str],
    *,
    sharey: style.Share = "none",
    label: str = "",
) -> tuple[Figure, np.ndarray, list[dict[str, style.Look]]]:
    """A figure with one column per measure and all curves drawn.

    If a study has one cell per dimension, all dimensions are in one row. Otherwise each dimension has a row, and a
    colour is a kind of cell.

    Returns:
        the figure, its panels of shape (rows, measures), and for every row cell -> look.
    """
    rows = _rows(points, words)
    height = 2.1 if len(rows) == 1 else 1.7
    shape = len(rows), len(measures)
    figure, axes = style.grid(*shape, width=style.PAGE / len(measures), height=height, sharex=True, sharey=sharey)
    span = (points["ratio"].min() / 1.1, points["ratio"].max() * 1.1) if len(points) else (0.5, 2)
    looks = []
    for row, (title, kinds) in zip(axes, rows.items(), strict=True):
        looks.append({cell: style.look_of(number + 1) for cell, (number, _) in kinds.items()})
        for panel, (measure, name) in zip(row, measures.items(), strict=True):
            panel.axvline(1, color="grey", linewidth=0.8, zorder=0)
            for cell, (_, kind) in kinds.items():
                line = points[(points["cell"] == cell) & (points["measure"] == measure)].sort_values("ratio")
                _line(panel, line[np.isfinite(line["mean"])], looks[-1][cell], kind)
            ratio_axis(panel, *span)
            if measure in LOGARITHMIC and panel.dataLim.ymax > 0:
                panel.set_yscale("log")
                style.log_ticks(panel.yaxis, *panel.get_ylim())
            if not style.place_of(panel).is_last_row():
                panel.set_xlabel("")
            if style.place_of(panel).is_first_row():
                panel.set_title(name)
        row[0].set_ylabel("\n".join(filter(None, [title, label])))
    if any(line.get_linestyle() == "--" for panel in axes.flat for line in panel.lines):
        axes[-1, -1].plot([], [], "k--", linewidth=0.8, label="closed form, or limit of many points")
    style.legend_below(figure, axes)
    sns.despine(figure)
    return figure, axes, looks


def _rows(points: pd.DataFrame, words: dict[str, str]) -> dict[str, dict[str, tuple[int, str]]]:
    """Title of a row of panels -> its cells, each with the number of its look and its label."""
    cells = points.drop_duplicates("cell").sort_values("dimension", kind="stable")
    cells = dict(zip(cells["cell"], cells["dimension"], strict=True))
    kinds = {cell: _kind(words.get(cell, cell)) for cell in points["cell"].unique()}
    order = list(dict.fromkeys(kinds.values()))
    if len(order) < 2:
        one = next(iter(order), "")
        called = {cell: f"d = {d}" if len(cells) > 1 else one or f"d = {d}" for cell, d in cells.items()}
        return {"": {cell: (number, called[cell]) for number, cell in enumerate(cells)}}
    return {
        f"d = {d}": {cell: (order.index(kinds[cell]), kinds[cell]) for cell in kinds if cells[cell] == d}
        for d in dict.fromkeys(cells.values())
    }


def _kind(words: str) -> str:
    """The description of a cell without its dimension."""
    return ", ".join(part for part in words.split(", ") if not part.startswith("d = "))


def _line(panel: Axes, line: pd.DataFrame, look: style.Look, label: str) -> None:
    """Draw a curve with its interval, and the closed form."""
    if not len(line):
        return
    panel.plot(line["ratio"], line["mean"], linewidth=1.1, label=label, **{**look, "markersize": 3.2})
    panel.fill_between(line["ratio"], line["low"], line["high"], color=look["color"], alpha=0.2, linewidth=0)
    theory = line[np.isfinite(line["theory"])]
    if len(theory) and theory["theory"].iloc[-1] != 0.5:  # chance levels are drawn once for all cells
        panel.plot(theory["ratio"], theory["theory"], "k--", linewidth=0.8)


def _crossings(panel: Axes, places: pd.DataFrame, looks: dict[str, style.Look]) -> None:
    """Draw a bar at one half for every crossing whose interval lies within the range of the training sizes."""
    for _, place in places[np.isfinite(places["high"]) & (places["low"] > 0)].iterrows():
        look = {"color": looks[place["cell"]]["color"], "linewidth": 3, "alpha": 0.8}
        panel.plot([place["low"], place["high"]], [0.5, 0.5], **look)


def ratio_axis(panel: Axes, left: float, right: float) -> None:
    """Make the x axis logarithmic in n / d, from ``left`` to ``right``, with plain numbers."""
    panel.set_xscale("log")
    panel.set_xlim(left, right)
    panel.xaxis.set_major_locator(FixedLocator([tick for tick in TICKS if left <= tick <= right]))
    panel.xaxis.set_minor_locator(NullLocator())
    panel.xaxis.set_major_formatter(FuncFormatter(_plain))
    panel.set_xlabel("training points per dimension, n / d")


def _plain(value: float, _position: int) -> str:
    return f"{value:g}"
