"""The training objective on training and on held-out points, and their difference by noise level."""

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from diffmem.report import style

LEVELS = 5  # noise levels that are drawn
COLORS = mpl.colormaps["viridis"](np.linspace(0, 0.85, LEVELS))
SETS = {"train": "training points", "held-out": "held-out points"}
LABEL = {"loss": "mean squared error\n[target has variance 1]", "gap": "held-out minus\ntraining error"}


def losses(table: pd.DataFrame, *, words: dict[str, str]) -> Figure:
    """One column per cell, against the epoch: loss on both sets (top), and held-out minus training loss by noise level.

    Args:
        table: result of ``studies.outliers.curves.losses``.
        words: cell -> its description.
    """
    figure, panels = style.facets(LABEL, words)
    for (row, cell), panel in panels.items():
        own = table[table["cell"] == cell].sort_values("epoch")
        (_sets if row == "loss" else _gaps)(panel, own)
        style.epoch_axis(panel)
    style.finish(figure, panels)
    return figure


def _sets(panel: Axes, own: pd.DataFrame) -> None:
    for name, color in style.SET.items():
        line = own[own["set"] == name]
        style.band(panel, line["epoch"], line["mean"], line["low"], line["high"], color=color, label=SETS[name])


def _gaps(panel: Axes, own: pd.DataFrame) -> None:
    gaps = own[own["set"] == "gap"]
    levels = np.sort(gaps["sigma"].unique())
    every = max(1, (len(levels) - 1) // (LEVELS - 1))
    for sigma, color in zip(levels[::every], COLORS, strict=False):
        line = gaps[gaps["sigma"] == sigma]
        label = f"noise level {sigma:.2g}"
        style.band(panel, line["epoch"], line["mean"], line["low"], line["high"], color=color, label=label)
    panel.axhline(0, color="black", linewidth=0.8)
