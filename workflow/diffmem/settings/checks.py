"""What no schema can say of a cell: values that depend on each other.

``resolve`` replaces every null by the number it stands for; ``problem`` names the first thing that cannot be run.
"""

import copy
import math
from typing import Any

from diffmem import registry
from diffmem.settings import onset_checks

SMALLEST_STRATUM = 20  # fewer injected points than this give no rate worth an interval
EDM_STEPS = 18
PHOTO = 427  # pixels in the height of the photographs that patches are cut from
INJECTED = ("outliers", "duplicates", "near_duplicates")
CHOICES = {
    "data": ("shape", registry.SHAPES),
    "model": ("network", registry.NETWORKS),
    "schedule": ("name", registry.SCHEDULES),
    "sampling": ("sampler", registry.SAMPLERS),
    "neighbours": ("index", registry.INDEXES),
    "law": ("name", registry.LAWS),
    "generator": ("name", registry.GENERATORS),
}


def rows(data: dict[str, Any]) -> int:
    """Number of training rows, copies counted."""
    copies = sum(data[name]["count"] * data[name]["copies"] for name in ("duplicates", "near_duplicates"))
    return data["inliers"] + data["outliers"]["count"] + copies


def size(data: dict[str, Any]) -> tuple[int, ...]:
    """What one point is: channels, height and width of an image as it is trained on, or the number of features."""
    shape = data["shape"]
    if shape not in registry.COLLECTIONS:
        return (registry.DIMENSIONS.get(shape) or data["dimension"],)
    native = tuple(registry.IMAGES.get(shape) or data["size"] or ())
    return (native[0], data["pixels"], data["pixels"]) if native and data["pixels"] else native


def dimension(data: dict[str, Any]) -> int:
    """Number of features of the data."""
    return math.prod(size(data))


def image(data: dict[str, Any]) -> list[int]:
    """Channels, height and width of a point; one that is no image is a row of pixels."""
    point = size(data)
    return list(point) if len(point) == 3 else [1, 1, *point]


def connections(model: dict[str, Any]) -> int:
    """Number of skip connections of a U-Net."""
    return len(model["multipliers"]) * (model["blocks"] + 1)


def resolve(cell: dict[str, Any]) -> dict[str, Any]:
    """A copy of a complete cell in which no null stands for a number any more."""
    cell = copy.deepcopy(cell)
    if "onset" in cell:
        return cell
    data, model, sampling, measure = (cell[section] for section in ("data", "model", "sampling", "measure"))
    if model["image"] is None and not _collection(cell):  # whose size may not be known
        model["image"] = image(data)
    if model["skips"] is None:
        model["skips"] = list(range(1, connections(model) + 1))
    if data["test"] is None:
        data["test"] = data["inliers"]
    if data["twins"] is None:
        data["twins"] = any(data[name]["count"] for name in INJECTED)
    if sampling["count"] is None:
        sampling["count"] = rows(data)
    if data["fresh"] is None:
        data["fresh"] = sampling["count"]
    if sampling["steps"] is None:
        sampling["steps"] = EDM_STEPS if _ramped(cell["schedule"]) else cell["schedule"]["steps"]
    measure["ratios"] = sorted({float(r) for r in (*measure["ratios"], measure["ratio"])})
    return cell


def problem(cell: dict[str, Any], question: str) -> str | None:
    """The first thing about a resolved cell that cannot be run, as "key = value: what would be allowed", or None."""
    if question == "outliers" and (merge := cell["measure"]["merge"]):
        return f"measure.merge = {merge}: must be 0 for the question outliers, merging would mix its strata"
    training = (_data, _collection, _labels, _model, _training, _sampling, _neighbours, _rounded, _finite)
    rules = (onset_checks.spectrum, onset_checks.sizes) if "onset" in cell else training
    return next(filter(None, (check(cell) for check in rules)), None)


def unused(cells: list[dict[str, Any]], given: dict[str, Any]) -> str | None:
    """A ``given`` option that no shape, network, schedule or sampler chosen by the ``cells`` takes, or None."""
    for section, (key, table) in CHOICES.items():
        if section not in cells[0]:
            continue
        choices = list(dict.fromkeys(cell[section][key] for cell in cells))
        taken = [option for choice in choices for option in registry.options(table[choice])]
        known = {option for target in table.values() for option in registry.options(target)}
        for option, value in given.get(section, {}).items():
            if option in known and option not in taken:
                allowed = f"its options are {', '.join(taken)}" if taken else "it has no options"
                return f"{section}.{option} = {value!r}: {' or '.join(choices)} does not take it; {allowed}"
    return None


def _data(cell: dict[str, Any]) -> str | None:
    data = cell["data"]
    marked = data["duplicates"]["count"] + data["near_duplicates"]["count"]
    for name in INJECTED:
        count = data[name]["count"]
        if 0 < count < SMALLEST_STRATUM:
            return f"data.{name}.count = {count}: must be 0 or at least {SMALLEST_STRATUM}, fewer points give no rate"
    if marked > data["inliers"]:
        return (
            f"data.duplicates.count + data.near_duplicates.count = {marked}: "
            f"must be at most data.inliers = {data['inliers']}, from which the originals are drawn"
        )
    if data["twins"] and not any(data[name]["count"] for name in INJECTED):
        return "data.twins = True: nothing is injected that could have a twin; set a count or leave twins out"
    if data["twins"] and marked > data["test"]:
        return (
            f"data.test = {data['test']}: must be at least {marked}, the number of duplicates that need a held-out twin"
        )
    clusters, count = data["outliers"]["clusters"], data["outliers"]["count"]
    if clusters > max(count, 1):
        return f"data.outliers.clusters = {clusters}: must be at most data.outliers.count = {count}"
    return None


def _collection(cell: dict[str, Any]) -> str | None:
    data, shape = cell["data"], cell["data"]["shape"]
    if shape not in registry.COLLECTIONS:
        given = [key for key in ("classes", "diversity") if data[key] is not None]
        words = f"must be left out, {shape} is a distribution and not a collection of images"
        return f"data.{given[0]} = {data[given[0]]}: {words}" if given else None
    options = registry.options(registry.COLLECTIONS[shape])
    if missing := [key for key in ("path", "size") if key in options and data[key] is None]:
        return f"data.{missing[0]} = None: {shape} needs it; docs/adding.md says what it expects"
    native = registry.IMAGES.get(shape) or data["size"]
    if len(native) not in (1, 3) or (shape == "folder" and (len(native) == 1 or native[0] not in (1, 3))):
        words = "[1 or 3, height, width]" if shape == "folder" else "[channels, height, width] or [features]"
        return f"data.size = {native}: must be {words}"
    pixels = data["pixels"]
    if pixels and shape == "patches" and pixels > PHOTO:
        return f"data.pixels = {pixels}: must be at most {PHOTO}, the height of the photographs"
    if pixels and shape != "patches" and (len(native) == 1 or native[1] != native[2] or native[1] % pixels):
        return f"data.pixels = {pixels}: must divide the side of square images, and these are {list(native)}"
    return None


def _labels(cell: dict[str, Any]) -> str | None:
    data, kind, count = cell["data"], cell["data"]["labels"]["kind"], cell["data"]["labels"]["count"]
    if (kind == "random") != (count is not None):
        words = (
            "random labels need a number to draw from" if count is None else f"only random labels take it, not {kind}"
        )
        return f"data.labels.count = {count}: {words}"
    if kind == "class" and data["shape"] not in registry.COLLECTIONS:
        return f"data.labels.kind = class: {data['shape']} has no classes; choose none, random or unique"
    if kind == "class" and data["outliers"]["count"]:
        return (
            "data.labels.kind = class: outliers belong to no class; choose none, random or unique, or set no outliers"
        )
    return None


def _model(cell: dict[str, Any]) -> str | None:
    model, features = cell["model"], dimension(cell["data"])
    if model["network"] != "unet":
        return None
    shape, halvings = model["image"], len(model["multipliers"]) - 1
    if len(shape) != 3 or math.prod(shape) != features:
        return (
            f"model.image = {shape}: must be channels, height and width whose product is the data's {features} features"
        )
    if shape[1] != shape[2] or shape[1] % 2**halvings:
        return (
            f"model.multipliers = {model['multipliers']}: an image of {shape[1]} x {shape[2]} pixels "
            f"must be square with a side that is a multiple of {2**halvings}; give fewer multipliers"
        )
    if model["width"] % 2:
        return f"model.width = {model['width']}: must be even for a unet, half sines and half cosines"
    if beyond := [i for i in model["skips"] if i > connections(model)]:
        return f"model.skips = {model['skips']}: there is no connection {beyond[0]}, only 1 to {connections(model)}"
    return None


def _training(cell: dict[str, Any]) -> str | None:
    training = cell["training"]
    unit = "steps" if training["steps"] else "epochs"
    snapshots, most = training["snapshots"], training[unit] + 1
    if snapshots["spacing"] != "every" and snapshots["count"] > most:
        return f"training.snapshots.count = {snapshots['count']}: must be at most training.{unit} + 1 = {most}"
    return None


def _sampling(cell: dict[str, Any]) -> str | None:
    schedule, steps = cell["schedule"], cell["sampling"]["steps"]
    if _ramped(schedule):
        low, high = schedule["sigma_min"], schedule["sigma_max"]
        if low >= high:
            return f"schedule.sigma_min = {low}: must be less than schedule.sigma_max = {high}"
    elif steps > schedule["steps"]:
        return f"sampling.steps = {steps}: must be at most schedule.steps = {schedule['steps']}"
    return None


def _neighbours(cell: dict[str, Any]) -> str | None:
    index, cells, probes = (cell["neighbours"][key] for key in ("index", "cells", "probes"))
    if index == "ivf" and cells and probes > cells:
        return (
            f"neighbours.probes = {probes}: must be at most neighbours.cells = {cells}; give fewer probes or more cells"
        )
    return None


def _rounded(cell: dict[str, Any]) -> str | None:
    """Rounding clips what lies outside [-1, 1]: numbers that are no brightness, and points moved by injection."""
    data, bytes_only = cell["data"], registry.COLLECTIONS.keys() - {"array"}
    if not cell["measure"]["rounded"]:
        return None
    if data["shape"] not in bytes_only:
        images = ", ".join(name for name in registry.COLLECTIONS if name in bytes_only)
        return (
            f"measure.rounded = True: {data['shape']} may lie outside [-1, 1]; write false, or choose one of {images}"
        )
    for name in ("outliers", "near_duplicates"):
        if count := data[name]["count"]:
            where = f"data.{name}.count = {count}"
            return f"measure.rounded = True: {where} may lie outside [-1, 1]; write false, or set it to 0"
    return None


def _ramped(schedule: dict[str, Any]) -> bool:
    """Whether sampling goes through the levels of Karras et al. and not through those of a discrete process."""
    return "rho" in registry.options(registry.SCHEDULES[schedule["name"]])


def _finite(cell: dict[str, Any]) -> str | None:
    data = cell["data"]
    classes, each = registry.HELD.get(data["shape"], (data["classes"] or 0, math.inf))
    if (data["classes"] or 0) > classes:
        return f"data.classes = {data['classes']}: must be at most {classes}, {data['shape']} has no more"
    most = (data["classes"] or classes or 1) * each - registry.FEWEST_FRESH
    if data["inliers"] + data["test"] > most:
        return (
            f"data.inliers + data.test = {data['inliers'] + data['test']}: must be at most {most}, "
            f"{data['shape']} holds no more with {registry.FEWEST_FRESH} left over for data.fresh"
        )
    return None
