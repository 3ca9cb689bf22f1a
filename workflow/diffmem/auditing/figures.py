"""Figures of an audit's page: the net copied fraction by ratio, the scores, and the likeliest copies side by side."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from diffmem.auditing.result import Audit

BLUE, GRAY, RED = "#0072b2", "#888888", "#d55e00"
SHOWN = 12  # likeliest copies on the page


def figures(audit: Audit) -> dict[str, Figure]:
    """Name -> figure, those that this audit has."""
    found = {}
    if len(audit.table):
        found["net"] = net(audit)
        found["scores"] = scores(audit)
    shape = audit.sets["train"].values.shape[1:]
    if _pictures(shape):
        found["gallery"] = gallery(audit)
    elif len(shape) == 1 and shape[0] == 2 and "test_item" in audit.samples:
        found["scatter"] = scatter(audit)
    return found


def net(audit: Audit) -> Figure:
    """Net copied fraction with interval, raw fraction and its chance level, by ratio; the ratio to read is filled."""
    table = audit.table
    figure, axes = plt.subplots(figsize=(5, 2.8), layout="constrained")
    place = np.arange(len(table))
    ends = np.abs(table[["net_low", "net_high"]].to_numpy().T - table["net"].to_numpy())
    axes.errorbar(place, table["net"], yerr=ends, fmt="none", color=BLUE, capsize=3)
    face = [BLUE if chosen else "white" for chosen in table["read"]]
    axes.scatter(place, table["net"], c=face, edgecolors=BLUE, zorder=3, label="net copied fraction (filled: to read)")
    axes.scatter(place, table["raw"], marker="_", s=120, color="black", label="raw fraction")
    axes.scatter(place, table["chance"], marker="_", s=120, color=GRAY, label="its level with the two sets mixed")
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_xticks(place, [f"{ratio:g}" for ratio in table["ratio"]])
    axes.set(xlabel="ratio: times closer to a training item", ylabel="share of the samples")
    axes.legend(fontsize=7, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def scores(audit: Audit) -> Figure:
    """Distribution of log2(d_test / d_train) of the samples, and of held-out items, which copy nothing."""
    figure, axes = plt.subplots(figsize=(5, 2.8), layout="constrained")
    with np.errstate(divide="ignore"):
        own = np.log2(audit.samples["ratio"].to_numpy())
    limit = 4.0
    bins = np.linspace(-limit, limit, 61)
    for values, color, label in ((own, BLUE, "samples"), (audit.null / np.log(2), GRAY, "held-out items")):
        shown = np.clip(values, -limit, limit)
        weight = np.full(len(shown), 1 / len(shown))
        axes.hist(shown, bins.tolist(), weights=weight, histtype="step", color=color, label=label)
    ticks = np.arange(-limit, limit + 1, 2)
    axes.set_xticks(ticks, [f"{2**t:g}" if abs(t) < limit else ("≤ 1/16" if t < 0 else "≥ 16") for t in ticks])
    axes.set(xlabel="distance to held-out over distance to training items", ylabel="share")
    axes.legend(fontsize=8, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def gallery(audit: Audit) -> Figure:
    """The likeliest copies: sample, nearest training item and, where there is one, held-out item, one column each."""
    rows = likeliest(audit)
    sets, names = audit.sets, ("sample", "training", "held out")[: len(audit.sets)]
    columns = max(len(rows), 1)
    size = (max(0.6 * columns, 2.5), 0.7 * len(names))
    figure, axes = plt.subplots(len(names), columns, figsize=size, layout="constrained", squeeze=False)
    low, high = float(sets["train"].values.min()), float(sets["train"].values.max())
    for place in range(columns):
        for panel in axes[:, place]:
            panel.set_axis_off()
    for place, row in enumerate(rows.to_dict("records")):
        items = (("generated", row["sample"]), ("train", row["train_item"]), ("test", row.get("test_item")))
        for panel, (name, item) in zip(axes[:, place], items[: len(names)], strict=True):
            image = np.clip((np.asarray(sets[name].values[item], dtype=float) - low) / max(high - low, 1e-12), 0, 1)
            shaped = _upright(image.reshape(sets["train"].values.shape[1:]))
            panel.imshow(shaped, cmap="gray", vmin=0, vmax=1)  # colours, or gray without a last axis
    for panel, name in zip(axes[:, 0], names, strict=True):
        panel.set_title(name, fontsize=7, loc="left", pad=2)
    return figure


def _pictures(shape: tuple[int, ...]) -> bool:
    """Whether items of this shape can be drawn: (height, width), with 1 or 3 channels first or last."""
    if sum(side > 1 for side in shape) < 2:
        return False  # a series
    return len(shape) == 2 or (len(shape) == 3 and (shape[0] in (1, 3) or shape[2] in (1, 3)))


def _upright(image: np.ndarray) -> np.ndarray:
    """The image as (height, width) or (height, width, 3)."""
    first = image.ndim == 3 and image.shape[0] in (1, 3)
    last = np.moveaxis(image, 0, -1) if first else image
    return last[..., 0] if last.ndim == 3 and last.shape[-1] == 1 else last


def scatter(audit: Audit) -> Figure:
    """Points in the plane: training items, held-out items, samples, and the samples called copies."""
    figure, axes = plt.subplots(figsize=(4.2, 3.6), layout="constrained")
    sets = {name: items.flat() for name, items in audit.sets.items()}
    copies = sets["generated"][audit.samples["copy"].to_numpy()]
    drawn = (("test", GRAY, "held-out items"), ("train", "black", "training items"), ("generated", BLUE, "samples"))
    for name, color, label in drawn:
        x, y = sets[name].T
        axes.scatter(x, y, s=3, color=color, alpha=0.5, linewidths=0, label=label)
    x, y = copies.T
    axes.scatter(x, y, s=16, facecolors="none", edgecolors=RED, linewidths=0.7, label="likeliest copies")
    axes.set_aspect("equal")
    axes.legend(fontsize=7, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def likeliest(audit: Audit) -> pd.DataFrame:
    """The samples called copies with the smallest p-values, at most ``SHOWN``, one per training item."""
    by = [name for name in ("p", "train_distance") if name in audit.samples]
    called = audit.samples[audit.samples["copy"]].sort_values(by)
    return called.drop_duplicates("train_item").head(SHOWN)
