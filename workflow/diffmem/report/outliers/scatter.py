"""The points themselves: training, held-out and generated, at a few snapshots."""

from dataclasses import dataclass

import numpy as np
import seaborn as sns

from diffmem.data.dataset import STRATA
from diffmem.report import style

SHOWN = 1000  # points of each kind at most
SIDE = 2.0  # of a panel, in inches


@dataclass(frozen=True)
class Panel:
    """One replicate: train (n, d), stratum (n,), test (n', d), generated (s, g, d), epochs (s,)."""

    train: np.ndarray
    stratum: np.ndarray
    test: np.ndarray
    generated: np.ndarray
    epochs: np.ndarray


def scatter(cells: dict[str, Panel]):
    """One row per cell (named by the key), one column per snapshot, the two features that vary most."""
    columns = max((len(cell.epochs) for cell in cells.values()), default=1)
    figure, axes = style.grid(max(len(cells), 1), columns, width=SIDE, height=SIDE)
    for row, (name, cell) in zip(axes, cells.items(), strict=False):
        shown = np.sort(np.argsort(-cell.train.var(0), kind="stable")[:2])
        limits = _limits(cell.train[:, shown])
        size = float(np.clip(1000 / len(cell.train), 2, 8))  # smaller dots where there are more
        for panel, generated, epoch in zip(row, cell.generated, cell.epochs, strict=False):
            _points(panel, cell.test[:, shown], color=style.SET["held-out"], label="held-out", size=size)
            for code, stratum in enumerate(STRATA):
                chosen = cell.train[cell.stratum == code][:, shown]
                _points(panel, chosen, color=style.STRATUM[stratum], label=f"train: {stratum}", size=size)
            _points(panel, generated[:, shown], color="black", label="generated", size=1.5)
            panel.set(xlim=limits[0], ylim=limits[-1], aspect="equal", xlabel=f"feature {shown[0] + 1}")
            panel.set_title(f"{name}\nepoch {round(epoch, 2):,}", fontsize="medium")
        row[0].set_ylabel(f"feature {shown[-1] + 1}")
    style.legend_below(figure, axes)
    sns.despine(figure)
    return figure


def _points(panel, points: np.ndarray, *, color: str, label: str, size: float) -> None:
    if len(points):
        panel.scatter(
            points[:SHOWN, 0], points[:SHOWN, -1], s=size, color=color, label=label, linewidths=0, rasterized=True
        )


def _limits(train: np.ndarray) -> list[tuple[float, float]]:
    """Axis limits with a margin around the training points, so that stray samples do not shrink them."""
    low, high = train.min(0), train.max(0)
    margin = 0.2 * np.where(high > low, high - low, 1)
    return list(zip(low - margin, high + margin, strict=True))
