"""The training objective on training and on held-out points."""

import pandas as pd
import seaborn as sns

from diffmem.report import style


def losses(table: pd.DataFrame):
    """One panel per cell: loss against epoch with its interval, on training and on held-out points.

    Args:
        table: as made by ``studies.outliers.losses``.
    """
    cells = list(table["cell"].unique())
    study = table["study"].iloc[0] if len(table) else ""
    figure, axes = style.grid(1, max(len(cells), 1))
    for panel, cell in zip(axes.flat, cells, strict=False):
        for name, color in style.SET.items():
            line = table[(table["cell"] == cell) & (table["set"] == name)].sort_values("epoch")
            style.band(panel, line["epoch"], line["mean"], line["low"], line["high"], color=color, label=name)
        style.epoch_axis(panel)
        panel.set_title(style.title(study, cell), fontsize="medium")
    axes[0, 0].set_ylabel("mean squared error of the\nnetwork [its target has variance 1]")
    style.legend_below(figure, axes)
    sns.despine(figure)
    return figure
