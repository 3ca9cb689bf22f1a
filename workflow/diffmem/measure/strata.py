"""Strata of one replicate's locations and generated points, and the table of the rates by stratum."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from diffmem.locations import first_rows

ALL = "all"  # name of the union of all strata
# arguments of ``strata``, as they are called in the data file
KNOWN = ("train_stratum", "train_location", "train_plain", "test_stratum", "test_location", "test_plain")


@dataclass(frozen=True)
class Strata:
    """The strata of the locations of one replicate.

    Attributes:
        names: names of the k strata, in the order of their codes.
        train, test: stratum code of every training and of every test location, of shape (m,) and (m',).
        rows: number of training rows of every stratum, with duplicates, of shape (k,).
        plain: number of plain locations in the training set and in the test set.
    """

    names: tuple[str, ...]
    train: np.ndarray
    test: np.ndarray
    rows: np.ndarray
    plain: tuple[int, int]

    def rho(self, reference: str) -> float:
        """Number of training locations over number of test locations; for the plain test set, of plain locations."""
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
    """Strata of the locations of one replicate.

    Args:
        names: names of the strata, in the order of their codes.
        train_stratum, train_location, train_plain: stratum code and location of every training row, and whether it is
            plain, each of shape (n,).
        test_stratum, test_location, test_plain: the same of every test row, each of shape (n',).
    """
    train_rows, test_rows = first_rows(train_location), first_rows(test_location)
    return Strata(
        names=names,
        train=train_stratum[train_rows],
        test=test_stratum[test_rows],
        rows=np.bincount(train_stratum, minlength=len(names)),
        plain=(int(train_plain[train_rows].sum()), int(test_plain[test_rows].sum())),
    )


def stratum_of(table: np.ndarray, known: Strata, reference: str) -> np.ndarray:
    """Stratum code of every row of a neighbour ``table`` of any shape, of the same shape.

    With the ``reference`` plain it is that of the nearest training location, else that of the nearest location of
    either set.
    """
    own = known.train[table["train_location"][..., 0]]
    if reference == "plain":
        return own
    return np.where(nearer_to_test(table), known.test[table["test_location"]], own)


def nearer_to_test(table: np.ndarray) -> np.ndarray:
    """Whether a location of the matched test set is nearer than all training locations: of the shape of ``table``."""
    return table["test_distance"] < table["train_distance"][..., 0]


def quotient(table: np.ndarray, reference: str) -> np.ndarray:
    """q = d_test / d_train of every row, of the shape of ``table``; infinite if d_train is 0, and 1 if both are 0.

    The ``reference`` is the test set: plain or matched.
    """
    train = table["train_distance"][..., 0].astype(float)
    test = table["plain_distance" if reference == "plain" else "test_distance"].astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((train == 0) & (test == 0), 1.0, test / train)


def divide(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a / b, broadcast; NaN where b is zero."""
    return np.divide(a, b, out=np.full(np.broadcast_shapes(a.shape, b.shape), np.nan), where=b > 0)


def with_all(counts: np.ndarray) -> np.ndarray:
    """Append the sum of ``counts`` (k, t) over strata as a last row: shape (k + 1, t)."""
    return np.vstack([counts, counts.sum(0)])


def tidy(columns: dict[str, np.ndarray], *, strata: tuple[str, ...], thresholds: np.ndarray) -> pd.DataFrame:
    """A table with one row per snapshot, stratum and threshold.

    Args:
        columns: arrays of shape (s, k, t), or (k, t) if they are the same for all snapshots. ``value`` is of shape
            (s, k, t).
        strata: names of the k strata.
        thresholds: of shape (t,).

    Returns:
        a table with the columns snapshot, stratum, threshold and those of ``columns``.
    """
    shape = columns["value"].shape
    snapshot, stratum, threshold = np.indices(shape).reshape(3, -1)
    names = {"snapshot": snapshot, "stratum": pd.Categorical.from_codes(stratum, list(strata))}
    values = {name: np.broadcast_to(column, shape).ravel() for name, column in columns.items()}
    return pd.DataFrame({**names, "threshold": thresholds[threshold], **values})
