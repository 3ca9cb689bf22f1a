"""Curves over epochs: copied fractions, mass and coverage, per stratum, with intervals and the chance level.

Every function takes the table of ``studies.outliers.curves`` and cell -> ratio of the main figures, and returns a
figure.
"""

import pandas as pd
import seaborn as sns

from diffmem.report import style

REFERENCE = {"plain": "plain test set (paper)", "matched": "matched test set (twins)"}


def net(curves: pd.DataFrame, *, ratios: dict[str, float]):
    """Net copied fraction within every stratum: zero for a model that does not know its training half."""
    best = "matched" if "matched" in set(curves["reference"]) else "plain"
    rows = _select(curves, "net", "stratum")
    return _facets(
        rows[rows["reference"] == best],
        ratios,
        columns="cell",
        rows="reference",
        ylabel="net copied fraction of the\nstratum's points [%]",
        zero="no copying",
    )


def memorized(curves: pd.DataFrame, *, ratios: dict[str, float]):
    """The paper's plot: memorized points of every stratum in percent of all generated points, plain and matched."""
    rows = _select(curves, "raw", "generated")
    return _facets(rows, ratios, columns="reference", rows="cell", ylabel="memorized points\n[% of all generated]")


def within(curves: pd.DataFrame, *, ratios: dict[str, float]):
    """Memorized points in percent of those that fall to the stratum, so that strata can be compared."""
    rows = _select(curves, "raw", "stratum")
    return _facets(rows, ratios, columns="reference", rows="cell", ylabel="memorized points\n[% of the stratum's]")


def coverage(curves: pd.DataFrame, *, ratios: dict[str, float]):
    """Training locations reproduced by at least one generated point, in percent of the stratum's."""
    rows = _select(curves, "raw", "location")
    return _facets(rows, ratios, columns="reference", rows="cell", ylabel="training locations\nreproduced [%]")


def mass(curves: pd.DataFrame, *, ratios: dict[str, float]):
    """How much of what is generated falls to a stratum, over its share of the training rows."""
    rows = _select(curves, "mass", "training").assign(threshold=float("nan"))
    rows = rows[rows["stratum"] != "all"]
    figure = _facets(
        rows,
        ratios,
        columns="reference",
        rows="cell",
        ylabel="share generated /\nshare of training rows",
        percent=False,
    )
    for axes in figure.axes:
        axes.set_yscale("symlog", linthresh=0.1, linscale=0.3)
        axes.set_ylim(bottom=0)
    return figure


def _select(curves: pd.DataFrame, criterion: str, normalisation: str) -> pd.DataFrame:
    return curves[(curves["criterion"] == criterion) & (curves["normalisation"] == normalisation)]


def _facets(
    table: pd.DataFrame,
    ratios: dict[str, float],
    *,
    columns: str,
    rows: str,
    ylabel: str,
    percent: bool = True,
    zero: str | None = None,
):
    """One panel for every pair of values of the columns ``columns`` and ``rows``; one line and band per stratum.

    Dashed lines are the chance level: the same number for fresh points of the true distribution, or the formula's (zero
    for net fractions and equal sizes) under the name ``zero``. Dotted lines are the ceiling: the closed-form optimum,
    through the same sampler.
    """
    across = list(ratios) if columns == "cell" else [r for r in REFERENCE if r in set(table["reference"])]
    down = list(ratios) if rows == "cell" else [r for r in REFERENCE if r in set(table["reference"])]
    level = "chance" if zero else "floor"
    figure, axes = style.grid(max(len(down), 1), max(len(across), 1), sharey="row")
    factor = 100 if percent else 1
    for i, row in enumerate(down):
        for j, column in enumerate(across):
            panel, where = axes[i, j], {rows: row, columns: column}
            part = table[(table[rows] == row) & (table[columns] == column)]
            ratio = ratios[where["cell"]]
            part = part[part["threshold"].isna() | (part["threshold"] == ratio)].sort_values("epoch")
            for stratum, color in style.STRATUM.items():
                line = part[part["stratum"] == stratum]
                if len(line) == 0 or (stratum == "all" and len(part["stratum"].unique()) == 2):
                    continue
                values = [factor * line[name] for name in ("mean", "low", "high")]
                style.band(panel, line["epoch"], *values, color=color, label=stratum)
                simultaneous = [factor * line[name] for name in ("band_low", "band_high")]
                panel.fill_between(line["epoch"], *simultaneous, color=color, alpha=0.08, linewidth=0)
                panel.plot(line["epoch"], factor * line[level], color=color, linestyle="--", linewidth=0.9)
                panel.plot(line["epoch"], factor * line["ceiling"], color=color, linestyle=":", linewidth=0.9)
            style.epoch_axis(panel)
            name = style.title(part["study"].iloc[0] if len(part) else "", where["cell"])
            panel.set_title(f"{name}, r = {ratio:g}\n{REFERENCE[where['reference']]}", fontsize="medium")
            style.warn_of_resolution(panel, part["resolution"])
            style.warn_of_recall(panel, part["recall"])
        axes[i, 0].set_ylabel(ylabel)
    if any(panel.lines for panel in axes.flat):
        label = zero or "chance (fresh points)"
        axes.flat[0].plot([], [], color="black", linestyle="--", linewidth=0.9, label=label)
        axes.flat[0].plot([], [], color="black", linestyle=":", linewidth=0.9, label="ceiling (optimum)")
    style.legend_below(figure, axes)
    sns.despine(figure)
    return figure
