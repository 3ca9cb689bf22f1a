"""What no schema can say of a cell: values that depend on each other.

``resolve`` replaces every null by the number it stands for; ``problem`` names the first thing that cannot be run.
"""

import copy
import math
from typing import Any

from diffmem import registry

SMALLEST_STRATUM = 20  # fewer injected points than this give no rate worth an interval
EDM_STEPS = 18
INJECTED = ("outliers", "duplicates", "near_duplicates")
CHOICES = {
    "data": ("shape", registry.SHAPES),
    "model": ("network", registry.NETWORKS),
    "schedule": ("name", registry.SCHEDULES),
    "sampling": ("sampler", registry.SAMPLERS),
}


def rows(data: dict[str, Any]) -> int:
    """Number of training rows, copies counted."""
    copies = sum(data[name]["count"] * data[name]["copies"] for name in ("duplicates", "near_duplicates"))
    return data["inliers"] + data["outliers"]["count"] + copies


def dimension(data: dict[str, Any]) -> int:
    """Number of features of the data."""
    return registry.DIMENSIONS.get(data["shape"]) or data["dimension"]


def image(data: dict[str, Any]) -> list[int]:
    """Channels, height and width of a point; one that is no image is a row of pixels."""
    return list(registry.IMAGES.get(data["shape"], (1, 1, dimension(data))))


def connections(model: dict[str, Any]) -> int:
    """Number of skip connections of a U-Net."""
    return len(model["multipliers"]) * (model["blocks"] + 1)


def resolve(cell: dict[str, Any]) -> dict[str, Any]:
    """A copy of a complete cell in which nothing is null any more."""
    cell = copy.deepcopy(cell)
    data, model, sampling, measure = (cell[section] for section in ("data", "model", "sampling", "measure"))
    if model["image"] is None:
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


def problem(cell: dict[str, Any]) -> str | None:
    """The first thing about a resolved cell that cannot be run, as "key = value: what would be allowed", or None."""
    return next(filter(None, (check(cell) for check in (_data, _model, _training, _sampling, _finite))), None)


def unused(cells: list[dict[str, Any]], given: dict[str, Any]) -> str | None:
    """A ``given`` option that no shape, network, schedule or sampler chosen by the ``cells`` takes, or None."""
    for section, (key, table) in CHOICES.items():
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


def _ramped(schedule: dict[str, Any]) -> bool:
    """Whether sampling goes through the levels of Karras et al. and not through those of a discrete process."""
    return "rho" in registry.options(registry.SCHEDULES[schedule["name"]])


def _finite(cell: dict[str, Any]) -> str | None:
    data = cell["data"]
    held = registry.FINITE.get(data["shape"])
    needed = data["inliers"] + data["test"] + data["fresh"]
    if held is not None and needed > held:
        return (
            f"data.inliers + data.test + data.fresh = {needed}: must be at most {held}, all that {data['shape']} holds"
        )
    return None
