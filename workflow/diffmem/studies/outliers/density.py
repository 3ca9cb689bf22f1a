r"""Are outliers copied less because they lie outside, or because they lie close together?

Of a generated point with q = d_test / d_train (matched test set) and a ratio r, let

    s = [q > r] - [q < 1/r],                                                                           (1)

so that the mean of s over the points of a stratum is its net copied fraction. The point takes stratum, spacing and
radius from its nearest location among training and held-out points together:

    spacing    distance from that location to its third nearest location of either set
    radius     distance of that location from the mean of the inliers, in their standard deviations

In every replicate and at every snapshot, five models are fitted by least squares, to all generated points if nothing
else is said:

    raw         s = a + sum_k c_k [stratum k]                                                          (2)
    adjusted    s = a + sum_k c_k [stratum k] + b log(spacing)                                         (3)
    radial      s = a + sum_k c_k [stratum k] + b log(spacing) + e radius                              (4)
    inliers     s = a + b log(spacing), over the points of inliers alone                               (5)
    classes     s = a + v log(width)                                                                   (6)

where (6) is for studies whose outliers are one cluster of as many points as there are inliers. The width of this class
is its standard deviation over that of the inliers, whose width is 1. v is the c_outlier of (2) over log(width).

The c_k are differences from inliers. If training and held-out points swap places, s changes its sign and the regressors
do not. The mean of every coefficient is therefore zero for a generator that does not know which half it was trained on.
Replicates are the unit: a coefficient has one value per replicate, and its interval is Student's t over these.

The same models are fitted to points of the closed-form optimum, which copies all locations equally often. Where the
spacing is not much larger than the sampler's last noise level, its copies are blurred, and crowded ones most. If the
optimum has a slope too, that slope shows the resolution of the sampler and says nothing about training.

Claims about these: `studies.outliers.density_claims`.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from diffmem.data.dataset import INLIER, OUTLIER
from diffmem.locations import first_rows, locations
from diffmem.measure.strata import Strata, nearer_to_test, quotient, stratum_of
from diffmem.neighbours.index import Index

SPACING, RADIUS, WIDTH = "log spacing", "radius", "log width"
GENERATED, OPTIMUM = "generated", "optimum"
NEIGHBOUR = 3  # the spacing of a location is the distance to its third neighbour, as one or two may be its own copies
LEAST_POINTS = 20  # generated points in a stratum, for a coefficient of it


@dataclass(frozen=True)
class Surroundings:
    """Surroundings of the locations of one replicate.

    Attributes:
        train_spacing, test_spacing: log spacing of the training locations (m,) and of the held-out locations (m',).
        train_radius, test_radius: radius of these.
    """

    train_spacing: np.ndarray
    test_spacing: np.ndarray
    train_radius: np.ndarray
    test_radius: np.ndarray


def surroundings(*, train: np.ndarray, test: np.ndarray, known: Strata) -> Surroundings:
    """Spacing and radius of distinct training locations (m, d) and held-out locations (m', d)."""
    both, stratum = np.vstack([train, test]), np.concatenate([known.train, known.test])
    distinct = both[first_rows(locations(both))]
    distance = Index(distinct).nearest(both, NEIGHBOUR + 1).distance[:, NEIGHBOUR]
    inliers = both[stratum == INLIER]
    spread = np.where(np.ptp(inliers, axis=0) > 0, inliers.std(0), 1)  # pixels that never vary
    radius = np.linalg.norm((both - inliers.mean(0)) / spread, axis=1)
    m = len(train)
    return Surroundings(np.log(distance[:m]), np.log(distance[m:]), radius[:m], radius[m:])


def coefficients(
    table: np.ndarray, known: Strata, around: Surroundings, *, ratio: float, class_width: float | None = None
) -> pd.DataFrame:
    """Coefficients of the models (2) to (6) for one snapshot.

    Args:
        table: neighbour table (g,) of generated points.
        ratio: r in (1).
        class_width: width of the outliers in (6); None if they are no class of their own.

    Returns:
        model, term and value. A stratum with fewer than ``LEAST_POINTS`` points has no row.
    """
    q, stratum = quotient(table, "matched"), stratum_of(table, known, "matched")
    copied = (q > ratio).astype(float) - (q < 1 / ratio)
    held_out = nearer_to_test(table)
    train, test = table["train_location"][:, 0], table["test_location"]
    spacing = np.where(held_out, around.test_spacing[test], around.train_spacing[train])
    radius = np.where(held_out, around.test_radius[test], around.train_radius[train])
    size = np.bincount(stratum, minlength=len(known.names))
    others = [k for k in range(len(known.names)) if k != INLIER and size[k] >= LEAST_POINTS]
    strata = {known.names[k]: (stratum == k).astype(float) for k in others}
    kept, inlier = np.isin(stratum, [INLIER, *others]), stratum == INLIER
    models = {
        "raw": (strata, kept),
        "adjusted": ({**strata, SPACING: spacing}, kept),
        "radial": ({**strata, SPACING: spacing, RADIUS: radius}, kept),
        "inliers": ({SPACING: spacing}, inlier),
    }
    if class_width and OUTLIER in others:
        models["classes"] = ({WIDTH: np.log(class_width) * (stratum == OUTLIER)}, kept)
    rows = [
        (model, term, value)
        for model, (regressors, points) in models.items()
        if points.sum() >= LEAST_POINTS
        for term, value in _fit(copied, regressors, points).items()
    ]
    return pd.DataFrame(rows, columns=["model", "term", "value"])


def of_replicate(
    generated: np.ndarray,
    optimum: np.ndarray,
    known: Strata,
    around: Surroundings,
    *,
    ratio: float,
    epochs: np.ndarray,
    class_width: float | None = None,
) -> pd.DataFrame:
    """Coefficients of all snapshots ``generated`` (s, g), of ``epochs`` (s,), and of points of the ``optimum`` (c,).

    ``ratio`` and ``class_width`` are those of `coefficients`.

    Returns:
        source, epoch (infinite for the optimum), model, term, value.
    """
    tables = [
        coefficients(rows, known, around, ratio=ratio, class_width=class_width).assign(
            source=GENERATED, epoch=float(epoch)
        )
        for rows, epoch in zip(generated, epochs, strict=True)
    ]
    ceiling = coefficients(optimum, known, around, ratio=ratio, class_width=class_width)
    ceiling = ceiling.assign(source=OPTIMUM, epoch=np.inf)
    return pd.concat([*tables, ceiling], ignore_index=True)


def _fit(values: np.ndarray, regressors: dict[str, np.ndarray], points: np.ndarray) -> dict[str, float]:
    """Coefficients of ``values`` on the ``regressors`` and a constant, by least squares over the chosen ``points``."""
    design = np.column_stack([np.ones(points.sum()), *(column[points] for column in regressors.values())])
    found = np.linalg.lstsq(design, values[points], rcond=None)[0]
    return dict(zip(regressors, found[1:].tolist(), strict=True))
