"""Memorization times: share of training locations, and of held-out twins, that are memorized by each epoch."""

import pandas as pd
from matplotlib.figure import Figure

from diffmem.report import style


def times(table: pd.DataFrame, *, words: dict[str, str]) -> Figure:
    """One panel per cell: share of each stratum's locations that are memorized by an epoch.

    Solid lines are training locations, dashed lines are held-out twins.

    Args:
        table: result of ``studies.outliers.times.curves``.
        words: cell -> its description.
    """
    figure, panels = style.facets({"": "locations memorized\nby this epoch [%]"}, style.shown(words, table))
    for (_, cell), panel in panels.items():
        for stratum, color in style.STRATUM.items():
            for side, line in (("train", "-"), ("held-out", "--")):
                rows = table[(table["cell"] == cell) & (table["stratum"] == stratum) & (table["side"] == side)]
                rows = rows.sort_values("epoch")
                values = [100 * rows[name] for name in ("mean", "low", "high")]
                label = stratum if side == "train" and len(rows) else None
                style.band(panel, rows["epoch"], *values, color=color, linestyle=line, label=label)
        style.epoch_axis(panel)
        panel.set_ylim(bottom=0)
    next(iter(panels.values())).plot([], [], color="black", linestyle="--", label="held-out twins (chance)")
    style.finish(figure, panels)
    return figure
