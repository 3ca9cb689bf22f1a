"""Where bias and copies begin, and where the loss is best, against the number of training points."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from diffmem.report import style
from diffmem.studies.outliers.clocks import CLOCKS

NAMES = {
    "tau_gen": "quality of held-out points",
    "bias": "half of the samples biased",
    "loss": "best held-out loss",
    "copies": "a fifth copies",
}


def clocks(table: pd.DataFrame) -> Figure:
    """Medians over replicates with 95 % intervals, on logarithmic axes, with the slopes in the legend.

    Sizes at which most replicates do not see an event are left out. An interval that reaches beyond the last snapshot
    has no upper end.

    Args:
        table: result of ``studies.outliers.clocks.summary``.
    """
    figure, axes = style.grid(1, 1, width=0.72 * style.PAGE, height=2.8)
    panel = axes[0, 0]
    for number, event in enumerate(CLOCKS):
        rows = table[(table["event"] == event) & np.isfinite(table["step"]) & (table["step"] > 0)].sort_values("n")
        if rows.empty:
            continue
        high = rows["high"].where(np.isfinite(rows["high"]), rows["step"])
        low = rows["low"].where(rows["low"] > 0, rows["step"])
        place = rows["n"] * 1.02 ** (number - 1.5)  # side by side
        panel.errorbar(
            place, rows["step"], yerr=[rows["step"] - low, high - rows["step"]], capsize=2, linewidth=1,
            label=_label(event, rows), **style.look_of(number),
        )  # fmt: skip
    panel.set(xscale="log", yscale="log", xlabel="training points", ylabel="steps of training")
    style.log_ticks(panel.yaxis, *panel.get_ylim())
    sizes = sorted(table["n"].unique())
    panel.set_xticks(sizes, [f"{n:,}" for n in sizes])
    panel.xaxis.set_minor_locator(NullLocator())
    style.legend(figure, dict(zip(*panel.get_legend_handles_labels()[::-1], strict=True)))
    sns.despine(figure)
    return figure


def _label(event: str, rows: pd.DataFrame) -> str:
    slope, low, high = rows[["slope", "slope_low", "slope_high"]].iloc[0]
    return f"{NAMES[event]}: slope {slope:.2f} [{low:.2f}, {high:.2f}]" if np.isfinite(slope) else NAMES[event]
