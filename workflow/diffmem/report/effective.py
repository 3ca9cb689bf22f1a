"""Figures of effective memorization: shares of copies against the training size, factors and quality."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from diffmem.measure.emm import LINE
from diffmem.report import style
from diffmem.settings.cell_names import spaced
from diffmem.studies.effective.emm import QUALITY
from diffmem.studies.effective.factors import label_words

STRIP = 0.055  # height of the bar of an arm's EMM, above the shares
NAMES = {"frechet_beyond_fresh": "Frechet distance minus\nthat of fresh points"}


def effective(curves: pd.DataFrame, fits: pd.DataFrame, estimates: pd.DataFrame, *, panels: pd.DataFrame) -> Figure:
    """R_mem against n on a logarithmic axis, with one panel per factor and one colour per arm.

    Filled points are means at the last snapshot with 95 % intervals, open points are means at the best snapshot, and
    lines are the fit. Bars above the shares are EMM with its interval; an arrow marks an end of an interval outside the
    range of the sizes.

    Args:
        curves, fits, estimates: results of ``curves``, ``fits`` and ``table`` of ``studies.effective.emm``.
        panels: result of ``studies.effective.analyse.panels``.
    """
    groups, looks = arms_by_factor(panels), looks_of(panels)
    figure, axes = in_rows_of_three(len(groups))
    rows, estimates = curves[curves["measure"] == "r_mem"], estimates[estimates["of"] == "last"]
    most = max(len(arms) for arms in groups.values())
    for panel, (factor, arms) in zip(axes.flat, groups.items(), strict=False):
        for arm in arms:
            _points(panel, rows[rows["arm"] == arm], looks[arm])
            fit = fits[fits["arm"] == arm].sort_values("n")
            panel.plot(fit["n"], fit["r_mem"], color=looks[arm]["color"])
        panel.axhline(LINE, color="grey", linestyle="--", linewidth=0.8, zorder=0)
        panel.axhspan(1.06, 1.1 + STRIP * most, color="0.95", linewidth=0, zorder=0)
        _size_axis(panel, rows[rows["arm"].isin(arms)]["n"])
        for number, arm in enumerate(arms):
            _interval(panel, estimates[estimates["arm"] == arm], 1.1 + STRIP * (most - 1 - number), looks[arm])
        panel.set(ylim=(-0.04, 1.1 + STRIP * most), title=spaced(factor))
        ticks = [0, 0.2, 0.4, 0.6, 0.8, 1]
        panel.set_yticks([*ticks, 1.08 + STRIP * most / 2], [*map(str, ticks), "EMM"])
    outside(axes, "share of copies")
    style.legend(figure, {**_arms(looks, names_of(panels)), **_key()})
    sns.despine(figure)
    return figure


def factors(table: pd.DataFrame) -> Figure:
    """One line per arm: EMM over that of the baseline with its interval, and the difference in quality.

    If one end of an interval is open, the other end is drawn with the words "at least" or "at most". If both ends are
    open, the line says that the ratio is not known.

    Args:
        table: result of ``studies.effective.factors.factors``.
    """
    height = max(1.0, 0.3 * len(table) + 0.5)
    figure, axes = style.grid(1, 2, width=style.PAGE / 2, height=height, sharey=True)
    left, right = axes[0]
    place = np.arange(len(table))[::-1]
    ends = table[["ratio", "low", "high"]].to_numpy(dtype=float)
    finite = ends[np.isfinite(ends) & (ends > 0)]
    span = (min(finite.min(initial=1), 0.6) / 1.6, max(finite.max(initial=1), 1.6) * 1.6)
    for y, row in zip(place, table.itertuples(), strict=True):
        _ratio(left, y, ratio=row.ratio, low=row.low, high=row.high, censored=row.censored)
        right.plot([row.quality_low, row.quality_high], [y, y], color=style.COLORS[2])
        right.plot([row.quality_difference], [y], marker="s", color=style.COLORS[2], markersize=4)
    left.axvline(1, color="grey", linewidth=0.8, zorder=0)
    right.axvline(0, color="grey", linewidth=0.8, zorder=0)
    left.set(xscale="log", xlim=span, xlabel="EMM over that of the baseline")
    left.set_yticks(place, [spaced(words) for words in table["factor"]])
    left.set_ylim(-0.6, max(len(table), 1) - 0.4)
    style.log_ticks(left.xaxis, *span)
    measure = table["measure"].iloc[0] if len(table) else "quality"
    sizes = [f"{n:,.0f}" for n in sorted(table["quality_n"].dropna().unique())]
    at = f"n = {' or '.join(sizes)}" if sizes else "one size"
    right.set_xlabel(f"{NAMES.get(measure, spaced(measure))}:\ndifference to the baseline at {at}")
    right.xaxis.set_major_locator(MaxNLocator(5))
    if table["quality_difference"].isna().all():
        right.set_xticks([])
        right.text(0.5, 0.5, "not comparable", transform=right.transAxes, ha="center", va="center", backgroundcolor="w")
    sns.despine(figure)
    return figure


def quality(curves: pd.DataFrame, *, panels: pd.DataFrame, measures: dict[str, str] = QUALITY) -> Figure:
    """R_mem against the quality of the same runs at the last snapshot.

    The figure shows whether models with fewer copies have a worse quality. A line connects the sizes of an arm, and the
    largest size has the largest point.

    Args:
        curves: result of ``studies.effective.emm.curves``. Rows that cannot be compared are left out.
        panels: as in ``effective``. Arms that cannot be compared are left out.
        measures: measure of quality -> its name on the axis. Each has a panel, two in a row.
    """
    looks = looks_of(panels)
    last = curves[(curves["snapshot"] == "last") & curves["comparable"]]
    columns = pd.MultiIndex.from_product([["mean", "low", "high"], ["r_mem", *measures]])
    wide = last.pivot(index=["arm", "n"], columns="measure", values=list(columns.levels[0])).reindex(columns=columns)
    kept = [arm for arm in looks if arm in set(panels.loc[panels["comparable"], "arm"])]
    figure, axes = style.grid(-(-max(len(measures), 1) // 2), 2, width=style.PAGE / 2, height=2.3, sharey=True)
    for panel, (measure, label) in zip(axes.flat, measures.items(), strict=False):
        for arm in kept:
            points = wide[wide.index.get_level_values("arm") == arm].sort_index()
            _path(panel, points, measure, looks[arm])
        panel.set(xlabel=label, ylim=(-0.04, 1.08))
    for row in axes:
        row[0].set_ylabel("share of copies")
    style.legend(figure, _arms({arm: looks[arm] for arm in kept}, names_of(panels)))
    figure.align_xlabels()
    sns.despine(figure)
    return figure


# --- parts of panels --------------------------------------------------------------------------------------------------


def arms_by_factor(panels: pd.DataFrame) -> dict[str, list[str]]:
    """Factor -> the arms of its panel; panels with the baseline only are left out."""
    groups = {factor: list(rows["arm"]) for factor, rows in panels.groupby("factor", sort=False)}
    return {factor: arms for factor, arms in groups.items() if len(arms) > 1} or {"": list(panels["arm"][:1])}


def looks_of(panels: pd.DataFrame) -> dict[str, style.Look]:
    """Arm -> colour and marker, which are the same in all panels and figures; the baseline is the first arm."""
    return {arm: style.look_of(number) for number, arm in enumerate(panels["arm"].unique())}


def in_rows_of_three(number: int) -> tuple[Figure, np.ndarray]:
    """A figure with ``number`` panels in rows of three, of the width of a page; surplus panels are hidden."""
    columns = min(max(number, 1), 3)
    width = style.PAGE / columns
    figure, axes = style.grid(-(-max(number, 1) // columns), columns, width=width, height=2.6, sharey=True)
    for panel in axes.flat[max(number, 1) :]:
        panel.set_visible(False)
    return figure, axes


def names_of(panels: pd.DataFrame) -> dict[str, str]:
    """Arm -> its name in figures; arms that differ in labels and are called by them have the words for these."""
    labelled = set(panels.loc[panels["factor"] == "labels", "arm"])
    return {arm: spaced(label_words(arm) if arm in labelled else arm) for arm in panels["arm"].unique()}


def _arms(looks: dict[str, style.Look], names: dict[str, str]) -> dict[str, Line2D]:
    """Entries of the legend: name of an arm -> its marker."""
    return {names[arm]: Line2D([], [], linestyle="none", **look) for arm, look in looks.items()}


def _key() -> dict[str, Line2D]:
    """Entries of the legend that do not depend on the arm, for ``effective``."""
    look: style.Look = {"color": "black", "marker": "o", "markersize": 4, "linestyle": "none"}
    return {
        "last snapshot": Line2D([], [], **look),
        "best snapshot": Line2D([], [], markerfacecolor="none", **look),
        "fit": Line2D([], [], color="black"),
        "EMM": Line2D([], [], color="black", linewidth=2.6),
    }


def outside(axes: np.ndarray, label: str) -> None:
    """Set the y ``label`` in the first column only, and remove x labels above visible panels.

    Args:
        axes: panels, of shape (rows, columns).
    """
    for row in axes:
        row[0].set_ylabel(label)
    for (i, j), panel in np.ndenumerate(axes):
        if i + 1 < len(axes) and axes[i + 1, j].get_visible():
            panel.set_xlabel("")


def _points(panel: Axes, rows: pd.DataFrame, look: style.Look) -> None:
    last, best = (rows[rows["snapshot"] == name].sort_values("n") for name in ("last", "best"))
    if not len(last):
        return
    panel.plot(last["n"], last["mean"], linestyle=":", linewidth=0.8, **look)
    panel.vlines(last["n"], last["low"].clip(0, 1), last["high"].clip(0, 1), color=look["color"], linewidth=0.9)
    panel.plot(best["n"], best["mean"], linestyle="none", markerfacecolor="none", **{**look, "markersize": 6})


def _interval(panel: Axes, rows: pd.DataFrame, place: float, look: style.Look) -> None:
    """Draw the interval of EMM (at most one row) as a bar at the height ``place``, with a tick at EMM if known."""
    for row in rows.itertuples():
        _bar(panel, (row.low, row.high), place, color=look["color"])
        if not row.censored:
            panel.plot([row.emm], [place], color=look["color"], marker="|", markersize=7)


def _bar(panel: Axes, ends: tuple[float, float], place: float, *, color: str) -> None:
    """Draw a horizontal bar between the ``ends``, with an arrow head at the edge of the panel if an end is outside."""
    if np.isnan(ends).any():
        return
    inside = np.clip(ends, *panel.get_xlim())
    panel.plot(inside, [place, place], solid_capstyle="butt", color=color, linewidth=2.6)
    for end, edge, marker in zip(ends, inside, "<>", strict=True):
        if end != edge:
            panel.plot([edge], [place], marker=marker, markersize=4, color=color, clip_on=False)


def _ratio(panel: Axes, y: float, *, ratio: float, low: float, high: float, censored: str) -> None:
    """Draw the interval of EMM over that of the baseline, or write what is known about the ratio."""
    color, open_low, open_high = style.COLORS[1], not low > 0, not np.isfinite(high)
    if open_low and open_high:
        text = panel.text(0.5, y, "not known from these sizes", transform=panel.get_yaxis_transform(), fontsize=7)
        text.set(ha="center", va="center", color="dimgrey", bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})
        return
    if open_low or open_high:
        end, words = (high, f"at most {high:.3g} ") if open_low else (low, f" at least {low:.3g}")
        panel.plot([end], [y], marker="|", markersize=7, color=color)
        panel.text(end, y, words, va="center", ha="right" if open_low else "left", fontsize=7, color=color)
        return
    panel.plot([low, high], [y, y], color=color)
    if not censored:
        panel.plot([ratio], [y], marker="o", color=color, markersize=4)


def _path(panel: Axes, points: pd.DataFrame, measure: str, look: style.Look) -> None:
    """Draw the sizes of an arm: r_mem against the ``measure``. Sizes without the measure are left out."""
    points = points[points["mean", measure].notna()]
    if not len(points):
        return
    x, y = (points["mean", name] for name in (measure, "r_mem"))
    panel.plot(x, y, linewidth=0.8, color=look["color"])
    panel.scatter(x, y, s=np.linspace(8, 40, len(points)), color=look["color"], marker=look["marker"])
    panel.hlines(y, points["low", measure], points["high", measure], color=look["color"], linewidth=0.6)
    panel.vlines(x, points["low", "r_mem"], points["high", "r_mem"], color=look["color"], linewidth=0.6)


def _size_axis(panel: Axes, sizes: pd.Series) -> None:
    panel.set_xscale("log")
    panel.set_xlabel("training points n")
    low, high = (sizes.min() / 1.25, sizes.max() * 1.25) if len(sizes) else (1, 1000)
    panel.set_xlim(low, high)
    style.log_ticks(panel.xaxis, low, high)
