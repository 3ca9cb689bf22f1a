"""Effective memorization: shares of copies against the training size, factors, quality, and the images themselves."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter

from diffmem.measure.emm import LINE
from diffmem.report import style
from diffmem.studies.effective.matches import Matches

# Okabe and Ito's colours, the baseline of every panel in dark grey
COLOR = ("#444444", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#B2A800")
MARKER = "osD^vPX<>"
RISE = 0.022  # by which the intervals of arms are set apart on the line


def effective(curves: pd.DataFrame, fits: pd.DataFrame, estimates: pd.DataFrame, *, groups: dict[str, list[str]]):
    """R_mem against n on a log axis, one panel per factor, one colour per arm.

    Points: mean at the last snapshot with its 95 % interval; open ones: at the best snapshot; lines: the fit; bars on
    the line of 0.9: EMM with its interval, an arrow where the sizes end before it does.

    Args:
        curves, fits, estimates: as made by ``studies.effective.emm`` (curves, fits, table).
        groups: panel -> its arms, the baseline first.
    """
    figure, axes = panels(len(groups))
    rows, estimates = curves[curves["measure"] == "r_mem"], estimates[estimates["of"] == "last"]
    for panel, (factor, arms) in zip(axes.flat, groups.items(), strict=False):
        for number, arm in enumerate(arms):
            look = look_of(number)
            _points(panel, rows[rows["arm"] == arm], look, label=plain(arm))
            fit = fits[fits["arm"] == arm].sort_values("n")
            panel.plot(fit["n"], fit["r_mem"], color=look["color"])
        panel.axhline(LINE, color="grey", linestyle="--", linewidth=0.8, zorder=0)
        _size_axis(panel, rows[rows["arm"].isin(arms)]["n"])
        for number, arm in enumerate(arms):
            place = LINE + RISE * (number - (len(arms) - 1) / 2)
            _interval(panel, estimates[estimates["arm"] == arm], place, look_of(number))
        panel.set(ylim=(-0.04, 1.08), title=plain(factor))
        if panel.get_legend_handles_labels()[1]:
            panel.legend(fontsize="x-small", loc="best")
    for row in axes:
        row[0].set_ylabel("share of copies, $d_1 / d_2 < 1/3$")
    figure.legend(handles=_key(), loc="outside lower center", ncols=4, fontsize="small")
    sns.despine(figure)
    return figure


def factors(table: pd.DataFrame):
    """A line per arm: EMM over that of the baseline with its interval, and what became of the quality.

    Args:
        table: as made by ``studies.effective.emm.factors``.
    """
    figure, axes = style.grid(1, 2, width=3.6, height=max(1.0, 0.27 * len(table) + 0.5), sharey=True)
    left, right = axes[0]
    place = np.arange(len(table))[::-1]
    ends = table[["ratio", "low", "high"]].to_numpy(dtype=float)
    finite = ends[np.isfinite(ends) & (ends > 0)]
    span = (min(finite.min(initial=1), 0.8) / 1.4, max(finite.max(initial=1), 1.25) * 1.4)
    for y, row in zip(place, table.itertuples(), strict=True):
        _bar(left, (row.low, row.high), y, span, color=COLOR[1])
        if not row.censored:
            left.plot([row.ratio], [y], marker="o", color=COLOR[1], markersize=4)
        right.plot([row.quality_low, row.quality_high], [y, y], color=COLOR[2])
        right.plot([row.quality_difference], [y], marker="s", color=COLOR[2], markersize=4)
    left.axvline(1, color="grey", linewidth=0.8, zorder=0)
    right.axvline(0, color="grey", linewidth=0.8, zorder=0)
    left.set(xscale="log", xlim=span, xlabel="EMM over that of the baseline")
    left.set_yticks(place, [plain(words) for words in table["factor"]])
    left.set_ylim(-0.6, max(len(table), 1) - 0.4)
    few_ticks(left, *span)
    measure = plain(table["measure"].iloc[0]) if len(table) else "quality"
    right.set_xlabel(f"{measure}: difference\nto the baseline at one size")
    if table["quality_difference"].isna().all():
        right.set_xticks([])
        right.text(0.5, 0.5, "not comparable", transform=right.transAxes, ha="center", va="center", backgroundcolor="w")
    sns.despine(figure)
    return figure


def quality(curves: pd.DataFrame, *, measures: dict[str, str], groups: dict[str, list[str]]):
    """R_mem against the quality of the same runs at the last snapshot: is what copies less merely worse?

    A line joins the sizes of an arm, the largest of which has the largest point.

    Args:
        curves: as made by ``studies.effective.emm.curves``.
        measures: measure -> its name on the axis; a row of panels each.
        groups: as in ``effective``; a column each.
    """
    figure, axes = style.grid(max(len(measures), 1), max(len(groups), 1), sharey=True)
    last = curves[curves["snapshot"] == "last"]
    columns = pd.MultiIndex.from_product([["mean", "low", "high"], ["r_mem", *measures]])
    wide = last.pivot(index=["arm", "n"], columns="measure", values=list(columns.levels[0])).reindex(columns=columns)
    for row, (measure, label) in zip(axes, measures.items(), strict=False):
        for panel, arms in zip(row, groups.values(), strict=False):
            panel.sharex(row[0])
            for number, arm in enumerate(arms):
                points = wide[wide.index.get_level_values("arm") == arm].sort_index()
                _path(panel, points, measure, look_of(number), label=plain(arm))
            panel.set(xlabel=label, ylim=(-0.04, 1.08))
        row[0].set_ylabel("share of copies")
    for panel, factor in zip(axes[0], groups, strict=False):
        panel.set_title(plain(factor))
        if panel.lines:
            panel.legend(fontsize="x-small", loc="best")
    sns.despine(figure)
    return figure


def sheet(found: Matches, *, low: float, high: float):
    """Generated images, each beside the training image nearest to it, and d_1 / d_2 above.

    Args:
        found: as made by ``studies.effective.matches.matches``.
        low, high: the values of black and white.
    """
    rows, columns = found.score.shape
    figure, axes = style.grid(rows, columns, width=1.15, height=0.75)
    figure.suptitle("generated image and the training image nearest to it; above, $d_1 / d_2$", fontsize="medium")
    for i, j in np.ndindex(rows, columns):
        panel, left, right = axes[i, j], found.generated[i, j], found.nearest[i, j]
        gap = np.full((left.shape[0], max(1, left.shape[1] // 8), *left.shape[2:]), high)
        image = (np.concatenate([left, gap, right], axis=1) - low) / (high - low)
        panel.imshow(np.clip(image, 0, 1), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        panel.set_title(f"{found.score[i, j]:.2f}", fontsize="x-small", pad=2)
        panel.set(xticks=[], yticks=[])
        panel.grid(visible=False)
        if j == 0:
            panel.set_ylabel(found.kind[i], fontsize="small", rotation=0, ha="right", va="center")
    sns.despine(figure, left=True, bottom=True)
    return figure


# --- parts of panels --------------------------------------------------------------------------------------------------


def panels(number: int):
    """Panels in rows of three; those left over are hidden."""
    columns = min(max(number, 1), 3)
    figure, axes = style.grid(-(-max(number, 1) // columns), columns, height=2.8, sharey=True)
    for panel in axes.flat[max(number, 1) :]:
        panel.set_visible(False)
    return figure, axes


def plain(name: str) -> str:
    """The name of an arm or factor as it is written in a figure."""
    return name.replace("_", " ")


def _key() -> list[Line2D]:
    """What the marks of ``effective`` mean, whatever their colour."""
    return [
        Line2D([], [], color=COLOR[0], marker="o", markersize=4, linestyle="none", label="last snapshot, 95 %"),
        Line2D([], [], color=COLOR[0], marker="o", markersize=4, linestyle="none", markerfacecolor="none",
               label="best snapshot (the paper's)"),
        Line2D([], [], color=COLOR[0], label="curve through the last"),
        Line2D([], [], color=COLOR[0], linewidth=2.6, label="EMM, 95 %"),
    ]  # fmt: skip


def look_of(number: int) -> dict:
    """Colour and marker of an arm by its number in the panel, the baseline's 0."""
    return {"color": COLOR[number % len(COLOR)], "marker": MARKER[number % len(MARKER)], "markersize": 4}


def _points(panel: Axes, rows: pd.DataFrame, look: dict, *, label: str) -> None:
    last, best = (rows[rows["snapshot"] == name].sort_values("n") for name in ("last", "best"))
    if not len(last):
        return
    panel.plot(last["n"], last["mean"], linestyle=":", linewidth=0.8, label=label, **look)
    panel.vlines(last["n"], last["low"].clip(0, 1), last["high"].clip(0, 1), color=look["color"], linewidth=0.9)
    panel.plot(best["n"], best["mean"], linestyle="none", **look, markerfacecolor="none", alpha=0.6)


def _interval(panel: Axes, rows: pd.DataFrame, place: float, look: dict) -> None:
    """EMM of at most one arm, as a bar at the height ``place``, and a tick where the sizes show it."""
    for row in rows.itertuples():
        _bar(panel, (row.low, row.high), place, panel.get_xlim(), color=look["color"], linewidth=2.6)
        if not row.censored:
            panel.plot([row.emm], [place], color=look["color"], marker="|", markersize=7)


def _bar(panel: Axes, ends: tuple[float, float], place: float, span: tuple[float, float], **look) -> None:
    """A horizontal bar, with an arrow head at the edge of the panel where an end is open."""
    if np.isnan(ends).any():
        return
    inside = np.clip(ends, *span)
    panel.plot(inside, [place, place], solid_capstyle="butt", **look)
    for end, edge, marker in zip(ends, inside, "<>", strict=True):
        if end != edge:
            panel.plot([edge], [place], marker=marker, markersize=4, color=look["color"], clip_on=False)


def _path(panel: Axes, points: pd.DataFrame, measure: str, look: dict, *, label: str) -> None:
    """The sizes of an arm in the plane of a measure and r_mem; nothing where the arm does not have the measure."""
    points = points[points["mean", measure].notna()]
    if not len(points):
        return
    x, y = (points["mean", name] for name in (measure, "r_mem"))
    panel.plot(x, y, linewidth=0.8, label=label, **look)
    panel.scatter(x, y, s=np.linspace(8, 60, len(points)), color=look["color"], marker=look["marker"])
    panel.hlines(y, points["low", measure], points["high", measure], color=look["color"], linewidth=0.6)
    panel.vlines(x, points["low", "r_mem"], points["high", "r_mem"], color=look["color"], linewidth=0.6)


def _size_axis(panel: Axes, sizes: pd.Series) -> None:
    panel.set_xscale("log")
    panel.set_xlabel("training points n")
    low, high = (sizes.min() / 1.25, sizes.max() * 1.25) if len(sizes) else (1, 1000)
    panel.set_xlim(low, high)
    few_ticks(panel, low, high)


def few_ticks(panel: Axes, low: float, high: float) -> None:
    """Ticks in plain numbers: at every power of ten, or at 1, 2 and 5 of them on axes of up to three decades."""
    subs = (1.0, 2.0, 5.0) if high / low < 1000 else (1.0,)
    ticks = [t for t in LogLocator(subs=subs).tick_values(low, high) if low <= t <= high]
    panel.xaxis.set_major_locator(FixedLocator(ticks))
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.4g}"))
    panel.xaxis.set_minor_formatter(NullFormatter())
    panel.tick_params(axis="x", labelsize="small")
