"""The onset study: everything against n / d, one row of panels per dimension, one colour per cell.

Every function takes the tables ``points`` and ``onsets`` of ``studies.onset.tables`` and returns a figure. Dashed lines
are closed forms or limits of many points.
"""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from diffmem.report import style

MARKERS = "os^Dv<>PXph*"
TICKS = (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128)
CHANCES = {
    "P(l2)": "P(Δ > 0), squared L2\n(the paper's)",
    "P(cs)": "P(Δ > 0), Cauchy–Schwarz",
    "P(kl)": "P(Δ > 0), KL to the exact truth",
    "P(matched)": "P(Δ > 0), matched:\nheld-out set of the same n",
    "P(null)": "P(Δ > 0), null:\ntwo held-out sets",
}
CROSSED = {"P(l2)": "l2", "P(cs)": "cs", "P(kl)": "kl", "P(matched)": "matched"}
OVERLAPS = {
    "e_fresh": "$E_{OG}$: −log $c_O$ / d [nats]",
    "e_train": "$E_{TG}$: −log $c_T$ / d [nats]",
}
DISTANCES = {
    "kl_d": "KL(G ‖ truth) / d [nats]",
    "w2": "squared Wasserstein-2\nover total variance",
    "bc_root": "$(1 - H^2)^{1/d}$",
    "energy": "energy distance",
    "gap": "test − training NLL\nover d [nats]",
}
LOGARITHMIC = ("kl_d", "w2", "gap", "energy")
COPYING = {
    "near_share": "generated points nearer to\ntraining than to held-out points",
    "third": "nearest training point < 1/3 as\nfar as the next: copies",
    "sets_share": "share of the variance of Δ\nbetween training sets (not seeds)",
}
PLACES = {
    "l2": "$P(\\Delta_{L2} > 0) = 1/2$",
    "cs": "$P(\\Delta_{CS} > 0) = 1/2$",
    "kl": "$P(\\Delta_{KL} > 0) = 1/2$",
    "matched": "$P(\\Delta_{matched} > 0) = 1/2$",
    "peak": "$E_{OG}$ largest",
    "mem": "$n_{mem}$: copying half gone",
    "gen": "$n_{gen}$: $W_2^2$ a quarter of the variance",
}


def probability(points: pd.DataFrame, onsets: pd.DataFrame):
    """P(Delta > 0) by every comparison, with Wilson's intervals; bars at one half: the crossing with its interval."""
    figure, axes, looks = _panels(points, CHANCES)
    for row, d in zip(axes, _dimensions(points), strict=False):
        for panel, measure in zip(row, CHANCES, strict=True):
            panel.axhline(0.5, color="grey", linewidth=0.8, zorder=0)
            panel.set_ylim(-0.04, 1.04)
            if measure in CROSSED:
                _crossings(panel, onsets[(onsets["dimension"] == d) & (onsets["place"] == CROSSED[measure])], looks)
    return figure


def overlaps(points: pd.DataFrame, _onsets: pd.DataFrame):
    """The two energies whose difference decides, each by itself; at n <= d the squared L2 distance is infinite."""
    figure, axes, _ = _panels(points, OVERLAPS)
    for row in axes:
        low, high = zip(*(panel.get_ylim() for panel in row), strict=True)
        for panel in row:
            panel.set_ylim(min(low), max(high))
    return figure


def distances(points: pd.DataFrame, _onsets: pd.DataFrame):
    """Quality: distances from the truth, and the gap in likelihood between held-out and training points."""
    figure, axes, _ = _panels(points, DISTANCES)
    for row in axes:
        for panel, measure in zip(row, DISTANCES, strict=True):
            if measure in LOGARITHMIC and panel.dataLim.ymax > 0:
                panel.set_yscale("log")
    return figure


def copying(points: pd.DataFrame, _onsets: pd.DataFrame):
    """Copies: nearness to training points, exact copies, and whether the data or the seed decides."""
    shown = {name: label for name, label in COPYING.items() if name in set(points["measure"])} or COPYING
    figure, axes, _ = _panels(points, shown)
    for row in axes:
        for panel in row:
            panel.set_ylim(-0.04, 1.04)
        row[0].axhline(0.5, color="grey", linewidth=0.8, zorder=0)
    return figure


def places(_points: pd.DataFrame, onsets: pd.DataFrame):
    """Where every curve turns, with 95 % intervals; triangles at the edge: beyond the sizes that were tried."""
    cells = list(onsets["cell"].unique())
    figure, axes = style.grid(1, 1, width=6.5, height=0.8 + 0.55 * max(len(cells), 1))
    panel, colours = axes[0, 0], sns.color_palette("colorblind", len(PLACES))
    known = onsets[onsets["place"].isin(PLACES)]
    finite = known[["value", "low", "high"]].to_numpy()
    finite = [0.5, 2, *finite[(finite > 0) & np.isfinite(finite)]]
    left, right = min(finite) / 1.5, max(finite) * 1.5
    for i, (place, label) in enumerate(PLACES.items()):
        part = known[known["place"] == place]
        y = np.array([cells.index(cell) for cell in part["cell"]]) + 0.1 * (i - (len(PLACES) - 1) / 2)
        value, low, high = (part[name].clip(left, right) for name in ("value", "low", "high"))
        panel.hlines(y, low, high, color=colours[i], linewidth=1.4)
        for mark, where in (("<", value <= left), (">", value >= right), ("o", (value > left) & (value < right))):
            look = {"marker": mark, "linestyle": "none", "markersize": 4.5, "color": colours[i]}
            panel.plot(value[where], y[where], label=label if mark == "o" else None, **look)
    panel.axvline(1, color="grey", linewidth=0.8, zorder=0)
    panel.set_yticks(range(len(cells)), cells)
    panel.set_ylim(max(len(cells), 1) - 0.5, -0.5)
    ratio_axis(panel, left / 1.1, right * 1.1)
    style.legend_below(figure, axes)
    sns.despine(figure)
    return figure


def _panels(points: pd.DataFrame, measures: dict[str, str]):
    """Figure, its panels (dimensions, measures) with all lines drawn, and cell -> (colour, marker)."""
    dimensions = _dimensions(points)
    figure, axes = style.grid(max(len(dimensions), 1), len(measures), width=2.9)
    names = {cell: _name(cell) for cell in points["cell"].unique()}
    kinds = list(dict.fromkeys(names.values()))
    palette = sns.color_palette("colorblind" if len(kinds) <= 10 else "husl", max(len(kinds), 1))
    looks = {cell: (palette[kinds.index(kind)], MARKERS[kinds.index(kind) % len(MARKERS)], kind)
             for cell, kind in names.items()}  # fmt: skip
    for row, d in zip(axes, dimensions, strict=False):
        part = points[points["dimension"] == d]
        for panel, (measure, label) in zip(row, measures.items(), strict=True):
            panel.axvline(1, color="grey", linewidth=0.8, zorder=0)
            for cell, (colour, marker, kind) in looks.items():
                line = part[(part["cell"] == cell) & (part["measure"] == measure)].sort_values("ratio")
                _line(panel, line[np.isfinite(line["mean"])], colour, marker, kind)
            ratio_axis(panel, part["ratio"].min() / 1.1, part["ratio"].max() * 1.1)
            panel.set_title(label, fontsize="medium")
        row[0].set_ylabel(f"d = {d}", fontsize="large")
    style.legend_below(figure, axes)
    sns.despine(figure)
    return figure, axes, looks


def _line(panel: Axes, line: pd.DataFrame, colour, marker: str, label: str) -> None:
    """A curve with its interval, and what theory says of it."""
    if not len(line):
        return
    panel.plot(line["ratio"], line["mean"], color=colour, marker=marker, markersize=3.2, linewidth=1.1, label=label)
    panel.fill_between(line["ratio"], line["low"], line["high"], color=colour, alpha=0.2, linewidth=0)
    theory = line[np.isfinite(line["theory"])]
    if len(theory) and theory["theory"].iloc[-1] != 0.5:  # chance levels are drawn once for all cells
        panel.plot(
            theory["ratio"], theory["theory"], "k--", linewidth=0.8, label="closed form, or limit of many points"
        )


def _crossings(panel: Axes, places: pd.DataFrame, looks: dict) -> None:
    """Bars at one half for crossings that lie within the sizes that were tried."""
    for _, place in places[np.isfinite(places["high"]) & (places["low"] > 0)].iterrows():
        panel.plot([place["low"], place["high"]], [0.5, 0.5], color=looks[place["cell"]][0], linewidth=3, alpha=0.8)


def ratio_axis(panel: Axes, left: float, right: float) -> None:
    """Logarithmic n / d from ``left`` to ``right``, with plain numbers."""
    panel.set_xscale("log")
    panel.set_xlim(left, right)
    panel.xaxis.set_major_locator(FixedLocator([tick for tick in TICKS if left <= tick <= right]))
    panel.xaxis.set_minor_locator(NullLocator())
    panel.xaxis.set_major_formatter(FuncFormatter(_plain))
    panel.set_xlabel("training points per dimension, n / d")


def _plain(value: float, _position: int) -> str:
    return f"{value:g}"


def _dimensions(points: pd.DataFrame) -> list[int]:
    return sorted(points["dimension"].unique())


def _name(cell: str) -> str:
    """A cell's name without the dimension, which has its own row of panels."""
    kept = [part for part in cell.split("_") if not part.startswith("dimension-")]
    return "_".join(part.removeprefix("name-") for part in kept) or "model"
