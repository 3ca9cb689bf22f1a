"""Published criteria against the epoch, for all strata together, each with its chance level."""

import pandas as pd
from matplotlib.figure import Figure

from diffmem.report import style
from diffmem.report.outliers.curves import LEVELS
from diffmem.studies.outliers.strata import best_reference

LABEL = {
    "third": "nearest / second-nearest\nbelow 1/3 [%]",
    "authenticity": "inauthentic\npoints [%]",
    "discoveries": "listed as copies, 5 %\nfalse discoveries [%]",
    "rank": "rank test Z\n(negative: copying)",
}


def criteria(curves: pd.DataFrame, *, words: dict[str, str]) -> Figure:
    """One column per cell and one row per criterion that has values, with intervals, floor and ceiling.

    Args:
        curves: table of ``studies.outliers.curves``.
        words: cell -> its description.
    """
    table = curves[
        (curves["stratum"] == "all") & (curves["reference"] == best_reference(curves["reference"]))
    ].sort_values("epoch")
    known = set(table.loc[table["mean"].notna(), "criterion"])
    figure, panels = style.facets({name: LABEL[name] for name in LABEL if name in known}, words, height=1.6)
    for (criterion, cell), panel in panels.items():
        line = table[(table["cell"] == cell) & (table["criterion"] == criterion)]
        factor = 1 if criterion == "rank" else 100
        values = [factor * line[name] for name in ("mean", "low", "high")]
        style.band(panel, line["epoch"], *values, color=style.STRATUM["inlier"], label="model")
        for linestyle, column in (("--", "floor"), (":", "ceiling")):
            level = factor * line[column]
            panel.plot(line["epoch"], level, color="k", linestyle=linestyle, lw=0.9, label=LEVELS[linestyle])
        style.epoch_axis(panel)
        if criterion == "discoveries" and line["mean"].max() < 0.005:
            most = f"at most {100 * line['mean'].max():.1g} % listed"
            box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
            panel.text(0.5, 0.3, most, transform=panel.transAxes, ha="center", va="center", fontsize=7, bbox=box)
    style.finish(figure, panels)
    return figure
