"""Cross-field validation of a resolved cell: values that depend on each other.

Each check returns the first problem as "key = value: what is allowed", or None.
"""

import math

from diffmem.settings import audits
from diffmem.settings.audits import AuditCell
from diffmem.settings.collections import AnyData, Collection, Filed, Folder, Patches
from diffmem.settings.datasets import FEWEST_FRESH, INJECTED
from diffmem.settings.networks import OwnNetwork, Unet
from diffmem.settings.onset import LowRank, OnsetCell, PrincipalComponents, Spectrum
from diffmem.settings.onset_sizes import training_sizes
from diffmem.settings.records import Cell, alternatives, known
from diffmem.settings.samplers import Drawn, FromFunction, Given, Saved
from diffmem.settings.schedules import VE_RANGE, Discrete, Linear, Ramped, Ve
from diffmem.settings.sections import Ivf, TrainedCell

SMALLEST_STRATUM = 20  # fewer injected points give rates with intervals that are too wide to be useful
LARGEST_FALL = 80  # of -ln abar: noise levels beyond exp(44) have squares that overflow in float32
PHOTO = 427  # height in pixels of the photographs from which patches are cut
DIGITS, VARYING = 1797, 61  # number of scikit-learn's handwritten digits, and of their pixels with any variance


def problem(cell: Cell, question: str) -> str | None:
    """The first problem of a resolved cell, as one sentence, or None."""
    found: list[str | None] = []
    if isinstance(cell, OnsetCell):
        found = [_spectrum(cell), _sizes(cell)]
    elif isinstance(cell, AuditCell):
        found = [audits.problem(cell.audit)]
    elif isinstance(cell, TrainedCell):
        checks = (_given, _held_out, _data, _collection, _labels, _model, _training, _sampling, _neighbours)
        found = [rule(cell, question) for rule in (_merge, _equal_sizes, _inliers, _strata)]
        found += [check(cell) for check in (*checks, _standardize, _rounded, _finite)]
    return next(filter(None, found), None)


def _merge(cell: TrainedCell, question: str) -> str | None:
    if question == "outliers" and (merge := cell.measure.merge):
        return f"measure.merge = {merge:g}: must be 0 for the question outliers, because merging mixes strata"
    return None


def _equal_sizes(cell: TrainedCell, question: str) -> str | None:
    """The net copied fraction is zero for a model that copies nothing only if both sets have the same size."""
    data = cell.data
    if question == "outliers" and data.test != data.inliers:
        remedy = "write null, or judge samples by the question audit, which takes sets of any sizes"
        return f"data.test = {data.test}: must be the number of inliers, {data.inliers}; {remedy}"
    return None


def _inliers(cell: TrainedCell, question: str) -> str | None:
    """Strata are compared with inliers that have no copies."""
    if question == "outliers" and _marked(cell.data) == cell.data.inliers:
        said = f"data.duplicates.count + data.near_duplicates.count = {cell.data.inliers}: must be below data.inliers"
        return f"{said}, since strata are compared with inliers that have no copies"
    return None


def _given(cell: TrainedCell) -> str | None:
    """Samples of a model that was trained elsewhere need the files that it was trained on, and held-out ones."""
    sampling, data = cell.sampling, cell.data
    if not isinstance(sampling, Given):
        return None
    if not getattr(data, "held_out", None):
        words = "samples that are given are judged against held-out data that the model has not seen; name their file"
        return f"data.held_out = None: {words}, and in data.path that of the training data"
    if data.injected or data.labels.kind != "none":
        kind = f"sampling.sampler = {sampling.choice_name()}"
        return f"{kind}: nothing can be injected or labelled after training; leave it out"
    if sampling.steps:
        return f"sampling.steps = {sampling.steps}: samples that are given take no steps; leave it out"
    if isinstance(sampling, FromFunction) and list(sampling.epochs) != sorted(set(sampling.epochs)):
        return f"sampling.epochs = {list(sampling.epochs)}: must ascend"
    if isinstance(sampling, Saved):
        counted = sum(sampling.path.count(place) for place in ("{epoch}", "{step}"))
        if counted != 1:
            return f"sampling.path = {sampling.path}: must hold {{epoch}} or {{step}} once, as runs/epoch-{{epoch}}.npy"
    return None


def _standardize(cell: TrainedCell) -> str | None:
    """Only points that a model is trained on here can be standardized, and they are no shades of bytes then."""
    if not cell.data.standardize:
        return None
    if isinstance(cell.sampling, Given):
        return "data.standardize = True: samples that are given are in the units of the data; leave it out"
    if cell.measure.rounded:
        return "data.standardize = True: standardized points have no shades to round to; set measure.rounded to false"
    return None


def _held_out(cell: TrainedCell) -> str | None:
    data = cell.data
    if not isinstance(data, Filed) or data.held_out is None:
        return None
    for name in ("classes", "diversity"):
        if getattr(data, name) is not None:
            words = "cannot be chosen where data.held_out is given; choose in the files"
            return f"data.{name} = {getattr(data, name)}: {words}"
    if data.held_out == data.path:
        return f"data.held_out = {data.held_out}: is data.path, too; name other data, or leave it out"
    return None


def _marked(data: AnyData) -> int:
    """How many inliers get exact or noisy copies."""
    return data.duplicates.count + data.near_duplicates.count


def _strata(cell: TrainedCell, question: str) -> str | None:
    for name in INJECTED if question == "outliers" else ():
        count = getattr(cell.data, name).count
        if 0 < count < SMALLEST_STRATUM:
            return f"data.{name}.count = {count}: must be 0 or at least {SMALLEST_STRATUM} for a rate with an interval"
    return None


def _data(cell: TrainedCell) -> str | None:
    data = cell.data
    chosen = _marked(data)
    if chosen > data.inliers:
        return (
            f"data.duplicates.count + data.near_duplicates.count = {chosen}: "
            f"must be at most data.inliers = {data.inliers}, from which the originals are drawn"
        )
    if data.twins and not data.injected:
        return "data.twins = True: no points are injected; set a count of injected points, or remove twins"
    if data.twins and chosen > known(data.test):
        return (
            f"data.test = {data.test}: must be at least {chosen}, the number of duplicates, which need held-out twins"
        )
    clusters, count = data.outliers.clusters, data.outliers.count
    if clusters > max(count, 1):
        return f"data.outliers.clusters = {clusters}: must be at most data.outliers.count = {count}"
    return None


def _collection(cell: TrainedCell) -> str | None:
    data = cell.data
    if not isinstance(data, Collection):
        return None
    native, folder = data.original, isinstance(data, Folder)
    if len(native) not in (1, 3) or (folder and (len(native) == 1 or native[0] not in (1, 3))):
        words = "[1 or 3, height, width]" if folder else "[channels, height, width] or [features]"
        return f"data.size = {list(native)}: must be {words}"
    pixels = data.pixels
    if pixels and isinstance(data, Patches) and pixels > PHOTO:
        return f"data.pixels = {pixels}: must be at most {PHOTO}, the height of the photographs"
    uneven = len(native) == 1 or native[1] != native[2] or native[1] % (pixels or 1)
    if pixels and not isinstance(data, Patches) and uneven:
        return f"data.pixels = {pixels}: must divide the side of square images, and the images are {list(native)}"
    return None


def _labels(cell: TrainedCell) -> str | None:
    data, kind, count = cell.data, cell.data.labels.kind, cell.data.labels.count
    if (kind == "random") != (count is not None):
        words = (
            "random labels need a number of labels" if count is None else f"only random labels have a count, not {kind}"
        )
        return f"data.labels.count = {count}: {words}"
    if kind == "class" and not isinstance(data, Collection):
        return f"data.labels.kind = class: {data.dataset} has no classes; choose none, random or unique"
    if kind == "class" and data.outliers.count:
        return (
            "data.labels.kind = class: outliers belong to no class; choose none, random or unique, or set no outliers"
        )
    return None


def _model(cell: TrainedCell) -> str | None:
    model, features = cell.model, cell.data.features
    if isinstance(model, OwnNetwork) and math.prod(known(model.shape)) != features:
        shape = list(known(model.shape))
        return f"model.shape = {shape}: its product must be the data's {features} features; leave it out"
    if not isinstance(model, Unet):
        return None
    shape, halvings = list(known(model.image)), len(model.multipliers) - 1
    if len(shape) != 3 or math.prod(shape) != features:
        return (
            f"model.image = {shape}: must be channels, height and width whose product is the data's {features} features"
        )
    if shape[1] != shape[2]:
        return f"model.image = {shape}: must be square for a unet; choose another network"
    if shape[1] % 2**halvings:
        return (
            f"model.multipliers = {list(model.multipliers)}: an image of {shape[1]} x {shape[2]} pixels "
            f"must have a side that is a multiple of {2**halvings}; use fewer multipliers"
        )
    heights = [shape[1] // 2**level for level in range(halvings + 1)]
    if model.attention != Unet.model_fields["attention"].default and (none := set(model.attention) - set(heights)):
        return f"model.attention = {list(model.attention)}: {min(none)} is no height of this unet; they are {heights}"
    if model.width % 2:
        return f"model.width = {model.width}: must be even for a unet, whose embedding is half sines and half cosines"
    skips = list(known(model.skips))
    if max(skips, default=0) > model.connections:
        return f"model.skips = {skips}: must be from 1 to {model.connections}, the number of skip connections"
    return None


def _training(cell: TrainedCell) -> str | None:
    training, count = cell.training, cell.training.snapshots.count
    most, of = getattr(training, training.unit) + 1, f"training.{training.unit} + 1"
    if training.cycle and not training.steps:
        steps = training.cycled_steps(cell.data.rows)
        most, of = steps + 1, f"the number of steps, {steps}, + 1"
    if training.snapshots.spacing != "every" and count > most:
        return f"training.snapshots.count = {count}: must be at most {of} = {most}"
    return None


def _sampling(cell: TrainedCell) -> str | None:
    schedule, steps = cell.schedule, cell.sampling.steps
    if isinstance(cell.sampling, Given):
        return None
    if isinstance(cell.sampling, Drawn) and (enough := cell.sampling.enough) not in (None, cell.sampling.count):
        words = f"sampling.deviation = {cell.sampling.deviation:g} asks for {enough:,} points; leave one of them out"
        return f"sampling.count = {cell.sampling.count}: {words}"
    if isinstance(schedule, Ve) and not VE_RANGE[0] < schedule.sigma_max <= VE_RANGE[1]:
        allowed = f"above {VE_RANGE[0]:g}, and at most {VE_RANGE[1]:g}"
        return f"schedule.sigma_max = {schedule.sigma_max:g}: must be {allowed}, for ve"
    if isinstance(schedule, Ramped):
        low, high = schedule.sigma_min, schedule.sigma_max
        return f"schedule.sigma_min = {low:g}: must be less than schedule.sigma_max = {high:g}" if low >= high else None
    if isinstance(schedule, Discrete) and known(steps) > schedule.steps:
        return f"sampling.steps = {steps}: must be at most schedule.steps = {schedule.steps}"
    if isinstance(schedule, Linear) and schedule.fall > LARGEST_FALL:
        words = f"the last level has abar = exp(-{schedule.fall:.0f}), beyond what float32 can hold"
        return f"schedule.beta_max = {schedule.beta_max:g}: {words}; lower it, or schedule.steps = {schedule.steps}"
    return None


def _neighbours(cell: TrainedCell) -> str | None:
    index = cell.neighbours
    if isinstance(index, Ivf) and index.cells and index.probes > index.cells:
        return (
            f"neighbours.probes = {index.probes}: must be at most neighbours.cells = {index.cells}; "
            "use fewer probes or more cells"
        )
    return None


def _rounded(cell: TrainedCell) -> str | None:
    """Rounding clips values outside of [-1, 1], so that it needs images of bytes without outliers or noisy copies."""
    data = cell.data
    if not cell.measure.rounded:
        return None
    if not getattr(data, "bytes_only", False):
        images = ", ".join(d.choice_name() for d in alternatives(AnyData) if getattr(d, "bytes_only", False))
        return f"measure.rounded = True: {data.dataset} may be outside of [-1, 1]; write false, or use one of {images}"
    for name in ("outliers", "near_duplicates"):
        if count := getattr(data, name).count:
            where = f"data.{name}.count = {count}"
            return f"measure.rounded = True: {where} may be outside of [-1, 1]; write false, or set it to 0"
    return None


def _finite(cell: TrainedCell) -> str | None:
    data = cell.data
    if not isinstance(data, Collection) or data.bundled_size is None:
        return None
    classes, each = data.bundled_size
    if (data.classes or 0) > classes:
        return f"data.classes = {data.classes}: must be at most {classes}, the number of classes of {data.dataset}"
    needed, most = data.inliers + known(data.test), (data.classes or classes) * each - FEWEST_FRESH
    if needed > most:
        return (
            f"data.inliers + data.test = {needed}: must be at most {most}, "
            f"the images of {data.dataset} minus {FEWEST_FRESH} for data.fresh"
        )
    return None


def _spectrum(cell: OnsetCell) -> str | None:
    """Variances must sum to their number, and a rank must be at most the dimension."""
    law = cell.law
    if isinstance(law, Spectrum):
        total, count = sum(law.variances), len(law.variances)
        if abs(total - count) > 1e-6 * count:
            return f"law.variances sum to {total:g}: must sum to their number {count}; divide each by {total / count:g}"
    if isinstance(law, LowRank) and law.rank > law.dimension:
        return f"law.rank = {law.rank}: must be at most law.dimension = {law.dimension}"
    return None


def _sizes(cell: OnsetCell) -> str | None:
    """Training sizes must be large enough, and the finite set of digits must contain enough points."""
    law, onset, d = cell.law, cell.onset, cell.law.features
    tried = training_sizes(onset.ratios, dimension=d)
    smallest, largest = tried[0], tried[-1]
    if smallest < 2:
        return f"onset.ratios: {min(onset.ratios):g} x {d} features = {smallest}: must be at least 2 training points"
    if onset.fresh is not None and onset.fresh < largest:
        return f"onset.fresh = {onset.fresh}: must be at least the largest number of training points, {largest}"
    if isinstance(law, PrincipalComponents):
        needed = 3 * largest + (onset.fresh or 0)
        if onset.fresh is None:
            return "onset.fresh = None: the density of digits is unknown; write a number of points"
        if needed > DIGITS:
            words = f"must be at most {DIGITS}, the number of digits"
            return f"onset.fresh + 3 x {largest} training points = {needed}: {words}"
        if d > VARYING:
            return f"law.dimension = {d}: must be at most {VARYING}, the number of pixels that vary"
    if cell.generator.needs_samples and onset.samples <= d:
        made = cell.generator.name
        return (
            f"onset.samples = {onset.samples}: must be more than the number of features, {d}, for a density of {made}"
        )
    return None
