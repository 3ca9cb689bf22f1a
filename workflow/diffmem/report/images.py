"""Generated images beside the training images nearest to them."""

import numpy as np
import seaborn as sns
from matplotlib.figure import Figure

from diffmem.measure.criteria import ONE_THIRD
from diffmem.report import style

ROWS = 15  # largest number of rows of a figure of several cells
NEAR = 1.25  # a match is near 1/3 if its score differs from 1/3 by less than this factor
KINDS = {"best": "best\nmatches", "near 1/3": "nearest\nto 1/3", "worst": "worst\nmatches"}


def matches(found: dict[str, np.ndarray], *, of: str = "", low: float = -1, high: float = 1) -> Figure:
    """Pairs of a generated image (left) and its nearest training image (right), with d_1 / d_2 above each pair.

    The row of matches near 1/3 contains those within a factor of 1.25. It is left out if there are none.

    Args:
        found: the fields of ``studies.images.Matches``, by ``studies.effective.matches``.
        of: title, which names the arm and the size.
        low, high: values of black and of white.
    """
    near = np.abs(np.log(np.maximum(found["score"], 1e-9) / ONE_THIRD)) < np.log(NEAR)
    shown = [(i, near[i] if kind == "near 1/3" else np.ones_like(near[i])) for i, kind in enumerate(found["kind"])]
    names = [KINDS.get(str(kind), str(kind)) for kind in found["kind"]]
    rows = [(names[i], *_row(found, i), kept, ONE_THIRD) for i, kept in shown if kept.any()]
    figure = _sheet(rows, low=low, high=high)
    figure.suptitle(of, fontsize=8)
    return figure


def images(found: list[dict[str, np.ndarray]], *, words: dict[str, str]) -> Figure:
    """The first samples of a few snapshots of every cell, each beside its nearest training image.

    Above a pair stands the distance to the training image over that to the nearest held-out image, in red if the sample
    counts as memorized.

    Args:
        found: for every cell, the fields of ``studies.images.Matches`` by ``studies.images.over_training``, with the
            values of black and of white, ``low`` and ``high``, and the ``ratio`` of the main figures.
        words: cell -> its description, in the same order.
    """
    rows, each = [], max(1, ROWS // max(len(found), 1))
    for name, part in zip(words.values(), found, strict=True):
        count = len(part["kind"])
        chosen = np.unique(np.linspace(count - 1, 0, min(each, count)).round().astype(int))
        for i in chosen:
            label = str(part["kind"][i])
            kept = np.ones(part["score"].shape[1], dtype=bool)
            label = f"{name}\n{label}" if i == chosen[0] and len(found) > 1 else label
            rows.append((label, *_row(part, i), kept, 1 / float(part["ratio"])))
    low = min((float(part["low"]) for part in found), default=-1)
    high = max((float(part["high"]) for part in found), default=1)
    return _sheet(rows, low=low, high=high)


Row = tuple[str, np.ndarray, np.ndarray, np.ndarray, np.ndarray, float]


def _row(found: dict[str, np.ndarray], number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Generated images, nearest training images and scores of a row."""
    return found["generated"][number], found["nearest"][number], found["score"][number]


def _sheet(rows: list[Row], *, low: float, high: float) -> Figure:
    """Rows of pairs: label, generated images, nearest images, scores, which are drawn, and below which score in red."""
    columns = max((len(row[3]) for row in rows), default=1)
    figure, axes = style.grid(max(len(rows), 1), columns, width=style.PAGE / columns, height=0.62)
    for panel in axes.flat:
        panel.set(xticks=[], yticks=[])
        panel.grid(visible=False)
    for line, (label, generated, nearest, score, kept, threshold) in zip(axes, rows, strict=False):
        for panel, left, right, value, drawn in zip(line, generated, nearest, score, kept, strict=False):
            if drawn:
                shown = _pair(left, right, low, high)
                panel.imshow(shown, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
                copied = value < threshold
                panel.set_title(f"{value:.2f}", fontsize=7, pad=2, color="#CC0000" if copied else "black")
        line[0].set_ylabel(label, fontsize=7, rotation=0, ha="right", va="center")
    sns.despine(figure, left=True, bottom=True)
    return figure


def _pair(left: np.ndarray, right: np.ndarray, low: float, high: float) -> np.ndarray:
    """Two images side by side with a white gap between them, scaled to values from 0 (black) to 1 (white)."""
    gap = np.full((left.shape[0], max(1, left.shape[1] // 8), *left.shape[2:]), high)
    return np.clip((np.concatenate([left, gap, right], axis=1) - low) / (high - low), 0, 1)
