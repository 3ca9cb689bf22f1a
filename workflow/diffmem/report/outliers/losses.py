"""The training objective on training and on held-out points, and where in noise the two part."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns

from diffmem.report import style

LEVELS = 5  # noise levels that are drawn
COLORS = mpl.colormaps["viridis"](np.linspace(0, 0.85, LEVELS))


def losses(table: pd.DataFrame):
    """One column per cell, against the epoch: loss on both sets, and below it held-out less training loss by noise.

    Args:
        table: as made by ``studies.outliers.curves.losses``.
    """
    cells = list(table["cell"].unique())
    study = table["study"].iloc[0] if len(table) else ""
    figure, axes = style.grid(2, max(len(cells), 1), height=2.1, sharey="row")
    for (panel, gap), cell in zip(axes.T, cells, strict=False):
        own = table[table["cell"] == cell].sort_values("epoch")
        for name, color in style.SET.items():
            line = own[own["set"] == name]
            style.band(panel, line["epoch"], line["mean"], line["low"], line["high"], color=color, label=name)
        gaps = own[own["set"] == "gap"]
        levels = np.sort(gaps["sigma"].unique())
        every = max(1, (len(levels) - 1) // (LEVELS - 1))
        for sigma, color in zip(levels[::every], COLORS, strict=False):
            line = gaps[gaps["sigma"] == sigma]
            label = f"noise level {sigma:.2g}"
            style.band(gap, line["epoch"], line["mean"], line["low"], line["high"], color=color, label=label)
        gap.axhline(0, color="black", linewidth=0.8)
        style.epoch_axis(panel)
        style.epoch_axis(gap)
        panel.set_xlabel("")
        panel.set_title(style.title(study, cell), fontsize="medium")
    axes[0, 0].set_ylabel("mean squared error\n[target has variance 1]")
    axes[1, 0].set_ylabel("held-out less\ntraining error")
    style.legend_below(figure, axes)
    sns.despine(figure)
    return figure
