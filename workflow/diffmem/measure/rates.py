r"""Rates of one replicate, per snapshot and stratum, from its neighbour table.

With q = d_test / d_train of a generated point and a ratio r:

    raw fraction           share of points with q > r                (the paper's "memorized")          (1)
    net copied fraction    A_r = share with q > r  -  share with q < 1/r                                (2)
    mass                   share of the points that fall to a stratum                                   (3)

Swapping training and test points turns A_r into -A_r. Its mean is therefore exactly zero for any generator that does
not know which half it was trained on, however good or bad its samples, when both halves have as many locations; and it
is the copied share for one that copies that share and otherwise draws from the truth.

A point falls to the stratum of its nearest training location against the *plain* test set (as in the paper), and to
that of its nearest location in either set against the *matched* one, which keeps (2) antisymmetric in every stratum.

Normalisations: ``generated`` divides by all generated points (as the paper does), ``stratum`` by those that fall to the
stratum, ``location`` counts a stratum's training locations that at least one generated point reproduces and
divides by their number, ``training`` divides a share of mass by the stratum's share of the training rows.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from diffmem.measure.chance import chance, local_dimension
from diffmem.points import first_rows

REFERENCES = ("plain", "matched")
ALL = "all"  # the stratum of everything
LONE = ("outlier", "near-duplicate")  # strata with locations that have no counterpart in the plain test set
CROWDED = "near-duplicate"  # the stratum whose locations do not lie as the others do, but in clumps


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


def rates(
    table: np.ndarray, fresh: np.ndarray, known: Strata, *, ratios: list[float], references: list[str]
) -> pd.DataFrame:
    """All rates of one replicate.

    Args:
        table: neighbour table of shape (s, g), snapshot first.
        fresh: neighbour table (f,) of fresh points of the true distribution.
        ratios: the thresholds r, ascending.
        references: which of ``REFERENCES`` to judge against.

    Returns:
        tidy table with the columns snapshot, stratum, reference, criterion, threshold, normalisation, value, count (of
        generated points or locations), floor (the same on the fresh points) and chance (the formula of
        ``chance``, for raw and net fractions within a stratum; missing where it does not apply).
    """
    ratios = np.asarray(ratios, dtype=float)
    around = np.array(known.names)[known.train[fresh["train_location"]]]
    dimension = local_dimension(fresh["train_distance"][(around != CROWDED).all(1)])
    parts = []
    for reference in references:
        floors = _measures(fresh, known, ratios, reference)
        snapshots = [_measures(points, known, ratios, reference) for points in table]
        for key, (floor, _) in floors.items():
            criterion, normalisation = key
            if normalisation == "location" and len(fresh) != table.shape[1]:
                floor = np.full_like(floor, np.nan)  # the number of locations hit depends on how many points try
            parts.append(
                _tidy(
                    value=np.stack([s[key][0] for s in snapshots]),
                    count=np.stack([s[key][1] for s in snapshots]),
                    floor=floor,
                    chance=_chance(key, ratios, dimension, known, reference, floor.shape),
                    strata=(*known.names, ALL),
                    thresholds=ratios if criterion != "mass" else np.array([np.nan]),
                ).assign(reference=reference, criterion=criterion, normalisation=normalisation)
            )
    frame = pd.concat(parts, ignore_index=True)
    present = [name for name, rows in zip(known.names, known.rows, strict=True) if rows]
    return frame[frame["stratum"].isin([*present, ALL])].reset_index(drop=True)


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


def _measures(table: np.ndarray, known: Strata, ratios: np.ndarray, reference: str) -> dict:
    """(criterion, normalisation) -> value and count, each of shape (strata + all, thresholds)."""
    k, g = len(known.names), len(table)
    code, q = stratum_of(table, known, reference), quotient(table, reference)
    size = _with_all(np.bincount(code, minlength=k)[:, None])
    up, down = _above(q, code, ratios, k), _above(_inverse(q), code, ratios, k)
    hit = _above(*_best(q, table["train_location"][:, 0], known.train), ratios, k)
    locations = _with_all(np.bincount(known.train, minlength=k)[:, None])
    share = _with_all(known.rows[:, None]) / known.rows.sum()
    return {
        ("raw", "generated"): (up / g, up),
        ("raw", "stratum"): (_divide(up, size), up),
        ("raw", "location"): (_divide(hit, locations), hit),
        ("net", "generated"): ((up - down) / g, up - down),
        ("net", "stratum"): (_divide(up - down, size), up - down),
        ("mass", "generated"): (size / g, size),
        ("mass", "training"): (_divide(size / g, share), size),
    }


def _above(q: np.ndarray, code: np.ndarray, ratios: np.ndarray, k: int) -> np.ndarray:
    """How many of each stratum have q > r, all ratios in one pass: shape (k + 1, ratios), the last row all strata."""
    passed = np.searchsorted(ratios, q, side="left")  # number of ratios strictly below q
    width = len(ratios) + 1
    histogram = np.bincount(code * width + passed, minlength=k * width).reshape(k, width)
    return _with_all(histogram[:, ::-1].cumsum(1)[:, ::-1][:, 1:])


def _best(q: np.ndarray, location: np.ndarray, stratum: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Largest q among the points that have a location as their nearest, and the stratum, for every location."""
    best = np.zeros(len(stratum))
    np.maximum.at(best, location, q)
    return best, stratum


def _inverse(q: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return 1 / q


def _divide(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a / b, missing where b is zero."""
    return np.divide(a, b, out=np.full(np.broadcast_shapes(a.shape, b.shape), np.nan), where=b > 0)


def _with_all(counts: np.ndarray) -> np.ndarray:
    """Append the sum over strata as a last row."""
    return np.vstack([counts, counts.sum(0)])


def _chance(key, ratios, dimension: float, known: Strata, reference: str, shape: tuple[int, ...]) -> np.ndarray:
    """The formula within strata; missing for what has no counterpart in the test set and for a sum that contains it."""
    criterion, normalisation = key
    if criterion == "mass" or normalisation != "stratum":
        return np.full(shape, np.nan)
    rho = known.rho(reference)
    level = chance(ratios, dimension=dimension, rho=rho)
    if criterion == "net":
        level = level - chance(ratios, dimension=dimension, rho=1 / rho)
    level = np.tile(level, (shape[0], 1))
    if reference == "plain":
        lone = np.isin(known.names, LONE)
        level[np.append(lone, (lone & (known.rows > 0)).any())] = np.nan
    return level


def _tidy(*, value, count, floor, chance, strata: tuple[str, ...], thresholds: np.ndarray) -> pd.DataFrame:
    """One row per snapshot, stratum and threshold: ``value``, ``count`` (s, k, t), ``floor``, ``chance`` (k, t)."""
    s, k, t = value.shape
    snapshot, stratum, threshold = np.indices((s, k, t)).reshape(3, -1)
    return pd.DataFrame(
        {
            "snapshot": snapshot,
            "stratum": pd.Categorical.from_codes(stratum, list(strata)),
            "threshold": thresholds[threshold],
            "value": value.ravel(),
            "count": count.ravel(),
            "floor": np.broadcast_to(floor, value.shape).ravel(),
            "chance": np.broadcast_to(chance, value.shape).ravel(),
        }
    )
