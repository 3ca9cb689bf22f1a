"""Other criteria against the epoch, all strata together, each beside its own chance level."""

import pandas as pd
import seaborn as sns

from diffmem.report import style

LABEL = {
    "third": "nearest / second-nearest\nbelow 1/3 [%]",
    "authenticity": "inauthentic\npoints [%]",
    "discoveries": "listed as copies, 5 %\nfalse discoveries [%]",
    "rank": "rank test Z\n(negative: copying)",
}


def criteria(curves: pd.DataFrame, *, ratios: dict[str, float]):
    """One column per cell, one row per criterion, with intervals over replicates, floor and ceiling.

    Args:
        curves: the table of ``studies.outliers.curves``.
        ratios: cell -> ratio of its main figures, which these criteria do not use.
    """
    best = "matched" if "matched" in set(curves["reference"]) else "plain"
    table = curves[(curves["stratum"] == "all") & (curves["reference"] == best)].sort_values("epoch")
    figure, axes = style.grid(len(LABEL), max(len(ratios), 1), height=1.7, sharey="row")
    for j, cell in enumerate(ratios):
        for i, (criterion, label) in enumerate(LABEL.items()):
            line = table[(table["cell"] == cell) & (table["criterion"] == criterion)]
            factor = 1 if criterion == "rank" else 100
            panel, values = axes[i, j], [factor * line[name] for name in ("mean", "low", "high")]
            style.band(panel, line["epoch"], *values, color=style.STRATUM["inlier"], label="model")
            panel.plot(line["epoch"], factor * line["floor"], "k--", lw=0.9, label="chance (fresh points)")
            panel.plot(line["epoch"], factor * line["ceiling"], "k:", lw=0.9, label="ceiling (optimum)")
            style.epoch_axis(panel)
            panel.set_xlabel(panel.get_xlabel() if i == len(LABEL) - 1 else "")
            axes[i, 0].set_ylabel(label)
        axes[0, j].set_title(style.title(table["study"].iloc[0] if len(table) else "", cell), fontsize="medium")
    style.legend_below(figure, axes)
    sns.despine(figure)
    return figure
