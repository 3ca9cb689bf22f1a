"""Curves over epochs: copied fractions, mass and coverage by stratum, with intervals and chance levels.

Every function takes the table of ``studies.outliers.curves`` and ``words`` (cell -> its description), and returns a
figure.
"""

import itertools
import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from diffmem.report import style
from diffmem.studies.outliers.strata import best_reference

REFERENCE = {"plain": "without held-out outliers", "matched": "with held-out outliers"}
LEVELS = {"--": "chance (fresh points)", ":": "ceiling (optimum)"}


def net(curves: pd.DataFrame, *, words: dict[str, str]) -> Figure:
    """Net copied fraction within every stratum. It is zero for a model that is independent of the split."""
    rows = _select(curves, "net", "stratum")
    rows = rows[rows["reference"] == best_reference(curves["reference"])]
    return _by_cell(rows.assign(floor=rows["chance"]), words, "net copied fraction [%]", chance="no copying")


def memorized(curves: pd.DataFrame, *, words: dict[str, str]) -> Figure:
    """The paper's plot: memorized points of every stratum in percent of all generated points, for both test sets."""
    return _by_stratum(_select(curves, "raw", "generated"), words, "memorized\n[% of samples]")


def within(curves: pd.DataFrame, *, words: dict[str, str]) -> Figure:
    """Memorized points in percent of the points that are assigned to the stratum, so that strata can be compared."""
    return _by_stratum(_select(curves, "raw", "stratum"), words, "memorized\n[% of stratum]")


def coverage(curves: pd.DataFrame, *, words: dict[str, str]) -> Figure:
    """Training locations reproduced by at least one generated point, in percent of the locations of the stratum."""
    return _by_stratum(_select(curves, "raw", "location"), words, "locations\nreproduced [%]")


def mass(curves: pd.DataFrame, *, words: dict[str, str]) -> Figure:
    """Share of the generated points that are assigned to a stratum, over its share of the training rows."""
    rows = _select(curves, "mass", "training")
    rows = rows[(rows["stratum"] != "all") & (rows["reference"] == best_reference(curves["reference"]))]
    figure = _by_cell(rows, words, "share generated /\nshare of training rows", factor=1)
    values = rows[["mean", "floor", "ceiling"]].to_numpy(dtype=float)
    values = values[np.isfinite(values) & (values > 0)]
    low, high = (round_(np.log2(value)) for round_, value in zip((np.floor, np.ceil), _span(values), strict=True))
    powers = np.arange(low, high + 1)
    for panel in figure.axes:
        top = high + (0.5 if any(axes.texts for axes in figure.axes) else 0)  # space for warnings
        panel.set_yscale("log", base=2, nonpositive="clip")
        panel.set_ylim(2.0**low, 2.0**top)
        panel.set_yticks(2.0**powers, [_power(int(power)) for power in powers])
        panel.yaxis.set_minor_locator(NullLocator())
    return figure


def _select(curves: pd.DataFrame, criterion: str, normalisation: str) -> pd.DataFrame:
    """Rows of one rate, at the ratio of the main figures if the rate depends on a ratio."""
    shown = curves["headline"] | curves["threshold"].isna()
    return curves[shown & (curves["criterion"] == criterion) & (curves["normalisation"] == normalisation)]


def _by_cell(
    table: pd.DataFrame, words: dict[str, str], label: str, *, factor: int = 100, chance: str = LEVELS["--"]
) -> Figure:
    """One panel per cell, with a line, a band, a chance level and a ceiling for each stratum."""
    figure, panels = style.facets({"": label}, _names(table, words))
    for (_, cell), panel in panels.items():
        part = table[table["cell"] == cell].sort_values("epoch")
        for stratum in style.strata(part):
            _stratum(panel, part[part["stratum"] == stratum], style.STRATUM[stratum], factor, label=stratum)
        style.epoch_axis(panel)
        style.warn(panel, resolution=part["resolution"], recall=part["recall"])
    _levels(next(iter(panels.values())), {**LEVELS, "--": chance} if len(table) else {})
    style.finish(figure, panels)
    return figure


def _by_stratum(table: pd.DataFrame, words: dict[str, str], label: str) -> Figure:
    """One row of panels per cell and test set, and one column per stratum, with three lines in each panel."""
    references = [name for name in REFERENCE if name in set(table["reference"])] or [""]
    names, strata = _names(table, words), style.strata(table)
    rows = dict(enumerate(itertools.product(names, references)))
    labels = {str(number): label for number in rows}
    figure, panels = style.facets(labels, {name: name for name in strata}, height=1.3, shared="strata")
    for (row, stratum), panel in panels.items():
        cell, reference = rows[int(row)] if row else ("", "")
        part = table[(table["cell"] == cell) & (table["reference"] == reference)].sort_values("epoch")
        _stratum(panel, part[part["stratum"] == stratum], style.STRATUM.get(stratum, "black"), 100)
        style.epoch_axis(panel)
        panel.set_xlabel("epoch")
        place = style.place_of(panel)
        if place.is_first_col():
            style.warn(panel, resolution=part["resolution"], recall=part["recall"])
        if place.is_last_col() and row:
            of = REFERENCE.get(reference) if len(references) > 1 or len(strata) > 1 else None
            title = ", ".join(filter(None, [names[cell], of]))
            style.right_title(panel, textwrap.fill(title, 26))
    _levels(next(iter(panels.values())), {"-": "model", **LEVELS} if len(table) else {})
    style.finish(figure, panels)
    return figure


def _stratum(panel: Axes, line: pd.DataFrame, color: str, factor: int, label: str | None = None) -> None:
    """Draw the line, the intervals, the chance level and the ceiling of one stratum."""
    if not len(line):
        return
    x = line["epoch"]
    style.band(panel, x, *(factor * line[name] for name in ("mean", "low", "high")), color=color, label=label)
    simultaneous = (factor * line[name] for name in ("band_low", "band_high"))
    panel.fill_between(x, *simultaneous, color=color, alpha=0.08, linewidth=0)
    panel.plot(x, factor * line["floor"], color=color, linestyle="--", linewidth=0.9)
    panel.plot(x, factor * line["ceiling"], color=color, linestyle=":", linewidth=0.9)


def _levels(panel: Axes, levels: dict[str, str]) -> None:
    """Add entries to the legend for the line styles, which do not depend on the colour."""
    for linestyle, name in levels.items():
        panel.plot([], [], color="black", linestyle=linestyle, linewidth=0.9, label=name)


def _names(table: pd.DataFrame, words: dict[str, str]) -> dict[str, str]:
    """Cell -> its description with the ratio of its figures."""
    found = {}
    for cell, name in words.items():
        ratio = table.loc[(table["cell"] == cell) & table["headline"], "threshold"]
        found[cell] = f"{name}, r\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{ratio.iloc[0]:g}" if len(ratio) else name
    return found


def _span(values: np.ndarray) -> tuple[float, float]:
    """Smallest and largest value, limited so that the range contains [1/2, 2] and lies within [1/32, 32]."""
    return float(np.clip(values.min(initial=0.5), 1 / 32, 0.5)), float(np.clip(values.max(initial=2), 2, 32))


def _power(power: int) -> str:
    """A power of 2 as text, such as 1/4, 1/2, 1 or 2."""
    return f"1/{2**-power}" if power < 0 else f"{2**power}"
