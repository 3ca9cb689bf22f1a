"""How well signals without samples tell how much a model copies, as a forest plot."""

import pandas as pd
from matplotlib.figure import Figure

from diffmem.report import style

PANELS = {
    "within": "over the snapshots\nof a run",
    "between": "over runs\nof all sizes",
    "same-size": "over runs\nof one size",
}
NAMES = {
    "gap": "held-out minus training loss",
    "gap-low": "the same, smallest noise",
    "answer": "answer to held-out over\nto training points",
    "stable-rank": "stable rank of the weights",
}


def signals(table: pd.DataFrame) -> Figure:
    """Spearman's correlations with the net copied fraction, with 95 % intervals: one row per signal.

    Args:
        table: result of ``studies.outliers.signals.summary``.
    """
    names = [name for name in NAMES if name in set(table["signal"])]
    figure, axes = style.grid(
        1, len(PANELS), width=style.PAGE / len(PANELS), height=0.9 + 0.32 * len(names), sharey=True
    )
    for panel, (over, label) in zip(axes[0], PANELS.items(), strict=True):
        for place, name in enumerate(reversed(names)):
            for row in table[(table["signal"] == name) & (table["over"] == over)].itertuples():
                panel.errorbar(
                    row.correlation, place, xerr=[[row.correlation - row.low], [row.high - row.correlation]],
                    fmt="o", markersize=3.5, color="C0",
                )  # fmt: skip
        panel.axvline(0, color="black", linewidth=0.8)
        panel.set(xlim=(-1.05, 1.05), xlabel=f"rank correlation\n{label}")
    axes[0, 0].set_yticks(range(len(names)), [NAMES[name] for name in reversed(names)])
    axes[0, 0].set_ylim(-0.5, max(len(names), 1) - 0.5)
    style.finish(figure, {("", str(i)): panel for i, panel in enumerate(axes[0])})
    return figure
