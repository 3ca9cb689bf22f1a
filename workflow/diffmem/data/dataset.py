"""One replicate's data: a training set with injected points, its held-out counterpart, and fresh points.

Strata.  Every location belongs to one stratum: *inlier*, *outlier*, *duplicate* (an inlier with exact copies, and the
copies) or *near-duplicate* (an inlier with jittered copies, and those copies).

Held-out points.  The test set holds, for every stratum, points drawn as the training points were (*twins*): inliers;
outliers from the same clusters; for duplicates, held-out inliers that are marked as duplicates and copied as often.
The *plain* test set of the paper is its part that comes from the inliers' distribution alone. Both halves of a
stratum are one draw cut in two, so that training and held-out points are exchangeable within every stratum.

Fresh points are a third draw from the training distribution, in its proportions, that nobody trains on: the same test
applied to them measures the chance level. Of a collection they are what is left, which may be fewer than asked for.

Labels.  A copy has the label of its original.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from diffmem import locations as points
from diffmem import rng
from diffmem.data import injection, labels
from diffmem.data.source import Source, source

STRATA = ("inlier", "outlier", "duplicate", "near-duplicate")
INLIER, OUTLIER, DUPLICATE, NEAR_DUPLICATE = range(len(STRATA))
ARRAYS = (
    "train", "train_stratum", "train_location", "train_plain", "train_label",
    "test", "test_stratum", "test_location", "test_plain", "test_label",
    "fresh", "clearance", "label_count", "replicate",
)  # fmt: skip


@dataclass(frozen=True)
class Half:
    """Training or test points of shape (n, d), with stratum code, location and label of shape (n,).

    ``plain`` marks the rows that were drawn from the inliers' distribution and are not copies.
    """

    points: np.ndarray
    stratum: np.ndarray
    location: np.ndarray
    plain: np.ndarray
    label: np.ndarray


@dataclass(frozen=True)
class Dataset:
    """One replicate; ``clearance`` as in ``injection.Outliers``, infinite without outliers.

    ``label_count`` is the number of different training labels, 0 without labels.
    """

    train: Half
    test: Half
    fresh: np.ndarray
    clearance: float
    label_count: int


def dataset(settings: dict[str, Any], *, seed: int, replicate: int) -> Dataset:
    """Draw one replicate. ``settings`` is the ``data`` section of a cell, complete with its defaults.

    Raises:
        DataError: if the data are a collection that cannot be read, or that is smaller than what is asked for.
    """
    return _dataset(source(settings), settings, seed=seed, replicate=replicate)


def _dataset(inliers: Source, settings: dict[str, Any], *, seed: int, replicate: int) -> Dataset:
    counts = {name: settings[name]["count"] for name in ("outliers", "duplicates", "near_duplicates")}
    n, n_test = settings["inliers"], settings["test"]
    n_fresh = int(min(settings["fresh"], inliers.size - n - n_test))
    outliers = settings["outliers"]
    fresh_outliers = round(n_fresh * counts["outliers"] / _rows(settings))

    drawing = rng.generator(seed, replicate=replicate, purpose="data")
    pool, classes = inliers.draw(n + n_test + n_fresh - fresh_outliers, drawing)
    train, test, fresh = np.split(pool, [n, n + n_test])
    injecting = rng.generator(seed, replicate=replicate, purpose="injection")
    held_out = counts["outliers"] if settings["twins"] else 0
    drawn = (
        injection.outliers(
            np.vstack([train, test]), injecting, **{**outliers, "count": counts["outliers"] + held_out + fresh_outliers}
        )
        if counts["outliers"]
        else injection.Outliers(points=pool[:0], clearance=np.inf)
    )
    # dealt out at random: their order carries the number of the cluster
    dealt = drawn.points[injecting.permutation(len(drawn.points))]
    train_outliers, test_outliers, more = np.split(dealt, [counts["outliers"], counts["outliers"] + held_out])
    labelling = rng.generator(seed, replicate=replicate, purpose="labels")
    train_label, test_label, label_count = _labels(
        classes[: n + n_test], settings, labelling, train=counts["outliers"], test=held_out
    )
    return Dataset(
        train=_half(train, train_outliers, train_label, settings, injecting),
        test=_half(test, test_outliers, test_label, settings, injecting, copies=settings["twins"]),
        fresh=np.vstack([fresh, more]),
        clearance=drawn.clearance,
        label_count=label_count,
    )


def stack(settings: dict[str, Any], *, seed: int, replicates: range) -> dict[str, np.ndarray]:
    """Draw several replicates and stack them, replicate first: the arrays named in ``ARRAYS``.

    Raises:
        DataError: as ``dataset``.
    """
    inliers = source(settings)
    sets = [_dataset(inliers, settings, seed=seed, replicate=replicate) for replicate in replicates]
    arrays = {"replicate": np.array(replicates, dtype=np.int32), "clearance": np.array([s.clearance for s in sets])}
    arrays["label_count"] = np.array([s.label_count for s in sets], dtype=np.int32)
    for half in ("train", "test"):
        halves = [getattr(s, half) for s in sets]
        arrays[half] = np.stack([h.points for h in halves])
        arrays[f"{half}_stratum"] = np.stack([h.stratum for h in halves])
        arrays[f"{half}_location"] = np.stack([h.location for h in halves])
        arrays[f"{half}_plain"] = np.stack([h.plain for h in halves])
        arrays[f"{half}_label"] = np.stack([h.label for h in halves])
    arrays["fresh"] = np.stack([s.fresh for s in sets])
    return {name: arrays[name] for name in ARRAYS}


def _labels(
    classes: np.ndarray, settings: dict[str, Any], generator: np.random.Generator, *, train: int, test: int
) -> tuple[np.ndarray, np.ndarray, int]:
    """Labels of training and test points before there are copies, and their number.

    ``classes`` are those of the inliers of both halves; ``train`` and ``test`` outliers follow on them.
    """
    n = settings["inliers"]
    no_class = np.full(train + test, labels.UNLABELLED)
    trained = np.concatenate([classes[:n], no_class[:train]])
    held_out = np.concatenate([classes[n:], no_class[train:]])
    kind, count = settings["labels"]["kind"], settings["labels"]["count"]
    drawn, number = labels.training(kind, classes=trained, rng=generator, count=count)
    return drawn, labels.held_out(kind, classes=held_out, trained=trained), number


def _half(
    inliers: np.ndarray,
    outliers: np.ndarray,
    label: np.ndarray,
    settings: dict[str, Any],
    injecting: np.random.Generator,
    copies=True,
) -> Half:
    """Mark the first inliers as duplicates and near duplicates, add their copies and the outliers.

    The inliers are independent draws, so the first are as good as any. Without ``copies`` nothing is marked.
    """
    double, near = (settings[name]["count"] if copies else 0 for name in ("duplicates", "near_duplicates"))
    stratum = np.full(len(inliers), INLIER, dtype=np.int8)
    stratum[:double] = DUPLICATE
    stratum[double : double + near] = NEAR_DUPLICATE
    exact = np.tile(inliers[:double], (settings["duplicates"]["copies"], 1))
    options = settings["near_duplicates"]
    jittered = (
        injection.near_duplicates(
            inliers[double : double + near],
            injecting,
            others=inliers,
            copies=options["copies"],
            jitter=options["jitter"],
        )
        if near
        else inliers[:0]
    )
    rows = np.vstack([inliers, exact, jittered, outliers])
    parts = [(DUPLICATE, exact), (NEAR_DUPLICATE, jittered), (OUTLIER, outliers)]
    added = [np.full(len(part), code, dtype=np.int8) for code, part in parts]
    original = np.concatenate(
        [
            np.arange(len(inliers)),
            np.tile(np.arange(double), settings["duplicates"]["copies"]),
            np.tile(np.arange(double, double + near), options["copies"]),
            len(inliers) + np.arange(len(outliers)),
        ]
    )
    return Half(
        points=rows,
        stratum=np.concatenate([stratum, *added]),
        location=points.locations(rows),
        plain=np.arange(len(rows)) < len(inliers),
        label=label[original],
    )


def _rows(settings: dict[str, Any]) -> int:
    """Number of training rows."""
    duplicates, near = settings["duplicates"], settings["near_duplicates"]
    copied = duplicates["count"] * duplicates["copies"] + near["count"] * near["copies"]
    return settings["inliers"] + copied + settings["outliers"]["count"]
