"""Generated points over training, those close to training or held-out points marked, beside the curves of the cell.

A point is marked red if it is r times closer to a training point than to any held-out point, black for the opposite.
A model that copies nothing has as many of one kind as of the other, and the difference is the net copied fraction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import av
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from PIL import Image

from diffmem.files import replacing
from diffmem.report import style
from diffmem.report.outliers.scatter import square
from diffmem.studies.outliers.strata import best_reference, headline

NAMES = ("points", "close", "epoch", "train", "test")
SHOWN = 1000  # largest number of training and of held-out points
DPI, COLORS = 110, 64
PAUSE, LAST = 300, 3000  # milliseconds
RATE = 10  # frames of the film in a second
# colour, size and label of the points that are close to neither set, to held-out and to training points
KINDS = {
    0: ("#999999", 3.0, "generated, close to neither"),
    -1: ("#000000", 5.0, "generated, close to a held-out point"),
    1: ("#CC0000", 5.0, "generated, close to a training point"),
}
FAINT = {"train": "#A6CEE3", "test": "#F5D08A"}
LINES = {"raw": "#CC0000", "net": "#0072B2"}

Frames = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class _Row:
    """What changes from frame to frame in the panels of a cell."""

    frames: Frames
    curves: dict[str, pd.DataFrame]
    marks: dict[int, PathCollection]
    lines: dict[str, Line2D]
    points: Axes
    now: Line2D

    def show(self, share: float) -> None:
        """Show the frame at this ``share`` of the training's frames."""
        epochs = self.frames["epoch"]
        number = round(share * (len(epochs) - 1))
        for kind, marks in self.marks.items():
            marks.set_offsets(self.frames["points"][number][self.frames["close"][number] == kind][:, [0, -1]])
        epoch = float(epochs[number])
        for name, line in self.lines.items():
            until = self.curves[name][self.curves[name]["epoch"] <= epoch]
            line.set_data(until["epoch"], 100 * until["mean"])
        self.now.set_xdata([epoch, epoch])
        self.points.set_title(f"epoch {round(epoch, 2):,.10g}")


def animate(
    frames: Mapping[str, Frames],
    *,
    curves: pd.DataFrame,
    words: dict[str, str],
    counted: str = "epoch",
    gif: str | Path,
    mp4: str | Path,
    png: str | Path,
) -> None:
    """Write the animation as a GIF and as a film, and its last frame as a still image.

    Args:
        frames: cell -> points (f, k, 2), close (f, k) and epoch (f,) of f snapshots; train (n, 2) and test (n', 2).
        curves: the table of `studies.outliers.curves`.
        words: cell -> its description, for the same cells.
        counted: what snapshots are counted in.
    """
    figure, rows = _draw(frames, curves, words)
    steps = max((len(cell["epoch"]) for cell in frames.values()), default=1)
    images = []
    for number in range(steps):
        for row in rows:
            row.show(number / max(steps - 1, 1))
        style.count_in(figure, counted)
        images.append(_image(figure))
    plt.close(figure)
    palette = _palette(images[-1])
    with replacing(png) as path:
        images[-1].save(path, format="PNG")
    first, *others = (image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images)
    pauses = [PAUSE] * (steps - 1) + [LAST]
    with replacing(gif) as path:
        first.save(path, format="GIF", save_all=True, append_images=others, duration=pauses, loop=0, optimize=True)
    with replacing(mp4) as path:
        _film(path, images, pauses=pauses)


def _film(path: Path, images: list[Image.Image], *, pauses: list[int]) -> None:
    """Write ``images`` as H.264, each for its pause in milliseconds; the same images give the same bytes."""
    width, height = (size - size % 4 for size in images[0].size)  # as _planes needs
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart", "fflags": "+bitexact"}) as film:
        stream = film.add_stream("libx264", rate=RATE, options={"crf": "20", "preset": "slow", "threads": "1"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuvj420p"
        for image, pause in zip(images, pauses, strict=True):
            planes = _planes(image.crop((0, 0, width, height)))
            for _ in range(pause * RATE // 1000):
                film.mux(stream.encode(av.VideoFrame.from_ndarray(planes, format="yuvj420p")))
        film.mux(stream.encode())


def _planes(image: Image.Image) -> np.ndarray:
    """Luma, and both colours at half the size, one below the other, always with the same rounding."""
    luma, *colours = image.convert("YCbCr").split()
    half = [colour.resize((image.width // 2, image.height // 2), Image.Resampling.BOX) for colour in colours]
    return np.concatenate([np.asarray(plane).reshape(-1, image.width) for plane in (luma, *half)])


def _palette(image: Image.Image) -> Image.Image:
    """The colours of an animation that ends with this ``image``; white is white, and not a mean of pale colours."""
    found = image.quantize(COLORS)
    colors = np.array(found.getpalette()).reshape(-1, 3)
    colors[colors.min(1) >= 248] = 255
    found.putpalette(colors.ravel().tolist())
    return found


def _draw(frames: Mapping[str, Frames], curves: pd.DataFrame, words: dict[str, str]) -> tuple[Figure, list[_Row]]:
    """The figure with one row of panels per cell."""
    count = max(len(frames), 1)
    figure, axes = plt.subplots(
        count, 2, figsize=(style.PAGE, 2.6 * count + 0.8), squeeze=False, dpi=DPI, width_ratios=(1, 1.25)
    )
    rows = [
        _row(pair, cell, curves[curves["cell"] == name])
        for pair, (name, cell) in zip(axes, frames.items(), strict=False)
    ]
    for (points, lines), name in zip(axes, frames, strict=False):
        ratio = headline(curves[curves["cell"] == name])
        points.set_ylabel(f"{words[name]}\nfeature 2")
        lines.set_title(f"close: {ratio:g} times closer to one set than to the other")
    for panel in axes[-1]:
        panel.set_xlabel(panel.get_xlabel() or "feature 1")
    for panel in axes[:-1].flat:
        panel.set_xlabel("")
    dot: style.Look = {"marker": "o", "linestyle": "none", "markersize": 3.5}
    entries = {label: Line2D([], [], color=color, **dot) for color, _, label in reversed(KINDS.values())}
    entries |= {"training points": Line2D([], [], color=FAINT["train"], **dot)}
    entries |= {"held-out points": Line2D([], [], color=FAINT["test"], **dot)}
    entries |= {"share close to training points": Line2D([], [], color=LINES["raw"])}
    entries |= {"its chance level": Line2D([], [], color=LINES["raw"], linestyle="--", linewidth=0.9)}
    entries |= {"net copied fraction": Line2D([], [], color=LINES["net"])}
    style.legend(figure, entries)
    for panel in axes.flat:
        panel.spines[["top", "right"]].set_visible(False)
    for row in rows:
        row.show(1)
    figure.canvas.draw()
    figure.set_layout_engine("none")  # panels stay where they are from frame to frame
    return figure, rows


def _row(pair: np.ndarray, cell: Frames, curves: pd.DataFrame) -> _Row:
    points, panel = pair
    for name, color in (("test", FAINT["test"]), ("train", FAINT["train"])):
        shown = cell[name][:SHOWN]
        points.scatter(
            shown[:, 0], shown[:, -1], s=float(np.clip(2000 / len(shown), 3.5, 9)), color=color, linewidths=0
        )
    square(points, cell["train"])
    marks = {
        kind: points.scatter([], [], s=size, color=color, linewidths=0) for kind, (color, size, _) in KINDS.items()
    }
    best = best_reference(curves["reference"])
    rows = curves[(curves["reference"] == best) & (curves["stratum"] == "all") & (curves["normalisation"] == "stratum")]
    drawn = {name: rows[(rows["criterion"] == name) & rows["headline"]].sort_values("epoch") for name in LINES}
    for name, color in LINES.items():
        line = drawn[name]
        panel.fill_between(line["epoch"], 100 * line["low"], 100 * line["high"], color=color, alpha=0.15, linewidth=0)
        panel.plot(line["epoch"], 100 * line["mean"], color=color, alpha=0.25)
    panel.plot(drawn["raw"]["epoch"], 100 * drawn["raw"]["floor"], color=LINES["raw"], linestyle="--", linewidth=0.9)
    lines = {name: panel.plot([], [], color=color)[0] for name, color in LINES.items()}
    panel.axhline(0, color="black", linewidth=0.6)
    style.epoch_axis(panel)
    panel.set_ylabel("% of the generated points")
    now = panel.axvline(0, color="black", linewidth=0.8)
    return _Row(cell, drawn, marks, lines, points, now)


def _image(figure: Figure) -> Image.Image:
    """What the figure shows, as pixels."""
    canvas = cast(FigureCanvasAgg, figure.canvas)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
