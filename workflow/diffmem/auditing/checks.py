"""What must hold before a distance means anything: units, columns, shared rows, repeats. Refusals and warnings.

*Far from both.* With D(x) the distance of x to its nearest training item and D'(x) to its nearest held-out item,
samples are in other units (or are noise) if nearly all of them have min(D, D') above the 99 % quantile of D over
held-out items.

They are in other units as well if all their values are small beside those of the training items. In images that
are mostly black such samples are near the training items that are blackest, and not far from them.

*Columns in another order.* Let c_ij be the mean distance between the quantiles of generated column i and training
column j, in standard deviations of the training column. Where the best assignment of columns (Hungarian method) fits
far better than the given order, the columns were exchanged. Columns of equal distribution cannot be told apart.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from diffmem.data.items import AuditError, Items
from diffmem.locations import locations

FAR_SHARE, FAR_QUANTILE = 0.95, 0.99
SHARED = 0.1  # of the training or of the held-out items; above it no number is given
UNEQUAL = 1.25  # sizes of training and held-out set over each other, from which on coincident rows bias the share
REPEATED = 0.01  # share of rows of a set that repeat an earlier one, above which it is said
COLUMNS = 512  # more are not compared one by one
MISFIT, BETTER = 0.25, 0.5  # in standard deviations; best assignment over the given order
VALUES = 2**23  # coordinates converted at once
COLLAPSED = 0.05  # spread of the samples over that of the training items
SMALL = 0.05  # largest absolute value of the samples over that of the training items


@dataclass(frozen=True)
class Shared:
    """Rows that several sets have in common, by location (exact copies are one).

    Attributes:
        train, test: which rows of the training and of the held-out set are in that set only, and the first of their
            kind in it: booleans of shape (n,) and (n',).
        location: location of every training row and then of every held-out row, of shape (n + n',).
        overlap: number of held-out rows that are training rows, too.
        lost: set -> share of its rows that are in the other set, too, "training" and "held-out".
        repeats: set -> share of its rows that repeat an earlier one.
    """

    train: np.ndarray
    test: np.ndarray
    location: np.ndarray
    overlap: int
    lost: dict[str, float]
    repeats: dict[str, float]


def shared(
    *,
    train: np.ndarray,
    test: np.ndarray,
    generated: np.ndarray,
    locate: Callable[[np.ndarray], np.ndarray] = locations,
) -> Shared:
    """Compare the rows of points (n, d), (n', d) and (g, d); ``locate`` gives the location of training and held-out."""
    both = locate(np.vstack([train, test]))
    common = np.intersect1d(both[: len(train)], both[len(train) :])
    single = ~np.isin(both, common)
    first = np.zeros(len(both), dtype=bool)
    first[np.unique(both[: len(train)], return_index=True)[1]] = True
    first[len(train) + np.unique(both[len(train) :], return_index=True)[1]] = True
    alone = single & first
    sets = {"train": train, "test": test, "generated": generated}
    repeats = {name: 1 - len(np.unique(locations(points))) / len(points) for name, points in sets.items()}
    overlap = int(np.count_nonzero(~single[len(train) :]))
    lost = {"training": float(np.mean(~single[: len(train)])), "held-out": overlap / len(test)}
    return Shared(alone[: len(train)], alone[len(train) :], both, overlap, lost, repeats)


def refuse_other_units(
    *, nearest: np.ndarray, held_out: np.ndarray, train: np.ndarray, generated: np.ndarray
) -> list[str]:
    """Refuse samples that lie far from both sets, and warn of samples that are nearly one point.

    Args:
        nearest: min(D, D') of every sample, of shape (g,).
        held_out: D of every held-out item, of shape (n',).
        train, generated: points, for their ranges.

    Raises:
        AuditError: if nearly all samples are far from both.
    """
    far = float(np.mean(nearest > np.quantile(held_out, FAR_QUANTILE)))
    if far >= FAR_SHARE:
        raise AuditError(
            f"generated: {far:.0%} of the samples are farther from both sets than nearly every held-out item is from "
            f"the training items {_remedy(train, generated)}"
        )
    own, given = (by_columns(lambda part: part.std(0), points).max() for points in (generated, train))
    if own < COLLAPSED * given:
        return [
            f"The samples are nearly one point: their spread is {own / given:.2g} times that of the training items."
        ]
    return []


def refuse_small(sets: dict[str, Items], *, accept: Sequence[str]) -> dict[str, Items]:
    """The ``sets``, with a note where all values are small beside those of the training items and "far" is accepted.

    Raises:
        AuditError: if so, and it is not accepted.
    """
    largest = {name: max(-float(items.values.min()), float(items.values.max())) for name, items in sets.items()}
    found = dict(sets)
    for name in (name for name in sets if largest[name] < SMALL * largest["train"]):
        remedy = _remedy(sets["train"].values, sets[name].values)
        sentence = f"{name}: all values are small beside those of the training items {remedy}"
        if "far" not in accept:
            raise AuditError(sentence)
        found[name] = replace(sets[name], notes=(*sets[name].notes, f"Accepted: {sentence}"))
    return found


def _remedy(train: np.ndarray, other: np.ndarray) -> str:
    """The ranges of two sets whose units seem to differ, and what to do about it."""
    ranges = f"from {train.min():.4g} to {train.max():.4g}, these from {other.min():.4g} to {other.max():.4g}"
    return (
        f"(training items lie {ranges}): bring all sets to the same units and order, or, if the samples are as bad as "
        "that, accept it with 'far' (--accept far)"
    )


def refuse_other_order(*, train: np.ndarray, other: np.ndarray, name: str) -> None:
    """Refuse a set ``other`` (n, d) whose columns fit those of ``train`` far better in another order.

    Raises:
        AuditError: if so.
    """
    d = train.shape[1]
    if not 1 < d <= COLUMNS:
        return
    levels = np.linspace(0.05, 0.95, 19)
    sd = by_columns(lambda part: np.where(np.ptp(part, axis=0) > 0, part.std(0), 1), train)
    quantiles = (by_columns(lambda part: np.quantile(part, levels, axis=0), points) for points in (train, other))
    ours, theirs = (found.T / sd[:, None] for found in quantiles)
    cost = np.abs(theirs[:, None] - ours[None]).mean(-1) if d <= 128 else _in_rows(theirs, ours)
    rows, columns = linear_sum_assignment(cost)
    given, best = np.mean(np.diag(cost)), cost[rows, columns].mean()
    if given > MISFIT and best < BETTER * given:
        moved = int(rows[rows != columns][0])
        raise AuditError(
            f"{name}: its columns fit those of the training set in another order (column {moved} looks like column "
            f"{columns[moved]} of the training set); bring them to the same order, or accept it with 'order'"
        )


def constant(train: np.ndarray, generated: np.ndarray) -> list[str]:
    """A warning where a feature is constant in one set and not in the other."""
    still = np.ptp(train, axis=0) == 0
    moving = still & (np.ptp(generated, axis=0) > 0)
    if not moving.any():
        return []
    count = int(moving.sum())
    who, vary = ("A feature is", "varies") if count == 1 else (f"{count} features are", "vary")
    said = f"{who} constant in the training set and {vary}"
    return [f"{said} in the samples; in images, noise in pixels that are blank in training does this and is harmless."]


def too_few(table: pd.DataFrame, *, train: int, test: int) -> list[str]:
    """A warning of ratios at which no share of copies could be found, as there are few held-out items.

    Args:
        table: a row per ratio, as from ``measure.auditing``.
        train, test: numbers of training and of held-out items.
    """
    blind = table["ratio"][table["detectable"] >= 1]
    if 2 * test > train or not len(blind):
        return []
    ratios = ", ".join(f"{ratio:g}" for ratio in blind)
    return [
        f"{test:,} held-out items beside {train:,} training items are too few for r = {ratios}: not even samples that "
        "are all copies would be found reliably."
    ]


def warnings_of(found: Shared, *, sizes: dict[str, int], equal: bool, versions: bool = False) -> list[str]:
    """Sentences on shared and repeated rows.

    ``equal`` says whether the samples are the training set itself, ``versions`` whether items count as one with their
    versions.
    """
    said = []
    if equal:
        said.append("The generated file is the training set: every sample is a training item.")
    if found.overlap:
        both = f"{found.overlap} of {sizes['test']} held-out items are training items, too"
        said.append(f"{both}{', or versions of them' if versions else ''}; they are left out of both.")
    more = max(sizes["train"], sizes["test"]) / min(sizes["train"], sizes["test"])
    if more > UNEQUAL and (found.overlap or found.repeats["test"] > REPEATED):
        said.append(
            f"Rows coincide, and one set has {more:.3g} times as many items as the other: the net copied fraction may "
            "be too high, since places that repeat count once in each set. Give sets of the same size."
        )
    for name, share in found.repeats.items():
        if share > REPEATED:
            said.append(f"{share:.1%} of the rows of {name} repeat an earlier row exactly.")
    return said


def _in_rows(theirs: np.ndarray, ours: np.ndarray) -> np.ndarray:
    """The matrix of mean distances, row by row, where all at once would not fit into memory."""
    return np.stack([np.abs(row - ours).mean(-1) for row in theirs])


def by_columns(of: Callable[[np.ndarray], np.ndarray], points: np.ndarray) -> np.ndarray:
    """What ``of`` gives for columns of ``points`` (n, d) in float64, so many at once that they fit into memory."""
    width = max(2, VALUES // len(points))
    parts = (points[:, start : start + width].astype(np.float64) for start in range(0, points.shape[1], width))
    return np.concatenate([of(part) for part in parts], axis=-1)
