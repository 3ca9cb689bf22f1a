"""Lower bound on epsilon from membership guesses, during training."""

import pandas as pd
from matplotlib.figure import Figure

from diffmem.report import style

COLOR = style.STRATUM["inlier"]


def membership(table: pd.DataFrame, *, words: dict[str, str]) -> Figure:
    """One panel per cell: the bound from the guesses of all replicates, and the range of bounds of single replicates.

    Args:
        table: result of ``studies.outliers.membership.curves``.
        words: cell -> its description.
    """
    figure, panels = style.facets({"": "lower bound on epsilon\n[nats, 95 % confidence]"}, style.shown(words, table))
    for (_, cell), panel in panels.items():
        rows = table[table["cell"] == cell].sort_values("epoch")
        if len(rows):
            x = rows["epoch"]
            panel.plot(x, rows["epsilon_low"], color=COLOR, label="all replicates together", marker=".", markersize=4)
            label = "from the lowest to the highest of single replicates"
            panel.fill_between(x, rows["lowest"], rows["highest"], color=COLOR, alpha=0.2, linewidth=0, label=label)
            most = f"{rows['pairs'].max():,} pairs can show\nat most {rows['largest_possible'].max():.1f}"
            panel.text(0.03, 0.97, most, transform=panel.transAxes, va="top", fontsize=7)
        style.epoch_axis(panel)
    top = table[["epsilon_low", "highest"]].to_numpy(dtype=float).max(initial=0)
    next(iter(panels.values())).set_ylim(0, max(1.25 * top, 0.1))  # for all panels, which share the y axis
    style.finish(figure, panels)
    return figure
