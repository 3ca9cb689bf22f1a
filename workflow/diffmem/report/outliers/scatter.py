"""Training, held-out and generated points at a few snapshots."""

from dataclasses import dataclass

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from diffmem.data.dataset import STRATA
from diffmem.report import style

SHOWN = 1000  # largest number of points of each kind


@dataclass(frozen=True)
class Panel:
    """One replicate: train (n, d), stratum (n,), test (n', d), generated (s, g, d), epochs (s,)."""

    train: np.ndarray
    stratum: np.ndarray
    test: np.ndarray
    generated: np.ndarray
    epochs: np.ndarray


def draw(cells: dict[str, Panel]) -> Figure:
    """One row per cell and one column per snapshot; the axes are the two features with the largest variance.

    Args:
        cells: description of a cell -> its points.
    """
    columns = max((len(cell.epochs) for cell in cells.values()), default=1)
    side = style.PAGE / max(columns, 3)
    figure, axes = style.grid(max(len(cells), 1), columns, width=style.PAGE / columns, height=side)
    for row, (name, cell) in zip(axes, cells.items(), strict=False):
        shown = np.sort(np.argsort(-cell.train.var(0), kind="stable")[:2])
        size = float(np.clip(2000 / len(cell.train), 3.5, 9))  # smaller dots for larger sets
        for panel, generated, epoch in zip(row, cell.generated, cell.epochs, strict=False):
            _points(panel, cell.test[:, shown], color=style.SET["held-out"], label="held-out", size=size)
            for code, stratum in enumerate(STRATA):
                chosen = cell.train[cell.stratum == code][:, shown]
                _points(panel, chosen, color=style.STRATUM[stratum], label=f"train: {stratum}", size=size)
            _points(panel, generated[:, shown], color="black", label="generated", size=0.6)
            square(panel, cell.train[:, shown])
            panel.set_title(f"epoch {round(epoch, 2):,}")
            if style.place_of(panel).is_last_row():
                panel.set_xlabel(f"feature {shown[0] + 1}")
            if not style.place_of(panel).is_first_col():
                panel.set_yticklabels([])
        row[0].set_ylabel(f"{name}\nfeature {shown[-1] + 1}")
        for panel in row[len(cell.epochs) :]:
            panel.set_visible(False)
    drawn = {c.get_label(): c.get_facecolor()[0] for panel in axes.flat for c in panel.collections}
    dot: style.Look = {"marker": "o", "linestyle": "none", "markersize": 3.5}
    style.legend(figure, {label: Line2D([], [], color=color, **dot) for label, color in drawn.items()})
    sns.despine(figure)
    return figure


def scatter(
    *, data: list[dict[str, np.ndarray]], previews: list[dict[str, np.ndarray]], words: dict[str, str]
) -> Figure:
    """The points of the first replicate of every cell.

    Args:
        data: for every cell, train (r, n, d), train_stratum (r, n) and test (r, n', d) of r replicates.
        previews: for every cell, points (r, s, g, d) and epoch (s,) of s snapshots.
        words: cell -> its description, in the same order.
    """
    cells = {}
    for name, sets, seen in zip(words.values(), data, previews, strict=True):
        train, stratum, test = (sets[key][0] for key in ("train", "train_stratum", "test"))
        cells[name] = Panel(train, stratum, test, seen["points"][0], seen["epoch"])
    return draw(cells)


def _points(panel: Axes, points: np.ndarray, *, color: str, label: str, size: float) -> None:
    if len(points):
        panel.scatter(
            points[:SHOWN, 0], points[:SHOWN, -1], s=size, color=color, label=label, linewidths=0, rasterized=True
        )


def square(panel: Axes, train: np.ndarray) -> None:
    """Limit the panel to a square around the training points, so that distant samples do not change its scale."""
    low, high = train.min(0), train.max(0)
    middle, half = (low + high) / 2, 0.6 * max(float((high - low).max()), 1e-9)
    panel.set(xlim=(middle[0] - half, middle[0] + half), ylim=(middle[-1] - half, middle[-1] + half), aspect="equal")
    for axis in (panel.xaxis, panel.yaxis):
        axis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
