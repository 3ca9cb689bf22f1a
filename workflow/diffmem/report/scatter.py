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
    """One row per cell (named by the key), one column per snapshot, the first two coordinates of every point."""
    columns = max((len(cell.epochs) for cell in cells.values()), default=1)
    figure, axes = style.grid(max(len(cells), 1), columns, width=SIDE, height=SIDE)
    for row, (name, cell) in zip(axes, cells.items(), strict=False):
        limits = _limits(cell.train)
        size = float(np.clip(1000 / len(cell.train), 2, 8))  # smaller dots where there are more
        for panel, generated, epoch in zip(row, cell.generated, cell.epochs, strict=False):
            _points(panel, cell.test, color=style.SET["held-out"], label="held-out", size=size)
            for code, stratum in enumerate(STRATA):
                chosen = cell.train[cell.stratum == code]
                _points(panel, chosen, color=style.STRATUM[stratum], label=f"train: {stratum}", size=size)
            _points(panel, generated, color="black", label="generated", size=1.5)
            panel.set(xlim=limits[0], ylim=limits[1], aspect="equal", xlabel="first feature")
            panel.set_title(f"{name}\nepoch {epoch:,}", fontsize="medium")
        row[0].set_ylabel("second feature")
    style.legend_below(figure, axes)
    sns.despine(figure)
    return figure


def _points(panel, points: np.ndarray, *, color: str, label: str, size: float) -> None:
    if len(points):
        x, y = points[:SHOWN, 0], points[:SHOWN, min(1, points.shape[1] - 1)]
        panel.scatter(x, y, s=size, color=color, label=label, linewidths=0, rasterized=True)


def _limits(train: np.ndarray) -> list[tuple[float, float]]:
    """Axis limits with a margin of a fifth around the training points, so that stray samples do not shrink them."""
    low, high = train.min(0), train.max(0)
    margin = 0.2 * (high - low)
    axes = (0, min(1, train.shape[1] - 1))
    return [(low[i] - margin[i], high[i] + margin[i]) for i in axes]
