"""What no schema can say of a cell: values that depend on each other.

``resolve`` replaces every null by the number it stands for; ``problem`` names the first thing that cannot be run.
"""

import copy
from typing import Any

from diffmem import registry

SMALLEST_STRATUM = 20  # fewer injected points than this give no rate worth an interval
EDM_STEPS = 18
EXACT = ("one-step", "gaussian-fit", "multi-step")  # generators whose law is known without samples
INJECTED = ("outliers", "duplicates", "near_duplicates")
CHOICES = {
    "data": ("shape", registry.SHAPES),
    "model": ("network", registry.NETWORKS),
    "schedule": ("name", registry.SCHEDULES),
    "sampling": ("sampler", registry.SAMPLERS),
    "law": ("name", registry.LAWS),
    "generator": ("name", registry.GENERATORS),
}


def rows(data: dict[str, Any]) -> int:
    """Number of training rows, copies counted."""
    copies = sum(data[name]["count"] * data[name]["copies"] for name in ("duplicates", "near_duplicates"))
    return data["inliers"] + data["outliers"]["count"] + copies


def dimension(data: dict[str, Any]) -> int:
    """Number of features of the data."""
    return registry.DIMENSIONS.get(data["shape"]) or data["dimension"]


def onset_dimension(law: dict[str, Any]) -> int:
    """Number of features of a law of the onset study."""
    return len(law["variances"]) if law["name"] == "spectrum" else law["dimension"]


def resolve(cell: dict[str, Any]) -> dict[str, Any]:
    """A copy of a complete cell in which nothing is null any more."""
    cell = copy.deepcopy(cell)
    if "onset" in cell:
        return cell
    data, sampling, measure = cell["data"], cell["sampling"], cell["measure"]
    if data["test"] is None:
        data["test"] = data["inliers"]
    if data["twins"] is None:
        data["twins"] = any(data[name]["count"] for name in INJECTED)
    if sampling["count"] is None:
        sampling["count"] = rows(data)
    if data["fresh"] is None:
        data["fresh"] = sampling["count"]
    if sampling["steps"] is None:
        sampling["steps"] = cell["schedule"]["steps"] if cell["schedule"]["name"] != "edm" else EDM_STEPS
    measure["ratios"] = sorted({float(r) for r in (*measure["ratios"], measure["ratio"])})
    return cell


def problem(cell: dict[str, Any]) -> str | None:
    """The first thing about a resolved cell that cannot be run, as "key = value: what would be allowed", or None."""
    rules = (_spectrum, _sizes) if "onset" in cell else (_data, _training, _sampling, _finite)
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


def _training(cell: dict[str, Any]) -> str | None:
    training = cell["training"]
    snapshots, most = training["snapshots"], training["epochs"] + 1
    if snapshots["spacing"] != "every" and snapshots["count"] > most:
        return f"training.snapshots.count = {snapshots['count']}: must be at most training.epochs + 1 = {most}"
    return None


def _sampling(cell: dict[str, Any]) -> str | None:
    schedule, steps = cell["schedule"], cell["sampling"]["steps"]
    if schedule["name"] == "edm":
        low, high = schedule["sigma_min"], schedule["sigma_max"]
        if low >= high:
            return f"schedule.sigma_min = {low}: must be less than schedule.sigma_max = {high}"
    elif steps > schedule["steps"]:
        return f"sampling.steps = {steps}: must be at most schedule.steps = {schedule['steps']}"
    return None


def _finite(cell: dict[str, Any]) -> str | None:
    data = cell["data"]
    held = registry.FINITE.get(data["shape"])
    needed = data["inliers"] + data["test"] + data["fresh"]
    if held is not None and needed > held:
        return (
            f"data.inliers + data.test + data.fresh = {needed}: must be at most {held}, all that {data['shape']} holds"
        )
    return None


def _spectrum(cell: dict[str, Any]) -> str | None:
    law = cell["law"]
    if law["name"] == "spectrum" and abs(sum(law["variances"]) - len(law["variances"])) > 1e-6 * len(law["variances"]):
        total, count = sum(law["variances"]), len(law["variances"])
        return f"law.variances sum to {total:g}: must sum to their number {count}; divide each by {total / count:g}"
    if law["name"] == "low-rank" and law["rank"] > law["dimension"]:
        return f"law.rank = {law['rank']}: must be at most law.dimension = {law['dimension']}"
    return None


def _sizes(cell: dict[str, Any]) -> str | None:
    """Sizes that can be trained on, drawn and compared. One dimension is allowed: bandwidths are s / n there."""
    law, onset, made = cell["law"], cell["onset"], cell["generator"]["name"]
    d = onset_dimension(law)
    smallest, largest = (round(pick(onset["ratios"]) * d) for pick in (min, max))
    if smallest < 2:
        return f"onset.ratios: {min(onset['ratios'])} x {d} features = {smallest}: must be at least 2 training points"
    if onset["fresh"] is not None and onset["fresh"] < largest:
        return f"onset.fresh = {onset['fresh']}: must be at least the largest number of training points, {largest}"
    if law["name"] == "digits":
        held = registry.FINITE["digits"]
        needed = 3 * largest + (onset["fresh"] or 0)
        if onset["fresh"] is None:
            return "onset.fresh = None: the density of digits is unknown; give a number of points"
        if needed > held:
            return (
                f"onset.fresh + 3 x {largest} training points = {needed}: must be at most {held}, all digits there are"
            )
        if d > registry.DIMENSIONS["digits"] - 3:
            return f"law.dimension = {d}: must be at most 61, as many pixels of a digit vary"
    if made not in EXACT and onset["samples"] <= d:
        return f"onset.samples = {onset['samples']}: must be more than the {d} features, or {made} has no density"
    return None
