"""The threshold sweep: what the last snapshot's numbers would be at any other ratio."""

import pandas as pd
import seaborn as sns

from diffmem.report import style

ROWS = {"raw": "memorized points\n[% of the stratum's]", "net": "net copied fraction\n[% of the stratum's]"}


def thresholds(curves: pd.DataFrame, *, ratios: dict[str, float]):
    """Raw and net fraction within every stratum at the last snapshot against the ratio, with the chance levels.

    Args:
        curves: the table of ``studies.outliers.curves``.
        ratios: cell -> ratio of its main figures, which is marked.
    """
    best = "matched" if "matched" in set(curves["reference"]) else "plain"
    table = curves[(curves["normalisation"] == "stratum") & (curves["reference"] == best)]
    figure, axes = style.grid(len(ROWS), max(len(ratios), 1), sharey="row")
    for j, (cell, marked) in enumerate(ratios.items()):
        last = table[table["cell"] == cell]
        last = last[last["epoch"] == last["epoch"].max()].sort_values("threshold")
        for i, (criterion, label) in enumerate(ROWS.items()):
            panel = axes[i, j]
            for stratum, color in style.STRATUM.items():
                line = last[(last["criterion"] == criterion) & (last["stratum"] == stratum)]
                values = [100 * line[name] for name in ("mean", "low", "high")]
                style.band(panel, line["threshold"], *values, color=color, label=stratum if len(line) else None)
            everything = last[(last["criterion"] == criterion) & (last["stratum"] == "all")]
            panel.plot(everything["threshold"], 100 * everything["floor"], "k--", lw=0.9, label="chance (fresh points)")
            panel.plot(everything["threshold"], 100 * everything["chance"], "k:", lw=0.9, label="chance (formula)")
            panel.axvline(marked, color="grey", linewidth=0.8)
            panel.set_xscale("log")
            panel.xaxis.set_major_formatter("{x:g}")
            panel.xaxis.set_minor_formatter("{x:g}")
            panel.set_xlabel("ratio r")
            axes[i, 0].set_ylabel(label)
        name = style.title(last["study"].iloc[0] if len(last) else "", cell)
        axes[0, j].set_title(f"{name}, last snapshot,\n{best} test set", fontsize="medium")
    style.legend_below(figure, axes)
    sns.despine(figure)
    return figure
