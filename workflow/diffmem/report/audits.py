"""Net copied fractions of the audits of a study, at the ratio to read."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from diffmem.report import style

# word of the verdict -> colour of the mark
COLORS = {"copies": style.STRATUM["outlier"], "no copies found": style.STRATUM["inlier"]}
WITHOUT = "#888888"  # no verdict
ROW = 0.28  # height of a row in inches


def audits(table: pd.DataFrame, *, words: dict[str, str]) -> Figure:
    """One row per audit: net copied fraction with its interval, raw fraction and its level under permuted labels.

    Args:
        table: a row per cell and ratio, with the columns of ``auditing.summary`` and cell.
        words: cell -> its description.
    """
    rows = table[table["read"].astype(bool)].set_index("cell").loc[list(words)]
    figure, panels = style.facets({}, {}, height=0.9 + ROW * len(rows))
    panel, y = panels["", ""], np.arange(len(rows))
    for verdict, part in rows.assign(y=y).groupby("copying", sort=False):
        color = COLORS.get(str(verdict), WITHOUT)
        ends = np.abs(part[["net_low", "net_high"]].to_numpy().T - part["net"].to_numpy())
        panel.errorbar(part["net"], part["y"], xerr=ends, fmt="o", color=color, markersize=4, label=f"net: {verdict}")
    panel.plot(rows["raw"], y, "|", color="black", markersize=9, label="raw fraction")
    panel.plot(rows["chance"], y, "x", color="#777777", markersize=4, label="raw fraction, labels permuted")
    for at, row in enumerate(rows.itertuples()):
        if np.isnan(row.net):
            panel.text(0, at, f"  {row.copying}", va="center", fontsize=7)
    panel.axvline(0, color="black", linewidth=0.8)
    panel.set_yticks(y, [words[str(cell)] for cell in rows.index])
    panel.set_ylim(len(rows) - 0.5, -0.5)
    panel.set_xlabel("share of the samples, at the ratio to read")
    style.finish(figure, panels)
    return figure
