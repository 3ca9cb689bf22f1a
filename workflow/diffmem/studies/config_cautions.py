"""Which studies and cells of a config have settings that are likely mistakes, for the plan and the page."""

from collections.abc import Callable, Mapping
from pathlib import Path

from diffmem.data.pictures import folders_in, images_in
from diffmem.settings.datasets import FEWEST_FRESH, Data
from diffmem.settings.records import known
from diffmem.settings.samplers import Given
from diffmem.settings.sections import TrainedCell
from diffmem.settings.study import Study
from diffmem.studies.cautions import of_outliers, of_running_mean, of_spread


def of_cell(cell: object, spread: float | None = None) -> list[str]:
    """All sentences about a ``cell`` that is trained here, with the ``spread`` of its training points if known."""
    if not isinstance(cell, TrainedCell) or isinstance(cell.sampling, Given):
        return []
    found = [
        _of_folder(cell.data),
        of_outliers(cell.data),
        of_running_mean(cell.training, points=cell.data.rows),
        None if spread is None else of_spread(cell.schedule, spread),
    ]
    return [sentence for sentence in found if sentence]


def _of_folder(data: Data) -> str | None:
    """A folder with too few images, by its files; equal images or classes of unequal sizes leave fewer."""
    path = getattr(data, "path", None)
    if data.dataset != "folder" or getattr(data, "held_out", None) or not path or not Path(path).is_dir():
        return None
    files = sum(len(images_in(folder)) for folder in (Path(path), *folders_in(Path(path))))
    needed = data.inliers + known(data.test) + FEWEST_FRESH
    if files >= needed:
        return None
    return f"{path} holds {files} images, and {needed} are needed: inliers, as many held out, and {FEWEST_FRESH} more"


def of_studies(studies: Mapping[str, Study], spread: Callable[[Study, str], float | None]) -> list[str]:
    """Sentences about all cells of all ``studies``, with the cells that each is about.

    Args:
        spread: function of a study and the name of a cell, the spread of its training points or None.
    """
    about: dict[tuple[str, str], list[str]] = {}
    for study in studies.values():
        for name, cell in study.cells.items():
            for sentence in of_cell(cell, spread(study, name)):
                about.setdefault((study.name, sentence), []).append(name)
    return [
        f"Study {study}, {_cells(names, studies[study])}: {sentence}." for (study, sentence), names in about.items()
    ]


def _cells(names: list[str], study: Study) -> str:
    if len(names) == len(study.cells):
        return "every cell"
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
