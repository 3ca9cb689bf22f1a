"""The proposed uses of memorization times: early stopping, and detection of outliers."""

import itertools

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from diffmem.report import style

LABEL = {
    "auroc": "finding outliers: area\nunder the ROC curve",
    "loss_regret": "stopping: held-out\nloss above\nthe best",
    "quality_regret": "stopping: energy\ndistance above\nthe best",
}
NAMES = {
    "outlier signal": "stop when outliers are copied",
    "best held-out loss": "stop at the best held-out loss",
    "best quality": "stop at the best samples",
    "end of training": "train to the end",
    "seldom memorized, by snapshots": "copied at few snapshots",
    "seldom memorized, by points": "few copies in all",
}
SIDES = {
    "train": ("training locations", style.SET["train"], 0.0),
    "held-out": ("held-out twins (chance)", style.SET["held-out"], -0.22),
    "": ("", "black", 0.0),
}


def uses(table: pd.DataFrame, *, words: dict[str, str]) -> Figure:
    """Means with 95 % intervals: one row of panels per cell, and one column per use.

    Args:
        table: result of ``studies.outliers.uses.summary``.
        words: cell -> its description.
    """
    shown = [use for use in LABEL if use in set(table["use"])] if len(table) else []
    cells = list(table["cell"].unique()) if len(table) else []
    shape = max(len(cells), 1), max(len(shown), 1)
    figure, axes = style.grid(*shape, width=style.PAGE / shape[1], height=1.4, sharex="col")
    for (i, cell), (j, use) in itertools.product(enumerate(cells), enumerate(shown)):
        rows = table[(table["cell"] == cell) & (table["use"] == use)]
        names = list(table.loc[table["use"] == use, "name"].unique())[::-1]
        _panel(axes[i, j], rows, names)
        repeated = j > 0 and set(names) == set(table.loc[table["use"] == shown[j - 1], "name"])
        axes[i, j].set_yticks(range(len(names)), [""] * len(names) if repeated else [NAMES.get(n, n) for n in names])
        if use == "auroc":
            axes[i, j].axvline(0.5, color="black", linestyle="--", linewidth=0.9)
        if i == len(cells) - 1:
            axes[i, j].set_xlabel(LABEL[use])
        if j == len(shown) - 1:
            style.right_title(axes[i, j], words[cell])
    style.legend_below(figure, axes)
    sns.despine(figure)
    return figure


def _panel(panel: Axes, rows: pd.DataFrame, names: list[str]) -> None:
    """Draw means and intervals of one use in one cell, with one line per name in ``names``, the first at the bottom."""
    for side, part in rows.groupby("side", sort=False):
        label, color, shift = SIDES[side]
        place = [names.index(name) + shift for name in part["name"]]
        width = [part["mean"] - part["low"], part["high"] - part["mean"]]
        panel.errorbar(part["mean"], place, xerr=width, fmt="o", ms=3.5, color=color, label=label)
    panel.set_ylim(-0.7, len(names) - 0.5)
