"""Losses by noise level, arm beside arm."""

import pandas as pd
import seaborn as sns
from matplotlib.lines import Line2D

from diffmem.report import style
from diffmem.report.effective import few_ticks, look_of, panels, plain

LINE = {"held-out": "-", "train": ":"}
WORDS = {"held-out": "held-out points", "train": "training points"}


def noise(table: pd.DataFrame, *, groups: dict[str, list[str]]):
    """Loss against the noise level at the last snapshot, a panel per factor, a colour per arm.

    Args:
        table: as made by ``studies.effective.losses.by_noise``.
        groups: panel -> its arms, the baseline first.
    """
    figure, axes = panels(len(groups))
    for panel, (factor, arms) in zip(axes.flat, groups.items(), strict=False):
        own = table[table["factor"] == factor]
        for number, arm in enumerate(arms):
            color = look_of(number)["color"]
            for name, line in LINE.items():
                rows = own[(own["arm"] == arm) & (own["set"] == name)].sort_values("sigma")
                label = plain(arm) if name == "train" else None  # which every arm has
                style.band(panel, rows["sigma"], rows["mean"], rows["low"], rows["high"], color=color, linestyle=line,
                           label=label)  # fmt: skip
        panel.set(xlabel="noise level", title=plain(factor))
        if len(own):
            panel.set(xscale="log", title=f"{plain(factor)}, n = {own['n'].iloc[0]:,}")
            few_ticks(panel, *panel.get_xlim())
            panel.set_ylim(bottom=0)
            panel.legend(fontsize="x-small", loc="best")
    for row in axes:
        row[0].set_ylabel("mean squared error\n[target has variance 1]")
    key = [Line2D([], [], color="#444444", linestyle=line, label=WORDS[name]) for name, line in LINE.items()]
    figure.legend(handles=key, loc="outside lower center", ncols=2, fontsize="small")
    sns.despine(figure)
    return figure
