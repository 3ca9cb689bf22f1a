"""The uses proposed for memorization times: stopping early, and finding outliers."""

import pandas as pd
import seaborn as sns

from diffmem.report import style

LABEL = {
    "auroc": "finding outliers:\narea under the ROC curve",
    "loss_regret": "stopping: held-out loss above\nthe run's smallest",
    "quality_regret": "stopping: energy distance above\nthe run's smallest",
}


def uses(table: pd.DataFrame):
    """One row of panels per cell, one column per use; points are means over replicates with 95 % intervals.

    Args:
        table: as made by ``studies.outliers.uses.summary``.
    """
    shown = [use for use in LABEL if use in set(table["use"])] if len(table) else []
    cells = list(table["cell"].unique()) if len(table) else []
    figure, axes = style.grid(max(len(cells), 1), max(len(shown), 1), width=3.6, height=2.0, sharex="col")
    for i, cell in enumerate(cells):
        for j, use in enumerate(shown):
            rows = table[(table["cell"] == cell) & (table["use"] == use)]
            names = list(rows["name"].unique())[::-1]
            for side, part in rows.groupby("side", sort=False):
                held_out = side == "held-out"
                color = style.SET["held-out" if held_out else "train"]
                place = [names.index(name) - 0.2 * held_out for name in part["name"]]
                width = [part["mean"] - part["low"], part["high"] - part["mean"]]
                label = {"train": "training locations", "held-out": "held-out twins (chance)"}.get(side)
                axes[i, j].errorbar(part["mean"], place, xerr=width, fmt="o", ms=4, color=color, label=label)
            axes[i, j].set_yticks(range(len(names)), names)
            axes[i, j].set_ylim(-0.7, len(names) - 0.5)
            if use == "auroc":
                axes[i, j].axvline(0.5, color="black", linestyle="--", linewidth=0.9)
            axes[i, j].set_title(style.title(rows["study"].iloc[0], cell), fontsize="medium")
            axes[-1, j].set_xlabel(LABEL[use])
    style.legend_below(figure, axes)
    sns.despine(figure)
    return figure
