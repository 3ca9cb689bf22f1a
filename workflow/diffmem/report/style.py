"""How every figure looks, and how it is written byte for byte the same for the same numbers."""

from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import seaborn as sns

from diffmem.files import replacing

mpl.use("Agg")
sns.set_theme(context="paper", style="ticks", font_scale=1.0)
mpl.rcParams.update(
    {
        "svg.hashsalt": "diffmem",
        "svg.fonttype": "none",
        "savefig.dpi": 200,
        "axes.grid": True,
        "grid.alpha": 0.25,
        "lines.linewidth": 1.4,
        "legend.frameon": False,
        "figure.constrained_layout.use": True,
    }
)

# Okabe and Ito's colours, told apart by colour-blind readers and in grey: one per stratum, the same in every figure
STRATUM = {
    "inlier": "#0072B2",
    "outlier": "#D55E00",
    "duplicate": "#009E73",
    "near-duplicate": "#CC79A7",
    "all": "#444444",
}
SET = {"train": "#0072B2", "held-out": "#E69F00"}
HEIGHT, WIDTH = 2.5, 3.3  # of one panel, in inches


def epoch_axis(axes) -> None:
    """Logarithmic epochs with room for epoch 0, the untrained model."""
    axes.set_xscale("symlog", linthresh=1, linscale=0.5)
    axes.set_xlim(left=0)
    within_two_decades = axes.dataLim.xmax <= 100
    axes.xaxis.set_major_locator(
        mpl.ticker.SymmetricalLogLocator(base=10, linthresh=1, subs=(1, 2, 5) if within_two_decades else (1,))
    )
    axes.xaxis.set_major_formatter(mpl.ticker.FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.set_xlabel("epoch (0: untrained)")


def band(axes, x, mean, low, high, *, color: str, label: str | None = None, linestyle: str = "-") -> None:
    """A line with its interval."""
    marker = "." if len(x) == 1 else None  # a line through one point shows nothing
    axes.plot(x, mean, color=color, label=label, linestyle=linestyle, marker=marker)
    axes.fill_between(x, low, high, color=color, alpha=0.2, linewidth=0)


def grid(rows: int, columns: int, *, width: float = WIDTH, height: float = HEIGHT, **shared: bool | str):
    """Figure and a two-dimensional array of panels of ``width`` x ``height`` inches; ``shared`` is sharex, sharey."""
    return plt.subplots(rows, columns, figsize=(width * columns, height * rows + 0.5), squeeze=False, **shared)


def title(study: str, cell: str) -> str:
    """How a cell is called in a figure; the only cell of a study goes by the study's name."""
    return study if cell == "base" else cell


def warn_of_resolution(axes, resolution) -> None:
    """Say below a panel that single points cannot be told apart, where spacing over smallest noise level is below 3."""
    if len(resolution) and (value := resolution.mean()) < 3:
        text = f"low ceiling: points are {value:.1f} of the\nsampler's last noise levels apart"
        axes.set_xlabel(f"{axes.get_xlabel()}\n{text}", color="firebrick", fontsize="small")


def warn_of_recall(axes, recall) -> None:
    """Say below a panel that neighbours were sought approximately, where some of those checked were missed."""
    if len(recall) and (value := recall.min()) < 1:
        text = f"approximate neighbours: recall {value:.3f}\nwhere it is lowest"
        axes.set_xlabel(f"{axes.get_xlabel()}\n{text}", color="firebrick", fontsize="small")


def legend_below(figure, axes) -> None:
    """One legend for the whole figure, of what all ``axes`` label, in as many columns as have room."""
    entries = {}
    for panel in axes.flat:
        for handle, label in zip(*panel.get_legend_handles_labels(), strict=True):
            entries.setdefault(label, handle)
    columns = max(2, int(figure.get_figwidth() / 1.3))
    figure.legend(entries.values(), entries.keys(), loc="outside lower center", ncols=columns)


def save(figure, *, png: str | Path, svg: str | Path) -> None:
    """Write a figure as PNG and SVG, without dates or versions in them."""
    with replacing(png) as path:
        figure.savefig(path, bbox_inches="tight", metadata={"Software": None})
    with replacing(svg) as path:
        figure.savefig(path, bbox_inches="tight", metadata={"Date": None, "Creator": None})
    plt.close(figure)
