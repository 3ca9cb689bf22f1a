"""Fractions of the last snapshot as functions of the ratio."""

import pandas as pd
from matplotlib.figure import Figure

from diffmem.report import style
from diffmem.studies.outliers.strata import best_reference

LABEL = {"raw": "memorized points\n[% of the stratum's]", "net": "net copied fraction\n[% of the stratum's]"}
RATIOS = (1, 1.5, 2, 3, 4, 6, 8)  # ticks of the axis
LEVELS = {"--": ("floor", "chance (fresh points)"), ":": ("chance", "chance (formula)")}


def thresholds(curves: pd.DataFrame, *, words: dict[str, str]) -> Figure:
    """Raw and net fraction within every stratum at the last snapshot against the ratio, with the chance levels.

    Args:
        curves: table of ``studies.outliers.curves``. A vertical line marks the ratio of the main figures.
        words: cell -> its description.
    """
    table = curves[
        (curves["normalisation"] == "stratum") & (curves["reference"] == best_reference(curves["reference"]))
    ]
    figure, panels = style.facets(LABEL, words)
    for (criterion, cell), panel in panels.items():
        last = table[(table["cell"] == cell) & (table["criterion"] == criterion)]
        last = last[last["epoch"] == last["epoch"].max()].sort_values("threshold")
        for stratum in style.strata(last):
            line = last[last["stratum"] == stratum]
            values = [100 * line[name] for name in ("mean", "low", "high")]
            style.band(panel, line["threshold"], *values, color=style.STRATUM[stratum], label=stratum)
        everything = last[last["stratum"] == "all"]
        for linestyle, (column, label) in LEVELS.items():
            level = 100 * everything[column]
            panel.plot(everything["threshold"], level, color="k", linestyle=linestyle, lw=0.9, label=label)
        for ratio in last.loc[last["headline"], "threshold"].unique():
            panel.axvline(ratio, color="grey", linewidth=0.8)
        if len(last):
            panel.set_xscale("log")
            style.log_ticks(panel.xaxis, *panel.get_xlim())
            panel.set_xticks([ratio for ratio in RATIOS if panel.get_xlim()[0] <= ratio <= panel.get_xlim()[1]])
        panel.set_xlabel("ratio r")
    style.finish(figure, panels)
    return figure
