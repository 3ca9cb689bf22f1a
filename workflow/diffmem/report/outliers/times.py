"""When locations are memorized: the share reproduced lastingly, on the training clock and on its null."""

import pandas as pd
import seaborn as sns

from diffmem.report import style


def times(table: pd.DataFrame):
    """One panel per cell: share of each stratum's locations reproduced by an epoch; solid: training, dashed: held out.

    Args:
        table: as made by ``studies.outliers.times.curves``.
    """
    cells = list(table["cell"].unique())
    study = table["study"].iloc[0] if len(table) else ""
    figure, axes = style.grid(1, max(len(cells), 1), sharey="row")
    for panel, cell in zip(axes.flat, cells, strict=False):
        for stratum, color in style.STRATUM.items():
            for side, line in (("train", "-"), ("held-out", "--")):
                rows = table[(table["cell"] == cell) & (table["stratum"] == stratum) & (table["side"] == side)]
                rows = rows.sort_values("epoch")
                values = [100 * rows[name] for name in ("mean", "low", "high")]
                label = stratum if side == "train" and len(rows) else None
                style.band(panel, rows["epoch"], *values, color=color, linestyle=line, label=label)
        style.epoch_axis(panel)
        panel.set_title(style.title(study, cell), fontsize="medium")
    axes[0, 0].set_ylabel("locations first reproduced\nby this epoch [%]")
    axes[0, 0].plot([], [], color="black", linestyle="--", label="held-out twins (chance)")
    style.legend_below(figure, axes)
    sns.despine(figure)
    return figure
