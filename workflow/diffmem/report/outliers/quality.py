"""Quality beside memorization: is a model that copies less merely a worse model?"""

import pandas as pd
import seaborn as sns

from diffmem.report import style

LABEL = {
    "energy": "energy distance\n[units of the data]",
    "sliced_wasserstein": "sliced Wasserstein-2\n[units of the data]",
    "density": "density",
    "coverage": "coverage",
}
COLOR = "#0072B2"


def quality(table: pd.DataFrame):
    """One column per cell, one row per measure against the epoch; dashed: fresh points of the true distribution.

    Args:
        table: as made by ``studies.outliers.curves.quality``.
    """
    cells = list(table["cell"].unique())
    study = table["study"].iloc[0] if len(table) else ""
    figure, axes = style.grid(len(LABEL), max(len(cells), 1), height=1.7, sharey="row")
    for j, cell in enumerate(cells):
        for i, (measure, label) in enumerate(LABEL.items()):
            panel = axes[i, j]
            line = table[(table["cell"] == cell) & (table["measure"] == measure)].sort_values("epoch")
            style.band(panel, line["epoch"], line["mean"], line["low"], line["high"], color=COLOR, label="model")
            panel.plot(line["epoch"], line["floor"], "k--", linewidth=0.9, label="fresh points of the truth")
            style.epoch_axis(panel)
            axes[i, 0].set_ylabel(label)
        axes[0, j].set_title(style.title(study, cell), fontsize="medium")
    style.legend_below(figure, axes)
    sns.despine(figure)
    return figure
