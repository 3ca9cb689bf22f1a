"""Table of figures: the function and the input tables of each. Nothing is imported here.

A new entry does not redraw other figures (``digest.py`` follows only the selected module).
"""

from typing import NamedTuple

from diffmem.loading import load as load


class Figure(NamedTuple):
    """A figure: the function that draws it, its inputs as argument -> file in the folder, and whether it names cells.

    A file name with {cell} or {shard} stands for one file per cell in the figure, from the cell's first shard.
    """

    draw: str
    tables: dict[str, str | tuple[str, ...]]
    names_cells: bool = True


def _of_curves(draw: str) -> Figure:
    return Figure(draw, {"curves": "curves.parquet"})


def _of_onset(name: str) -> Figure:
    return Figure(f"diffmem.report.onset:{name}", {"points": "points.parquet", "onsets": "onsets.parquet"})


ONSET = ("probability", "matched", "overlaps", "distances", "likelihood", "copying", "places")
# question of a study (or another folder of a run) -> figures
FIGURES = {
    "outliers": {
        "net": _of_curves("diffmem.report.outliers.curves:net"),
        "memorized": _of_curves("diffmem.report.outliers.curves:memorized"),
        "within": _of_curves("diffmem.report.outliers.curves:within"),
        "mass": _of_curves("diffmem.report.outliers.curves:mass"),
        "coverage": _of_curves("diffmem.report.outliers.curves:coverage"),
        "thresholds": _of_curves("diffmem.report.outliers.thresholds:thresholds"),
        "criteria": _of_curves("diffmem.report.outliers.criteria:criteria"),
        "scatter": Figure(
            "diffmem.report.outliers.scatter:scatter",
            {"data": "{cell}/{shard}/data.npz", "previews": "{cell}/{shard}/preview.npz"},
        ),
        "images": Figure("diffmem.report.images:images", {"found": "{cell}/{shard}/images.npz"}),
        "losses": Figure("diffmem.report.outliers.losses:losses", {"table": "losses.parquet"}),
        "times": Figure("diffmem.report.outliers.times:times", {"table": "times.parquet"}),
        "membership": Figure("diffmem.report.outliers.membership:membership", {"table": "membership.parquet"}),
        "density": Figure("diffmem.report.outliers.density:density", {"table": "density.parquet"}),
        "quality": Figure("diffmem.report.outliers.quality:quality", {"table": "quality.parquet"}),
        "stopping": Figure(
            "diffmem.report.outliers.stopping:stopping",
            {"curves": "curves.parquet", "quality": "quality.parquet", "events": "stopping.parquet"},
        ),
        "clocks": Figure("diffmem.report.outliers.clocks:clocks", {"table": "clocks.parquet"}, names_cells=False),
        "signals": Figure("diffmem.report.outliers.signals:signals", {"table": "signals.parquet"}, names_cells=False),
        "levels": Figure("diffmem.report.outliers.levels:levels", {"table": "noise_levels.parquet"}, names_cells=False),
        "definitions": Figure(
            "diffmem.report.outliers.definitions:definitions", {"table": "definitions.parquet"}, names_cells=False
        ),
        "uses": Figure("diffmem.report.outliers.uses:uses", {"table": "uses.parquet"}),
    },
    "effective": {
        "effective": Figure(
            "diffmem.report.effective:effective",
            {
                "curves": "effective_curves.parquet",
                "fits": "fits.parquet",
                "estimates": "effective.parquet",
                "panels": "panels.parquet",
            },
        ),
        "factors": Figure("diffmem.report.effective:factors", {"table": "factors.parquet"}),
        "tradeoff": Figure(
            "diffmem.report.effective:quality", {"curves": "effective_curves.parquet", "panels": "panels.parquet"}
        ),
        "noise": Figure(
            "diffmem.report.effective_noise:noise", {"table": "effective_losses.parquet", "panels": "panels.parquet"}
        ),
        "matches": Figure("diffmem.report.images:matches", {"found": "matches.npz"}),
    },
    "onset": {name: _of_onset(name) for name in ONSET},
    "audit": {"audits": Figure("diffmem.report.audits:audits", {"table": "audits.parquet"})},
    "calibration": {
        "controls": Figure(
            "diffmem.report.calibration:controls", {"levels": "levels.parquet", "calibration": "calibration.parquet"}
        )
    },
    "published": {
        "published": Figure(
            "diffmem.report.published:published",
            {"kernels": ("kernels-16.parquet", "kernels-100.parquet"), "pixels": "pixels.parquet"},
        )
    },
}
# arrays that figures read from .npz files
ARRAYS = {
    "data.npz": ("train", "train_stratum", "test"),
    "preview.npz": ("points", "epoch"),
    "matches.npz": ("kind", "generated", "nearest", "score"),
    "images.npz": ("kind", "generated", "nearest", "score", "low", "high", "ratio"),
}
