"""One replicate's data: a training set with injected points, its held-out counterpart, and fresh points.

Strata.  Every location belongs to one stratum: *inlier*, *outlier*, *duplicate* (an inlier with exact copies, and the
copies) or *near-duplicate* (an inlier with jittered copies, and those copies).

Held-out points.  The test set holds, for every stratum, points drawn as the training points were (*twins*): inliers;
outliers from the same clusters; for duplicates, held-out inliers that are marked as duplicates and copied as often.
The *plain* test set of the paper is its part that comes from the inliers' distribution alone. Both halves of a
stratum are one draw cut in two, so that training and held-out points are exchangeable within every stratum.

Fresh points are a third draw from the training distribution, in its proportions, that nobody trains on: the same test
applied to them measures the chance level.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from diffmem import points, registry, rng
from diffmem.data import injection

STRATA = ("inlier", "outlier", "duplicate", "near-duplicate")
INLIER, OUTLIER, DUPLICATE, NEAR_DUPLICATE = range(len(STRATA))
ARRAYS = (
    "train", "train_stratum", "train_location", "train_plain",
    "test", "test_stratum", "test_location", "test_plain",
    "fresh", "clearance", "replicate",
)  # fmt: skip


@dataclass(frozen=True)
class Half:
    """Training or test points of shape (n, d), with stratum code and location of shape (n,).

    ``plain`` marks the rows that were drawn from the inliers' distribution and are not copies.
    """

    points: np.ndarray
    stratum: np.ndarray
    location: np.ndarray
    plain: np.ndarray


@dataclass(frozen=True)
class Dataset:
    """One replicate; ``clearance`` as in ``injection.Outliers``, infinite without outliers."""

    train: Half
    test: Half
    fresh: np.ndarray
    clearance: float


def dataset(settings: dict[str, Any], *, seed: int, replicate: int) -> Dataset:
    """Draw one replicate. ``settings`` is the ``data`` section of a cell, complete with its defaults."""
    draw = _shape(settings)
    counts = {name: settings[name]["count"] for name in ("outliers", "duplicates", "near_duplicates")}
    n, n_test, n_fresh = settings["inliers"], settings["test"], settings["fresh"]
    outliers = settings["outliers"]
    fresh_outliers = round(n_fresh * counts["outliers"] / _rows(settings))

    pool = draw(n + n_test + n_fresh - fresh_outliers, rng.generator(seed, replicate=replicate, purpose="data"))
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
    return Dataset(
        train=_half(train, train_outliers, settings, injecting),
        test=_half(test, test_outliers, settings, injecting, copies=settings["twins"]),
        fresh=np.vstack([fresh, more]),
        clearance=drawn.clearance,
    )


def stack(settings: dict[str, Any], *, seed: int, replicates: range) -> dict[str, np.ndarray]:
    """Draw several replicates and stack them, replicate first: the arrays named in ``ARRAYS``."""
    sets = [dataset(settings, seed=seed, replicate=replicate) for replicate in replicates]
    arrays = {"replicate": np.array(replicates, dtype=np.int32), "clearance": np.array([s.clearance for s in sets])}
    for half in ("train", "test"):
        halves = [getattr(s, half) for s in sets]
        arrays[half] = np.stack([h.points for h in halves])
        arrays[f"{half}_stratum"] = np.stack([h.stratum for h in halves])
        arrays[f"{half}_location"] = np.stack([h.location for h in halves])
        arrays[f"{half}_plain"] = np.stack([h.plain for h in halves])
    arrays["fresh"] = np.stack([s.fresh for s in sets])
    return {name: arrays[name] for name in ARRAYS}


def _half(
    inliers: np.ndarray, outliers: np.ndarray, settings: dict[str, Any], injecting: np.random.Generator, copies=True
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
    return Half(
        points=rows,
        stratum=np.concatenate([stratum, *added]),
        location=points.locations(rows),
        plain=np.arange(len(rows)) < len(inliers),
    )


def _rows(settings: dict[str, Any]) -> int:
    """Number of training rows."""
    duplicates, near = settings["duplicates"], settings["near_duplicates"]
    copied = duplicates["count"] * duplicates["copies"] + near["count"] * near["copies"]
    return settings["inliers"] + copied + settings["outliers"]["count"]


def _shape(settings: dict[str, Any]):
    """The function (count, generator) -> points that the settings name, with its options filled in."""
    target = registry.SHAPES[settings["shape"]]
    function, options = registry.load(target), registry.chosen(target, settings)
    return lambda count, generator: function(count, generator, **options)
