"""Arms of a study of effective memorization: what is varied, each at every training size.

An arm is a cell of the config; each of its sizes n is a cell of the workflow, ``ARM_n-SIZE``, whose runs are found
again in their files by whoever asks for that size next.
"""

from typing import Any

from diffmem.settings import checks
from diffmem.settings.study import Arms

# key of the config -> the factor's name in tables and claims; of other keys the last part names them
NAMES = {
    "data.pixels": "dimension",
    "data.dimension": "dimension",
    "model.blocks": "depth",
    "training.steps": "budget",
    "training.epochs": "budget",
}


def at_every_size(named: list[tuple[str, dict]], sizes: list[int]) -> tuple[list[tuple[str, dict]], dict]:
    """The cells of the arms ``named`` (name, changes) at every size, as (name, changes), and arm -> size -> name."""
    cells, of_arm = [], {}
    for arm, changes in named:
        of_arm[arm] = {size: f"{arm}_n-{size}" for size in sorted(set(sizes))}
        for size, name in of_arm[arm].items():
            cells.append((name, {**changes, "data": {**changes.get("data", {}), "inliers": size}}))
    return cells, of_arm


def arms(
    named: list[tuple[str, dict]], of_arm: dict[str, dict[int, str]], cells: dict[str, dict], settings: dict[str, Any]
) -> Arms:
    """The arms of a study from its ``cells`` (name -> complete settings) and its section ``effective``."""
    varied = {factor for _, changes in named for factor in _factors(changes)}
    at_first = {arm: cells[next(iter(sizes.values()))] for arm, sizes in of_arm.items()}
    values = {}
    for arm, cell in at_first.items():
        every = _factors(cell)
        values[arm] = {factor: every[factor] for factor in sorted(varied)}
    baseline = settings["baseline"] or next(iter(of_arm))
    differs = {arm: _differing(cell, at_first[baseline]) for arm, cell in at_first.items()}
    resolutions = {arm: _resolution(cell["model"]) for arm, cell in at_first.items()}
    return Arms(of_arm, values, differs, baseline, settings["search"], resolutions)


def _differing(settings: dict[str, Any], others: dict[str, Any]) -> list[str]:
    """The keys, as ``section.key``, in which two complete cells differ."""
    sections = [section for section, keys in settings.items() if isinstance(keys, dict)]
    return [f"{s}.{key}" for s in sections for key, value in settings[s].items() if value != others[s].get(key)]


def _factors(settings: dict[str, Any]) -> dict[str, Any]:
    """Factor -> value of everything that ``settings``, of a cell or of what it changes, name."""
    found = {}
    for section, keys in settings.items():
        for key, value in keys.items() if isinstance(keys, dict) else ():
            found[NAMES.get(f"{section}.{key}", key)] = value
    if "labels" in found:
        found["labels"] = _label(found["labels"])
    if "budget" in found:
        found["budget"] = _budget(settings["training"])
    if "image" in settings.get("model", {}):  # a complete cell
        found["dimension"] = checks.dimension(settings["data"])
    if "skips" in found:
        found["skips"] = ", ".join(map(str, sorted(set(found["skips"] or ())))) or "none"
    return found


def _label(labels: dict[str, Any]) -> str:
    """How labels are drawn, in a word: class, unique or random-10."""
    return labels["kind"] if labels.get("count") is None else f"random-{labels['count']}"


def _budget(training: dict[str, Any]) -> str:
    """How long is trained, in words: by steps, or where there are none by epochs."""
    steps, epochs = training.get("steps"), training.get("epochs", 0)
    return f"{steps:,} steps" if steps else f"{epochs:,} epochs"


def _resolution(model: dict[str, Any]) -> int | None:
    """Height in pixels of the images at which skip connections are kept, where they are all at one."""
    levels = {(connection - 1) // (model["blocks"] + 1) for connection in model["skips"]}
    return model["image"][1] // 2 ** levels.pop() if len(levels) == 1 else None
