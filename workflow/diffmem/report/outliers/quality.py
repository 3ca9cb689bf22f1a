"""Quality during training, which shows whether a model with fewer copies is a worse model."""

import pandas as pd
from matplotlib.figure import Figure

from diffmem.report import style

LABEL = {
    "energy": "energy distance\n[units of the data]",
    "sliced_wasserstein": "sliced Wasserstein-2\n[units of the data]",
    "density": "density",
    "coverage": "coverage",
}


def quality(table: pd.DataFrame, *, words: dict[str, str]) -> Figure:
    """Quality against the epoch, with one column per cell and one row per measure.

    Dashed lines are the values for fresh points of the true distribution.

    Args:
        table: result of ``studies.outliers.curves.quality``.
        words: cell -> its description.
    """
    figure, panels = style.facets(LABEL, words, height=1.6)
    for (measure, cell), panel in panels.items():
        line = table[(table["cell"] == cell) & (table["measure"] == measure)].sort_values("epoch")
        values = [line[name] for name in ("mean", "low", "high")]
        style.band(panel, line["epoch"], *values, color=style.STRATUM["inlier"], label="model")
        panel.plot(line["epoch"], line["floor"], "k--", linewidth=0.9, label="fresh points of the truth")
        style.epoch_axis(panel)
    style.finish(figure, panels)
    return figure
