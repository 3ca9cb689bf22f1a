"""Names of cells in figures: the settings in which they differ from the other cells of the study, in words.

If one of several differing settings is different in all cells, only this setting is used. If more than two settings
differ, or none, the name of the cell in the config is used.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from diffmem.settings.datasets import INJECTED

NAMES = {
    "data.inliers": "{:,} training points",
    "data.dimension": "d = {}",
    "law.dimension": "d = {}",
    "law.name": "{}",
    "generator.name": "{}",
    "generator.width": "{} units",
    "generator.updates": "{:,} updates",
    "training.steps": "{:,} steps",
    "training.epochs": "{:,} epochs",
    "measure.ratio": "r = {:g}",
}
WITH_MORE = {**NAMES, "data.inliers": "{:,} inliers"}  # where a training set holds injected points, too
MOST = 2  # largest number of settings in a name


def name_cells(study: str, cells: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Cell -> name in figures; the only cell of a study has the name of the study.

    >>> name_cells("outliers", {"n-100": {"data": {"inliers": 100}}, "n-2000": {"data": {"inliers": 2000}}})
    {'n-100': '100 training points', 'n-2000': '2,000 training points'}

    With outliers among them:

    >>> name_cells("s", {str(n): {"data": {"inliers": n, "outliers": {"count": 20}}} for n in (100, 2000)})
    {'100': '100 inliers', '2000': '2,000 inliers'}
    """
    if len(cells) == 1:
        return dict.fromkeys(cells, study)
    flat = {cell: dict(_flat(settings)) for cell, settings in cells.items()}
    keys = dict.fromkeys(key for settings in flat.values() for key in settings)
    varied = [key for key in keys if len({str(settings.get(key)) for settings in flat.values()}) > 1]
    telling = [key for key in NAMES if len({str(settings.get(key)) for settings in flat.values()}) == len(cells)]
    if len(varied) > 1 and telling:  # one setting is different in all cells
        varied = telling[:1]
    if not varied or len(varied) > MOST:
        return {cell: ", ".join(map(spaced, cell.split("_"))) for cell in cells}
    more = any(settings.get(f"data.{name}.count") for settings in flat.values() for name in INJECTED)
    names = WITH_MORE if more else NAMES
    return {cell: ", ".join(_word(key, settings.get(key), names) for key in varied) for cell, settings in flat.items()}


def spaced(name: str) -> str:
    """A name of the config with spaces for its dashes, but for those of numbers.

    >>> [spaced(name) for name in ("batch-32", "decay-1e-4", "p_mean -1.2")]
    ['batch 32', 'decay 1e-4', 'p mean -1.2']
    """
    return re.sub(r"(?<=\w)(?<!\de)-", " ", name).replace("_", " ")


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every ``section.key`` and its value."""
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _word(key: str, value: Any, names: Mapping[str, str]) -> str:
    known = names.get(key)
    return known.format(value) if known and value is not None else f"{key.split('.')[-1].replace('_', ' ')} {value}"
