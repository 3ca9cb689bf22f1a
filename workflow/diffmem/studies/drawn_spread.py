"""Spread of the training points of a config that has not run, for the plan."""

import json
from collections.abc import Callable
from pathlib import Path

from diffmem.data.dataset import dataset
from diffmem.settings.samplers import Given
from diffmem.settings.sections import TrainedCell
from diffmem.settings.study import Study
from diffmem.user_files import watched_paths

SIZES = ("inliers", "test", "fresh")
READ = 50e6  # bytes of files that a plan reads at most


def drawn_spread() -> Callable[[Study, str], float | None]:
    """Function of a study and the name of a cell: the spread of the training points of the first replicate.

    They are drawn as the run would draw them, once for all cells that differ only in sizes, at the largest of these. It
    is None where they are not there, cannot be read, or are large files, which take long to read: the log and the page
    of the run have the sentence then.
    """
    kept: dict[str, float | None] = {}

    def spread(study: Study, name: str) -> float | None:
        cell = study.cells[name]
        if not isinstance(cell, TrainedCell) or isinstance(cell.sampling, Given):
            return None
        key = _source(cell)
        if key not in kept:
            alike = [other for other in study.cells.values() if _source(other) == key]
            kept[key] = _spread(max(alike, key=lambda other: other.data.inliers))
        return kept[key]

    return spread


def _source(cell: TrainedCell) -> str:
    """What the data of a cell are drawn from, without their sizes."""
    data = {key: value for key, value in cell.dump("data")["data"].items() if key not in SIZES}
    return json.dumps([cell.seed, data])


def _spread(cell: TrainedCell) -> float | None:
    path = getattr(cell.data, "path", None)
    if path is not None:
        files = [file for part in watched_paths(path) for file in _files(Path(part))]
        if not files or sum(file.stat().st_size for file in files) > READ:
            return None
    try:
        return dataset(cell.data, seed=cell.seed, replicate=0).spread
    except (ValueError, OSError):  # the run says what is wrong
        return None


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return [file for file in path.iterdir() if file.is_file()]
    return [path] if path.is_file() else []
