"""Three definitions of memorization over training, and at the last snapshot against the number of training points."""

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from diffmem.report import style

NAMES = {
    "net-smallest": "biased: net copied fraction at the smallest ratio",
    "net": "copies: net copied fraction at the main ratio",
    "r_mem": "copies by the rule of 1/3",
    "delta": "runs nearer to the training set than to fresh points (Δ < 0)",
    "matched": "runs nearer to it than to a held-out set of its size",
}
LINES = dict(zip(NAMES, ("-", "-", "-", "--", "--"), strict=True))
COLORS = dict(zip(NAMES, ("#0072B2", "#56B4E9", "#D55E00", "#009E73", "#444444"), strict=True))
MOST = 4  # panels of sizes: the smallest, the largest and those between, evenly chosen


def definitions(table: pd.DataFrame) -> Figure:
    """Shares of samples (solid) and of runs (dashed), with 95 % intervals: a panel per size, and one for the end.

    Args:
        table: result of ``studies.bridge.definitions.summary``.
    """
    sizes = sorted(table["n"].unique())
    chosen = sorted({sizes[round(i * (len(sizes) - 1) / (MOST - 1))] for i in range(MOST if sizes else 0)})
    width = style.PAGE / (len(chosen) + 1)
    figure, axes = style.grid(1, len(chosen) + 1, width=width, height=2.2, sharey=True)
    for panel, n in zip(axes[0], chosen, strict=False):
        _draw(panel, table[table["n"] == n], "step")
        panel.set_title(f"{n:,} training points")
        panel.set_xlabel("training steps")
        panel.set_xscale("symlog", linthresh=10, linscale=0.3)
        panel.set_xticks([0, *(tick for tick in (100, 1000, 10_000) if tick <= table["step"].max())])
        panel.xaxis.set_major_formatter("{x:,.0f}")
    end = axes[0, -1]
    _draw(end, table[table["step"] == table.groupby("cell")["step"].transform("max")], "n")
    end.set(title="at the end", xlabel="training points", xscale="log")
    end.set_xticks(sizes, [f"{n:,}" for n in sizes])
    end.xaxis.set_minor_locator(NullLocator())
    lowest = table.loc[table["measure"].isin(NAMES), "low"].min()
    axes[0, 0].set(ylabel="share", ylim=(min(-0.08, lowest - 0.02), 1.04))
    style.legend_below(figure, axes)
    sns.despine(figure)
    return figure


def _draw(panel: Axes, rows: pd.DataFrame, across: str) -> None:
    panel.axhline(0, color="black", linewidth=0.6)
    for name, label in NAMES.items():
        part = rows[rows["measure"] == name].sort_values(across)
        style.band(
            panel, part[across], part["value"], part["low"], part["high"],
            color=COLORS[name], label=label, linestyle=LINES[name],
        )  # fmt: skip
