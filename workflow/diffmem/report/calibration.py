"""Calibration of the criteria on generators whose share of copies is known."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure

from diffmem.report import style
from diffmem.studies.calibration import settings

# one of Okabe and Ito's colours per kind of criterion, one marker per ratio
COLOR = {
    "net": style.STRATUM["inlier"],
    "net-score": "#56B4E9",
    "raw": style.STRATUM["outlier"],
    "closer": style.SET["held-out"],
    "third": style.STRATUM["duplicate"],
    "authenticity": style.STRATUM["near-duplicate"],
    "local": style.STRATUM["all"],
    "rank": "#000000",
}
MARKER = {"1": "o", "1.5": "s", "2": "^", "3": "D", "": "v"}
SAME = "net-score"  # has the same estimates as "net"
NOTHING = {"truth": "o", "wide": "^", "narrow": "v", "other-half": "x"}  # generators that copy nothing
NOMINAL, ONE_SIDED = 0.05, 0.025  # levels of a test, and of an interval of 95 % of which one end counts (net)
SHOWN = [setting for names in settings.SHOWN.values() for setting in names]  # of the quick and the full calibration
SPAN = 1.5  # ratio of the x positions of the last and the first criterion at the same share


def controls(levels: pd.DataFrame, calibration: pd.DataFrame, *, shown: Sequence[str] = SHOWN) -> Figure:
    """A row of three panels for each of the settings ``shown``.

    Left: mean estimate against the true share of exact copies, with the 95 % interval of the mean. The criteria are
    drawn side by side. Middle: mean estimate against the bandwidth of soft copies. Right: rate of false alarms on all
    generators that copy nothing, with Wilson's interval, and on each of these generators (open symbols). A criterion is
    left out if it has an estimate in at most half of the repetitions.

    Args:
        levels, calibration: tables of ``studies.calibration.summary``.
        shown: names of the settings. Those without rows in ``calibration`` are left out.
    """
    shown = [setting for setting in shown if setting in set(calibration["setting"])]
    figure, axes = style.grid(max(len(shown), 1), 3, width=style.PAGE / 3, height=3.1)
    for row, setting in zip(axes, shown, strict=False):
        part = levels[levels["setting"] == setting]
        part = part[(part["criterion"].str.split(" ").str[0] != SAME)]
        measured = part["replicates"] > part["replicates"].max() / 2
        _recovery(row[0], part[measured & part["generator"].str.startswith("pi-")])
        _dose(row[1], part[measured & part["bandwidth"].notna()])
        _alarms(row[2], calibration[calibration["setting"] == setting])
        row[1].set_title(setting.replace("_", ", "))
    style.legend_below(figure, axes)
    sns.despine(figure)
    return figure


def label(criterion: str) -> str:
    """The label of a criterion such as ``net 1.5`` in the figure."""
    kind, _, ratio = criterion.partition(" ")
    return f"{kind}, r = {ratio}" if ratio else kind


def _recovery(panel: Axes, part: pd.DataFrame) -> None:
    names = list(part["criterion"].unique())
    for i, name in enumerate(names):
        line = part[part["criterion"] == name]
        shift = SPAN ** ((i + 0.5) / len(names) - 0.5)
        error = [line["mean"] - line["low"], line["high"] - line["mean"]]
        panel.errorbar(line["pi"] * shift, line["mean"], error, fmt="none", linewidth=0.7, color=_look(name)["color"])
        panel.plot(line["pi"] * shift, line["mean"], label=label(name), linestyle="none", **_look(name))
    shares = part["pi"].unique()
    panel.hlines(shares, shares / SPAN**0.55, shares * SPAN**0.55, color="black", linewidth=0.8, zorder=0)
    panel.plot([0.005, 1], [0.005, 1], color="grey", linewidth=0.8, zorder=0)
    _symlog(panel.set_xscale, panel.xaxis)
    _symlog(panel.set_yscale, panel.yaxis)
    panel.set(xlim=(0.007, 1), ylim=(-0.04, 1.2), xlabel="true share of copies", ylabel="mean estimate")


def _dose(panel: Axes, part: pd.DataFrame) -> None:
    for name in part["criterion"].unique():
        line = part[part["criterion"] == name].sort_values("bandwidth")
        panel.plot(line["bandwidth"], line["mean"], linewidth=0.9, **_look(name))
        panel.fill_between(line["bandwidth"], line["low"], line["high"], color=_look(name)["color"], alpha=0.2, lw=0)
    panel.axhline(0, color="grey", linewidth=0.8, zorder=0)
    panel.set_xscale("log")
    panel.set_xticks(sorted(part["bandwidth"].unique()))
    panel.minorticks_off()
    panel.xaxis.set_major_formatter("{x:g}")
    panel.set(ylim=(-0.25, 1.1), xlabel="bandwidth of soft copies [median spacings]", ylabel="mean estimate")


def _alarms(panel: Axes, part: pd.DataFrame) -> None:
    place = np.arange(len(part))[::-1]
    for name, marker in NOTHING.items():
        each = part.get(f"false_alarm_{name}", pd.Series(np.nan, part.index))
        face: style.Look = {} if marker == "x" else {"facecolors": "none"}
        panel.scatter(each, place, s=14, marker=marker, linewidths=0.6, color="dimgrey", label=f"{name} alone", **face)
    for y, (_, row) in zip(place, part.iterrows(), strict=True):
        share, low, high = row[["false_alarm", "false_alarm_low", "false_alarm_high"]]
        look = _look(row["criterion"])
        panel.plot([low, high], [y, y], color=look["color"])
        panel.plot([share], [y], **look)
    for level in (NOMINAL, ONE_SIDED):
        panel.axvline(level, color="black", linestyle="--", linewidth=0.8)
    panel.set_yticks(place, [label(name) for name in part["criterion"]], fontsize=7)
    panel.set_xscale("symlog", linthresh=0.1, linscale=1)
    panel.set_xticks([0, NOMINAL, 0.1, 0.3, 1], ["0", "5 %", "10 %", "30 %", "100 %"])
    panel.minorticks_off()
    panel.set(xlim=(-0.005, 1.15), xlabel="false alarms where\nnothing is copied")


def _look(criterion: str) -> style.Look:
    kind, _, ratio = criterion.partition(" ")
    return {"color": COLOR.get(kind, "grey"), "marker": MARKER.get(ratio, "v"), "markersize": 3.5}


def _symlog(set_scale: Callable[..., None], axis: Axis) -> None:
    set_scale("symlog", linthresh=0.01, linscale=0.4)
    axis.set_ticks([0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.7])
    axis.set_ticks([], minor=True)
    axis.set_major_formatter("{x:g}")
