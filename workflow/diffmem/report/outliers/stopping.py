"""When to stop training: copies and quality against the epoch, with the events of `studies.outliers.stopping_step`."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from diffmem.report import style
from diffmem.studies.outliers.strata import best_reference

NAMES = {
    "tau_gen": ("quality of held-out points", style.SET["held-out"], 5.0),
    "bias": ("bias is seen", "0.6", 3.6),
    "copies": ("copies begin", style.SET["train"], 2.2),
    "stop": ("recommended stop", "black", 0.9),
}  # event -> label, colour and width: those that lie on one place are all seen
ROWS = {"net": "net copied fraction\nof all samples [%]", "energy": "energy distance\n[units of the data]"}


def stopping(curves: pd.DataFrame, quality: pd.DataFrame, events: pd.DataFrame, *, words: dict[str, str]) -> Figure:
    """One column per cell, with copies in the upper panel and quality in the lower panel.

    Vertical lines are the events, with their intervals.

    Args:
        curves, quality: tables of ``studies.outliers.curves``.
        events: result of ``studies.outliers.stopping_step.summary``.
        words: cell -> its description.
    """
    figure, panels = style.facets(ROWS, words, height=1.7)
    for (row, cell), panel in panels.items():
        if row == "net":
            line = _net(curves[curves["cell"] == cell])
            style.band(
                panel, line["epoch"], *(100 * line[n] for n in ("mean", "low", "high")), color="C0", label="model"
            )
        else:
            line = quality[(quality["cell"] == cell) & (quality["measure"] == "energy")].sort_values("epoch")
            style.band(panel, line["epoch"], *(line[n] for n in ("mean", "low", "high")), color="C0", label="model")
            panel.plot(
                line["epoch"], line["held_out"], color="C0", linewidth=0.9, linestyle=":", label="held-out points"
            )
        for event in events[events["cell"] == cell].to_dict("records"):
            _mark(panel, event, end=curves.loc[curves["cell"] == cell, "epoch"].max())
        style.epoch_axis(panel)
    style.finish(figure, panels)
    return figure


def _net(curves: pd.DataFrame) -> pd.DataFrame:
    """Net copied fraction of all points at the ratio of the main figures, with the best test set in the table."""
    rows = curves[(curves["criterion"] == "net") & (curves["normalisation"] == "generated") & curves["headline"]]
    rows = rows[rows["stratum"] == "all"]
    return rows[rows["reference"] == best_reference(rows["reference"])].sort_values("epoch")


def _mark(panel: Axes, event: dict[str, Any], *, end: float) -> None:
    """Draw a vertical line at the event with its interval. An event that most replicates do not reach has no line."""
    if not np.isfinite(event["epoch"]):
        return
    label, color, width = NAMES[event["event"]]
    # not cut by the frame, where an event lies at its edge
    panel.axvline(event["epoch"], color=color, linewidth=width, label=label, clip_on=False, zorder=3)
    if np.isfinite(event["low"]):
        panel.axvspan(event["low"], min(event["high"], end), color=color, alpha=0.1, linewidth=0)
