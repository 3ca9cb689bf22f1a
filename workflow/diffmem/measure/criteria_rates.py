r"""What other criteria say of one replicate's neighbour table by stratum, as shares: `criteria` (2), (4) to (6).

    third           share of points with d_1 / d_2 < 1/3
    authenticity    share of points with d_1 <= e: the inauthentic ones
    discoveries     share of points on the list of Benjamini and Hochberg at a rate of 5 %
    rank            Z of the rank test, of all points together

A point falls to a stratum as in `rates`. The formula knows the chance level of the first only, 3^-m; of the others the
fresh points tell it. (3) needs fifty neighbours, which the table does not hold: `pool` has them, at chosen snapshots.
"""

from dataclasses import dataclass

import numpy as np

from diffmem.measure.criteria import ONE_THIRD, authenticity, discoveries, p_value, rank_z, second
from diffmem.measure.strata import Strata, divide, quotient, stratum_of, with_all

FALSE_DISCOVERIES = 0.05
THRESHOLDS = {"third": ONE_THIRD, "authenticity": 1.0, "discoveries": FALSE_DISCOVERIES, "rank": np.nan}


@dataclass(frozen=True)
class Surroundings:
    """What the criteria need to know beside the table.

    Attributes:
        spacing: distance from every training location to the nearest other one, of shape (m,).
        held_out: distance from every held-out row to the nearest training location, of shape (n',).
        dimension: local dimension m.
    """

    spacing: np.ndarray
    held_out: np.ndarray
    dimension: float


def others(table: np.ndarray, *, known: Strata, reference: str, near: Surroundings) -> dict:
    """(criterion, normalisation) -> value and count, each of shape (strata + all, 1), of a ``table`` (g,)."""
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
