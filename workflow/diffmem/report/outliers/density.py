"""Copying and local spacing: raw and adjusted differences between strata, and the slope, as a forest plot."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from diffmem.report import style
from diffmem.studies.outliers.density import GENERATED, OPTIMUM, SPACING, WIDTH

PANELS = {
    ("raw", "stratum"): "minus inliers",
    ("adjusted", "stratum"): "minus inliers\nof equal spacing",
    ("adjusted", SPACING): "per e-fold\nof local spacing",
    ("inliers", SPACING): "per e-fold of local\nspacing, inliers alone",
    ("classes", WIDTH): "per e-fold of\nthe cluster's width",
}
APART = 0.22  # distance between the marks of one row


def density(table: pd.DataFrame, *, words: dict[str, str]) -> Figure:
    """Means over replicates at the last snapshot, with 95 % intervals: one row per cell, one column per coefficient.

    Args:
        table: result of ``studies.outliers.density_claims.summary``.
        words: cell -> its description.
    """
    cells = list(style.shown(words, table))
    shown = _panels(table)
    width, height = style.PAGE / max(len(shown), 2), 0.7 + 0.45 * len(cells)
    figure, axes = style.grid(1, len(shown), width=width, height=height, sharey=True)
    for panel, ((model, term), label) in zip(axes[0], shown.items(), strict=True):
        for place, cell in enumerate(reversed(cells)):
            _row(panel, table[(table["cell"] == cell) & (table["model"] == model)], term=term, place=place)
        panel.axvline(0, color="black", linewidth=0.8)
        panel.set_xlabel(f"net copied fraction\n{label}")
    axes[0, 0].set_yticks(range(len(cells)), [words[cell] for cell in reversed(cells)])
    axes[0, 0].set_ylim(-0.5, max(len(cells), 1) - 0.5)
    style.finish(figure, {("", str(i)): panel for i, panel in enumerate(axes[0])})
    return figure


def _panels(table: pd.DataFrame) -> dict[tuple[str, str], str]:
    """The panels that have anything to show: without injected points the slope alone, where all models are one."""
    shown = {key: label for key, label in PANELS.items() if key[1] != WIDTH or WIDTH in set(table["term"])}
    if set(table["term"]) & set(style.STRATUM) or table.empty:
        return shown
    return {key: label for key, label in shown.items() if key == ("adjusted", SPACING)}


def _row(panel: Axes, rows: pd.DataFrame, *, term: str, place: int) -> None:
    """Draw the coefficients of one cell: filled markers for the last snapshot, open ones for the optimum."""
    generated = rows[rows["source"] == GENERATED]
    shown = pd.concat([generated[generated["epoch"] == generated["epoch"].max()], rows[rows["source"] == OPTIMUM]])
    shown = shown[shown["term"].isin(style.STRATUM) if term == "stratum" else shown["term"] == term]
    for i, (_, row) in enumerate(shown.iterrows()):
        color = style.STRATUM.get(row["term"], "black")
        optimum = row["source"] == OPTIMUM
        label = f"{row['term'] if term == 'stratum' else 'slope'}{', closed-form optimum' if optimum else ''}"
        panel.errorbar(
            row["mean"],
            place + APART * ((len(shown) - 1) / 2 - i),
            xerr=[[row["mean"] - row["low"]], [row["high"] - row["mean"]]],
            fmt="o",
            markersize=3.5,
            color=color,
            markerfacecolor="white" if optimum else color,
            label=label,
        )
