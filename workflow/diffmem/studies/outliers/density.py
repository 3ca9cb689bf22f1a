r"""Are outliers copied less because they lie outside, or because they lie close together?

Of a generated point with q = d_test / d_train (matched test set) and a ratio r, let

    s = [q > r] - [q < 1/r],                                                                           (1)

so that the mean of s over the points of a stratum is its net copied fraction. The point takes stratum, spacing and
radius from its nearest location among training and held-out points together:

    spacing    distance from that location to its third nearest location of either set
    radius     distance of that location from the mean of the inliers, in their standard deviations

In every replicate and at every snapshot, four models are fitted by least squares to all generated points:

    raw         s = a + sum_k c_k [stratum k]                                                          (2)
    adjusted    s = a + sum_k c_k [stratum k] + b log(spacing)                                         (3)
    radial      s = a + sum_k c_k [stratum k] + b log(spacing) + e radius                              (4)
    inliers     s = a + b log(spacing), over the points of inliers alone                               (5)

The c_k are differences from inliers. If training and held-out points swap places, s changes its sign and the regressors
do not. The mean of every coefficient is therefore zero for a generator that does not know which half it was trained on.
Replicates are the unit: a coefficient has one value per replicate, and its interval is Student's t over these.

The same models are fitted to points of the closed-form optimum, which copies all locations equally often. Where the
spacing is not much larger than the sampler's last noise level, its copies are blurred, and crowded ones most. If the
optimum has a slope too, that slope shows the resolution of the sampler and says nothing about training.

Claims, at the last snapshot (-end) and as a mean over log epochs (`claims.over_training`):

    D1    copying rises with local spacing: b > 0 in (3)
    D2    outliers are copied less than inliers of equal spacing: c_outlier < 0 in (3)
    D3    copying rises with local spacing among inliers alone: b > 0 in (5)
    D4    points near the centre are copied more than others of equal spacing: e < 0 in (4)

D2 is the claim "outliers are memorized last" with density taken out. If O1 holds and D2 does not, density explains it.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from diffmem.data.dataset import INLIER
from diffmem.locations import first_rows, locations
from diffmem.measure.intervals import over_replicates
from diffmem.measure.strata import Strata, nearer_to_test, quotient, stratum_of
from diffmem.neighbours.index import Index
from diffmem.studies.claims import NEGATIVE, POSITIVE, Claim, Region, judge_mean, tabulate
from diffmem.studies.outliers.claims import over_training

SPACING, RADIUS = "log spacing", "radius"
GENERATED, OPTIMUM = "generated", "optimum"
PER = {SPACING: " per e-fold of spacing", RADIUS: " per standard deviation of distance from the centre"}
NEIGHBOUR = 3  # the spacing of a location is the distance to its third neighbour, as one or two may be its own copies
LEAST_POINTS = 20  # generated points in a stratum, for a coefficient of it
KEY = ["study", "cell", "source", "epoch", "model", "term"]


@dataclass(frozen=True)
class Surroundings:
    """Log spacing and radius of the training locations (m,) and the held-out locations (m',) of one replicate."""

    train_spacing: np.ndarray
    test_spacing: np.ndarray
    train_radius: np.ndarray
    test_radius: np.ndarray


@dataclass(frozen=True)
class Question:
    """A claim about one coefficient."""

    claim: str
    model: str
    term: str
    region: Region
    statement: str
    paper: str | None = None


QUESTIONS = (
    Question(
        "D1",
        "adjusted",
        SPACING,
        POSITIVE,
        "isolated points are copied more than crowded ones",
        "low coverage is copied more (arXiv 2606.14390); typical points come first (2605.30642)",
    ),
    Question("D2", "adjusted", "outlier", NEGATIVE, "outliers are copied less than inliers of equal spacing"),
    Question("D3", "inliers", SPACING, POSITIVE, "among inliers, isolated points are copied more than crowded ones"),
    Question(
        "D4",
        "radial",
        RADIUS,
        NEGATIVE,
        "points near the centre are copied more than others of equal spacing",
        "prototypes are memorized first (arXiv 2605.30642)",
    ),
)


def surroundings(*, train: np.ndarray, test: np.ndarray, known: Strata) -> Surroundings:
    """Spacing and radius of distinct training locations (m, d) and held-out locations (m', d)."""
    both = np.vstack([train, test])
    distinct = both[first_rows(locations(both))]
    distance = Index(distinct).nearest(both, NEIGHBOUR + 1).distance[:, NEIGHBOUR]
    inliers = np.vstack([train[known.train == INLIER], test[known.test == INLIER]])
    spread = np.where(inliers.std(0) > 0, inliers.std(0), 1)  # pixels that never vary
    radius = np.linalg.norm((both - inliers.mean(0)) / spread, axis=1)
    m = len(train)
    return Surroundings(np.log(distance[:m]), np.log(distance[m:]), radius[:m], radius[m:])


def coefficients(table: np.ndarray, known: Strata, around: Surroundings, *, ratio: float) -> pd.DataFrame:
    """Coefficients of the models (2) to (5) for one snapshot.

    Args:
        table: neighbour table (g,) of generated points.
        ratio: r in (1).

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
    rows = [
        (model, term, value)
        for model, (regressors, points) in models.items()
        if points.sum() >= LEAST_POINTS
        for term, value in _fit(copied, regressors, points).items()
    ]
    return pd.DataFrame(rows, columns=["model", "term", "value"])


def of_replicate(
    generated: np.ndarray, optimum: np.ndarray, known: Strata, around: Surroundings, *, ratio: float, epochs: np.ndarray
) -> pd.DataFrame:
    """Coefficients of all snapshots ``generated`` (s, g), of ``epochs`` (s,), and of points of the ``optimum`` (c,).

    Returns:
        source, epoch (infinite for the optimum), model, term, value.
    """
    tables = [
        coefficients(rows, known, around, ratio=ratio).assign(source=GENERATED, epoch=float(epoch))
        for rows, epoch in zip(generated, epochs, strict=True)
    ]
    ceiling = coefficients(optimum, known, around, ratio=ratio).assign(source=OPTIMUM, epoch=np.inf)
    return pd.concat([*tables, ceiling], ignore_index=True)


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Mean and 95 % interval over replicates of every coefficient: the columns ``KEY``, mean, low, high, replicates."""
    return over_replicates(table, by=KEY, value="value")


def claims(table: pd.DataFrame, *, settings: dict[str, str]) -> pd.DataFrame:
    """D1 to D4, over training and at its end, one row each per cell, with the columns of `studies.claims`.

    Args:
        table: rows of ``of_replicate`` with study, cell and replicate.
        settings: cell -> the settings it holds for, in words.
    """
    generated = table[table["source"] == GENERATED]
    rows = [
        replace(claim, study=study, cell=cell, holds_for=settings[cell])
        for (study, cell), rows_of_cell in generated.groupby(["study", "cell"], sort=False)
        for question in QUESTIONS
        for claim in _answers(question, rows_of_cell)
    ]
    return tabulate(rows)


def _answers(question: Question, table: pd.DataFrame) -> list[Claim]:
    """The rows of a question in one cell, over training and at its end; none where the coefficient is missing."""
    chosen = table[(table["model"] == question.model) & (table["term"] == question.term)]
    alone = set(table["term"]) <= {SPACING, RADIUS}  # there are inliers only, and (3) and (5) are one
    if chosen.empty or (alone and question.model == "inliers"):
        return []
    curves = chosen.pivot(index="replicate", columns="epoch", values="value").sort_index(axis=1)
    summaries = {"": (over_training(curves), "over training"), "-end": (curves.iloc[:, -1], "at the end")}
    return [
        Claim(
            claim=question.claim + suffix,
            statement=f"{question.statement}, {when}",
            unit=f"net copied fraction{PER.get(question.term, '')}",
            cell="",
            reference="matched",
            finding=judge_mean(values.to_numpy(), question.region),
            figure="density",
            paper=question.paper,
        )
        for suffix, (values, when) in summaries.items()
    ]


def _fit(values: np.ndarray, regressors: dict[str, np.ndarray], points: np.ndarray) -> dict[str, float]:
    """Coefficients of ``values`` on the ``regressors`` and a constant, by least squares over the chosen ``points``."""
    design = np.column_stack([np.ones(points.sum()), *(column[points] for column in regressors.values())])
    found = np.linalg.lstsq(design, values[points], rcond=None)[0]
    return dict(zip(regressors, found[1:].tolist(), strict=True))
