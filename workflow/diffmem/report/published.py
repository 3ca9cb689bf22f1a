"""The public code of the onset paper, compared with the formulas of the paper."""

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from diffmem.report import style
from diffmem.report.onset import ratio_axis

VARIANTS = {
    "float32": ("#D55E00", "s", "as published: transposed, float32"),
    "transposed": ("#E69F00", "^", "transposed covariance, log space"),
    "correct": ("#0072B2", "o", "corrected"),
}
UNITS = {"published": ("#D55E00", "s", "units as published"), "consistent": ("#0072B2", "o", "consistent units")}


def published(kernels: pd.DataFrame, pixels: pd.DataFrame) -> Figure:
    """One panel per dimension for the kernel metric, and one panel for the pixel metric.

    Args:
        kernels, pixels: tables of ``studies.onset.published.shares``.
    """
    dimensions = sorted(kernels["dimension"].unique())
    figure, axes = style.grid(1, len(dimensions) + 1, width=style.PAGE / (len(dimensions) + 1), sharey=True)
    for panel, d in zip(axes[0], dimensions, strict=False):
        for variant, (colour, marker, label) in VARIANTS.items():
            line = kernels[(kernels["dimension"] == d) & (kernels["variant"] == variant)].sort_values("ratio")
            panel.plot(line["ratio"], line["share"], color=colour, marker=marker, markersize=3.5, label=label)
            panel.fill_between(line["ratio"], line["low"], line["high"], color=colour, alpha=0.2, linewidth=0)
        ratio_axis(panel, 0.22, 4.5)
        panel.axvline(1, color="grey", linewidth=0.8, zorder=0)
        panel.set_title(f"one-step linear\nmodel, d = {d}")
    names = list(dict.fromkeys(pixels["generator"]))
    for shift, (units, (colour, marker, label)) in zip((-0.12, 0.12), UNITS.items(), strict=True):
        part = pixels[pixels["units"] == units]
        x = [names.index(name) + shift for name in part["generator"]]
        axes[0, -1].vlines(x, part["low"], part["high"], color=colour)
        axes[0, -1].plot(x, part["share"], linestyle="none", color=colour, marker=marker, label=label)
    axes[0, -1].set_xticks(range(len(names)), names)
    axes[0, -1].set_title("pixel metric,\nknown generators")
    axes[0, 0].set_ylabel("P(Δ > 0)")
    axes[0, 0].set_ylim(-0.04, 1.04)
    style.legend_below(figure, axes)
    sns.despine(figure)
    return figure
