"""Losses by noise level, for comparison of the arms."""

from typing import Literal

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from diffmem.report import style
from diffmem.report.effective import arms_by_factor, in_rows_of_three, looks_of, names_of, outside
from diffmem.settings.cell_names import spaced

LINE: dict[str, Literal["-", ":"]] = {"held-out": "-", "train": ":"}
WORDS = {"held-out": "held-out points", "train": "training points"}


def noise(table: pd.DataFrame, *, panels: pd.DataFrame) -> Figure:
    """Loss against the noise level at the last snapshot, with one panel per factor and one colour per arm.

    An arm has held-out losses only where its labels are of the same kind as the baseline's.

    Args:
        table: result of ``studies.effective.losses.by_noise``.
        panels: result of ``studies.effective.analyse.panels``.
    """
    groups, looks = arms_by_factor(panels), looks_of(panels)
    figure, axes = in_rows_of_three(len(groups))
    for panel, (factor, arms) in zip(axes.flat, groups.items(), strict=False):
        own = table[table["factor"] == factor]
        for arm in arms:
            for name, line in LINE.items():
                rows = own[(own["arm"] == arm) & (own["set"] == name)].sort_values("sigma")
                values = (rows[column] for column in ("sigma", "mean", "low", "high"))
                style.band(panel, *values, color=looks[arm]["color"], linestyle=line)
        panel.set(xlabel="noise level", title=spaced(factor))
        if len(own):
            panel.set(xscale="log", yscale="log", title=f"{spaced(factor)}, n = {own['n'].iloc[0]:,}")
            style.log_ticks(panel.xaxis, *panel.get_xlim())
    outside(axes, "mean squared error\n[target has variance 1]")
    names = names_of(panels)
    marks = {names[arm]: Line2D([], [], color=look["color"]) for arm, look in looks.items()}
    kinds = {WORDS[name]: Line2D([], [], color="black", linestyle=line) for name, line in LINE.items()}
    style.legend(figure, {**marks, **kinds})
    sns.despine(figure)
    return figure
