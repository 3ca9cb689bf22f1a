r"""Rates of the published criteria (2) and (4) to (6) of `criteria`, by stratum, from one replicate's neighbour table.

    third           share of points with d_1 / d_2 < 1/3
    authenticity    share of points with d_1 <= e: the inauthentic ones
    discoveries     share of points that are discoveries (Benjamini and Hochberg) at a false discovery rate of 5 %
    rank            Z of the rank test, for all points together

A point is assigned to a stratum as in `rates`. The first rate has a chance level by formula, 3^-m. The chance levels of
the others are measured on fresh points. Criterion (3) needs fifty neighbours, which the table does not hold. It is
computed in `permutation`, for selected snapshots.
"""

from dataclasses import dataclass

import numpy as np

from diffmem.measure.criteria import ONE_THIRD, authenticity, discoveries, p_value, rank_z, second
from diffmem.measure.strata import Strata, divide, quotient, stratum_of, with_all

FALSE_DISCOVERIES = 0.05
THRESHOLDS = {"third": ONE_THIRD, "authenticity": 1.0, "discoveries": FALSE_DISCOVERIES, "rank": np.nan}

Measures = dict[tuple[str, str], tuple[np.ndarray, np.ndarray]]  # (criterion, normalisation) -> value and count


@dataclass(frozen=True)
class Surroundings:
    """What the criteria need in addition to the neighbour table.

    Attributes:
        spacing: distance from every training location to the nearest other one, of shape (m,).
        held_out: distance from every held-out row to the nearest training location, of shape (n',).
        dimension: local dimension of the data.
    """

    spacing: np.ndarray
    held_out: np.ndarray
    dimension: float


def measure_criteria(table: np.ndarray, *, known: Strata, reference: str, near: Surroundings) -> Measures:
    """Rates and counts of the criteria, from one neighbour table.

    Args:
        table: neighbour table of shape (g,).
        known: the k strata of the locations.
        reference: test set against which points are judged, plain or matched.
        near: distances around the locations, and the dimension.

    Returns:
        (criterion, normalisation) -> value and count, each of shape (k + 1, 1), the last row for all points.
    """
    k = len(known.names)
    code = stratum_of(table, known, reference)
    size = with_all(np.bincount(code, minlength=k)[:, None])
    nearest, q = table["train_distance"][:, 0], quotient(table, reference)
    p = p_value(q, dimension=near.dimension, rho=known.rho(reference))
    called = {
        "third": second(table["train_distance"]) < ONE_THIRD,
        "authenticity": authenticity(nearest, near.spacing[table["train_location"][:, 0]]) <= 1,
        "discoveries": discoveries(p, rate=FALSE_DISCOVERIES),
    }
    counts = {name: with_all(np.bincount(code[copies], minlength=k)[:, None]) for name, copies in called.items()}
    shares = {(name, "stratum"): (divide(count, size), count) for name, count in counts.items()}
    z = np.full(size.shape, np.nan)
    z[-1] = rank_z(generated=nearest, held_out=near.held_out)
    return {**shares, ("rank", "generated"): (z, size)}
