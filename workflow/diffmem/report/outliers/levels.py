"""At which noise levels, in units of the spacing of the training points, a model knows these points."""

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from diffmem.report import style

PANELS = {"onset": "when bias towards the training set begins", "end": "at the end of training"}


def levels(table: pd.DataFrame) -> Figure:
    """Share of the held-out error that is removed on training points only, with 95 % intervals: a line per size.

    Args:
        table: result of ``studies.outliers.noise_levels.summary``.
    """
    figure, axes = style.grid(1, len(PANELS), width=style.PAGE / len(PANELS), height=2.4, sharey=True)
    for panel, (when, title) in zip(axes[0], PANELS.items(), strict=True):
        for number, (n, rows) in enumerate(table[table["when"] == when].groupby("n")):
            rows = rows.sort_values("units")
            style.band(
                panel, rows["units"], rows["known"], rows["low"], rows["high"],
                color=style.look_of(number)["color"], label=f"{n:,} training points",
            )  # fmt: skip
        panel.axvline(1, color="black", linewidth=0.6)
        panel.axhline(0, color="black", linewidth=0.6)
        panel.set(title=title, xscale="log", xlabel="length of the noise over spacing")
        style.log_ticks(panel.xaxis, *panel.get_xlim())
    axes[0, 0].set_ylabel("share of the held-out error\nthat training points lack")
    style.legend_below(figure, axes)
    sns.despine(figure)
    return figure
