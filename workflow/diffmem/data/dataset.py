"""One replicate's data: a training set with injected points, its held-out counterpart, and fresh points.

Strata.  Every location belongs to one stratum: *inlier*, *outlier*, *duplicate* (an inlier with exact copies, and the
copies) or *near-duplicate* (an inlier with noisy copies, and those copies).

Held-out points.  The test set contains twins for every stratum, drawn in the same way as the training points: inliers;
outliers from the same clusters; and, for duplicates, held-out inliers that are marked as duplicates and copied equally
often. The *plain* test set, as in the paper, is the part that is drawn from the inliers' distribution. Training and
held-out points of a stratum are one draw that is cut in two, so that they are exchangeable within every stratum.

Fresh points are a third draw from the training distribution, with the same share of outliers; no model is trained on
them. The same measures applied to them give the chance level. In a collection they are the remaining images, which may
be fewer than asked for.

Labels.  A copy has the label of its original.

Standardization, on request.  x becomes (x - c) / s, with c the mean of the training rows and s the root mean square of
x - c over rows and features. Training, held-out and fresh points are mapped alike, after injection. All distances are
divided by s, so that neighbours and ratios of distances stay the same. c and s are kept, as 0 and 1 where nothing is
mapped.
"""

from dataclasses import dataclass, replace

import numpy as np

from diffmem import locations as points
from diffmem import rng
from diffmem.data import injection, labels
from diffmem.data.image_set import DataError
from diffmem.data.source import Source, source
from diffmem.settings.datasets import Data
from diffmem.settings.records import known

STRATA = ("inlier", "outlier", "duplicate", "near-duplicate")
INLIER, OUTLIER, DUPLICATE, NEAR_DUPLICATE = range(len(STRATA))
ARRAYS = (
    "train", "train_stratum", "train_location", "train_plain", "train_label",
    "test", "test_stratum", "test_location", "test_plain", "test_label",
    "fresh", "clearance", "label_count", "replicate", "centre", "scale", "spread",
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
    """One replicate's data; ``clearance`` as in ``injection.Outliers``, infinite without outliers.

    ``label_count`` is the number of different training labels, 0 without labels. ``centre`` (d,) and ``scale`` are
    what was subtracted and divided out, and ``spread`` is the root mean square of the training rows minus their mean,
    over rows and features.
    """

    train: Half
    test: Half
    fresh: np.ndarray
    clearance: float
    label_count: int
    centre: np.ndarray
    scale: float
    spread: float


def dataset(settings: Data, *, seed: int, replicate: int) -> Dataset:
    """Draw one replicate's data. The ``settings`` are resolved: no null stands for a number.

    Raises:
        DataError: if a collection cannot be read, or has fewer images than are asked for.
    """
    return _dataset(source(settings), settings, seed=seed, replicate=replicate)


def _dataset(inliers: Source, settings: Data, *, seed: int, replicate: int) -> Dataset:
    n, n_test, n_outliers = settings.inliers, known(settings.test), settings.outliers.count
    left = inliers.size - n - n_test if inliers.held_out is None else inliers.held_out.size - n_test
    n_fresh = int(min(known(settings.fresh), left))
    fresh_outliers = round(n_fresh * n_outliers / settings.rows)

    drawing = rng.generator(seed, replicate=replicate, purpose="data")
    wanted = n_test + n_fresh - fresh_outliers
    if inliers.held_out is None:
        pool, classes = inliers.draw(n + wanted, drawing)
    else:
        parts = inliers.draw(n, drawing), inliers.held_out.draw(wanted, drawing)
        pool, classes = (np.concatenate(part) for part in zip(*parts, strict=True))
    train, test, fresh = np.split(pool, [n, n + n_test])
    injecting = rng.generator(seed, replicate=replicate, purpose="injection")
    held_out = n_outliers if settings.twins else 0
    drawn = (
        injection.outliers(
            np.vstack([train, test]),
            injecting,
            **{**dict(settings.outliers), "count": n_outliers + held_out + fresh_outliers},
        )
        if n_outliers
        else injection.Outliers(points=pool[:0], clearance=np.inf)
    )
    # shuffled, because their order contains the number of the cluster
    dealt = drawn.points[injecting.permutation(len(drawn.points))]
    train_outliers, test_outliers, more = np.split(dealt, [n_outliers, n_outliers + held_out])
    labelling = rng.generator(seed, replicate=replicate, purpose="labels")
    train_label, test_label, label_count = _labels(
        classes[: n + n_test], settings, labelling, train=n_outliers, test=held_out
    )
    halves = {
        "train": _half(train, train_outliers, train_label, settings, injecting),
        "test": _half(test, test_outliers, test_label, settings, injecting, copies=bool(settings.twins)),
    }
    rest = np.vstack([fresh, more])
    centre, spread = moments(halves["train"].points)
    scale = 1.0
    if settings.standardize:
        if not spread:
            raise DataError("data.standardize = True: squared differences of training points are 0; give larger units")
        halves = {name: replace(half, points=(half.points - centre) / spread) for name, half in halves.items()}
        rest, scale, spread = (rest - centre) / spread, spread, 1.0
    else:
        centre = np.zeros_like(centre)
    return Dataset(
        **halves,
        fresh=rest,
        clearance=drawn.clearance,
        label_count=label_count,
        centre=centre,
        scale=scale,
        spread=spread,
    )


def moments(rows: np.ndarray) -> tuple[np.ndarray, float]:
    """Mean (d,) of the ``rows`` (n, d), and the root mean square of what is left of them, over rows and features."""
    centre = rows.mean(0)
    return centre, float(np.sqrt(np.mean((rows - centre) ** 2)))


def stack(settings: Data, *, seed: int, replicates: range) -> dict[str, np.ndarray]:
    """Draw several replicates and stack them along a new first axis: the arrays named in ``ARRAYS``.

    Raises:
        DataError: as ``dataset``.
    """
    inliers = source(settings)
    sets = [_dataset(inliers, settings, seed=seed, replicate=replicate) for replicate in replicates]
    arrays = {"replicate": np.array(replicates, dtype=np.int32), "clearance": np.array([s.clearance for s in sets])}
    arrays |= {"centre": np.stack([s.centre for s in sets])}
    arrays |= {name: np.array([getattr(s, name) for s in sets]) for name in ("scale", "spread")}
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
    classes: np.ndarray, settings: Data, generator: np.random.Generator, *, train: int, test: int
) -> tuple[np.ndarray, np.ndarray, int]:
    """Labels of training and test points before copies are added, and the number of different labels.

    ``classes`` are those of training and test inliers. The labels of ``train`` and ``test`` outliers are appended.
    """
    n = settings.inliers
    no_class = np.full(train + test, labels.UNLABELLED)
    trained = np.concatenate([classes[:n], no_class[:train]])
    held_out = np.concatenate([classes[n:], no_class[train:]])
    kind, count = settings.labels.kind, settings.labels.count
    drawn, number = labels.training(kind, classes=trained, rng=generator, count=count)
    return drawn, labels.held_out(kind, classes=held_out, trained=trained), number


def _half(
    inliers: np.ndarray,
    outliers: np.ndarray,
    label: np.ndarray,
    settings: Data,
    injecting: np.random.Generator,
    copies: bool = True,
) -> Half:
    """Mark the first inliers as duplicates and near-duplicates, and append their copies and the outliers.

    The inliers are independent draws, so that the choice of the first is no selection. Without ``copies`` no inlier is
    marked.
    """
    double, near = (part.count if copies else 0 for part in (settings.duplicates, settings.near_duplicates))
    stratum = np.full(len(inliers), INLIER, dtype=np.int8)
    stratum[:double] = DUPLICATE
    stratum[double : double + near] = NEAR_DUPLICATE
    exact = np.tile(inliers[:double], (settings.duplicates.copies, 1))
    options = settings.near_duplicates
    jittered = (
        injection.near_duplicates(
            inliers[double : double + near],
            injecting,
            inliers=inliers,
            copies=options.copies,
            jitter=options.jitter,
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
            np.tile(np.arange(double), settings.duplicates.copies),
            np.tile(np.arange(double, double + near), options.copies),
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
