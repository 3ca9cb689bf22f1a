"""Strata of one replicate's locations and generated points, and the tidy table that measures by stratum end in."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from diffmem.locations import first_rows

ALL = "all"  # the stratum of everything
# what ``strata`` is made from, as the data file names it
KNOWN = ("train_stratum", "train_location", "train_plain", "test_stratum", "test_location", "test_plain")


@dataclass(frozen=True)
class Strata:
    """What is known of the locations of one replicate.

    Attributes:
        names: of the k strata, in the order of their codes.
        train, test: stratum code of every location, of shape (m,) and (m',).
        rows: training rows per stratum, copies counted, of shape (k,).
        plain: number of plain locations, in the training and in the test set.
    """

    names: tuple[str, ...]
    train: np.ndarray
    test: np.ndarray
    rows: np.ndarray
    plain: tuple[int, int]

    def rho(self, reference: str) -> float:
        """Training locations over test locations; against the plain test set, plain ones over plain ones."""
        return len(self.train) / len(self.test) if reference == "matched" else self.plain[0] / self.plain[1]


def strata(
    names: tuple[str, ...],
    *,
    train_stratum: np.ndarray,
    train_location: np.ndarray,
    train_plain: np.ndarray,
    test_stratum: np.ndarray,
    test_location: np.ndarray,
    test_plain: np.ndarray,
) -> Strata:
    """Strata of the locations, from stratum and location of every row of one replicate."""
    train_rows, test_rows = first_rows(train_location), first_rows(test_location)
    return Strata(
        names=names,
        train=train_stratum[train_rows],
        test=test_stratum[test_rows],
        rows=np.bincount(train_stratum, minlength=len(names)),
        plain=(int(train_plain[train_rows].sum()), int(test_plain[test_rows].sum())),
    )


def stratum_of(table: np.ndarray, known: Strata, reference: str) -> np.ndarray:
    """Stratum code of every row of a neighbour table."""
    own = known.train[table["train_location"][..., 0]]
    if reference == "plain":
        return own
    held_out = table["test_distance"] < table["train_distance"][..., 0]
    return np.where(held_out, known.test[table["test_location"]], own)


def quotient(table: np.ndarray, reference: str) -> np.ndarray:
    """q = d_test / d_train of every row; infinite on a training point, 1 where both distances are zero."""
    train = table["train_distance"][..., 0].astype(float)
    test = table["plain_distance" if reference == "plain" else "test_distance"].astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((train == 0) & (test == 0), 1.0, test / train)


def divide(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a / b, missing where b is zero."""
    return np.divide(a, b, out=np.full(np.broadcast_shapes(a.shape, b.shape), np.nan), where=b > 0)


def with_all(counts: np.ndarray) -> np.ndarray:
    """Append the sum over strata as a last row."""
    return np.vstack([counts, counts.sum(0)])


def tidy(columns: dict[str, np.ndarray], *, strata: tuple[str, ...], thresholds: np.ndarray) -> pd.DataFrame:
    """One row per snapshot, stratum and threshold, from ``columns`` of shape (s, k, t), or (k, t) for all snapshots."""
    shape = columns["value"].shape
    snapshot, stratum, threshold = np.indices(shape).reshape(3, -1)
    names = {"snapshot": snapshot, "stratum": pd.Categorical.from_codes(stratum, list(strata))}
    values = {name: np.broadcast_to(column, shape).ravel() for name, column in columns.items()}
    return pd.DataFrame({**names, "threshold": thresholds[threshold], **values})
