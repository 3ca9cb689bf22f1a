r"""Recall of an approximate backend, measured on a sample of the points for which it was used.

    recall = share of points for which the exact search finds no smaller distance                      (1)

It is measured for each distance of the neighbour table: to the nearest and the second-nearest training location
(``train``, ``second``), and to the nearest plain and matched test location (``plain``, ``matched``). Another location
at the same distance as the nearest one is not an error. A wrong distance is always too large. If all points are in the
sample, the error (approximate minus exact) of a share of all points is therefore limited by

    raw fraction                         in  [-(1 - train), 1 - test]                                  (2)
    net copied fraction                  in  [-2 (1 - train), 2 (1 - test)]                            (3)
    share with d_1 / d_2 < h             in  [-(1 - second), 1 - second]                               (4)

where ``test`` is the recall of the test set that is used. A missed training location can only remove a copy, or change
the score of a point from +1 to -1; a missed test location has the opposite effect. d_1 is wrong only where d_2 is.
"""

import numpy as np
import pandas as pd

from diffmem.neighbours.table import References, tabulate

REFERENCES = ("train", "second", "plain", "matched")


def recall(table: np.ndarray, exact: np.ndarray) -> dict[str, float]:
    """Equation (1) of the neighbour table ``table`` (g,) against the ``exact`` table (g,) of the same points.

    Returns:
        a share per name in ``REFERENCES``.
    """
    found, true = _columns(table), _columns(exact)
    return {name: float(np.mean(found[name] <= true[name])) for name in REFERENCES}


def measured(
    points: np.ndarray, table: np.ndarray, to: References, *, queries: int, rng: np.random.Generator
) -> dict[str, float]:
    """Equation (1) on a random sample of points.

    Args:
        points: of shape (g, d).
        table: their neighbour table, of shape (g,).
        to: the locations among which ``table`` was computed.
        queries: number of points in the sample, at most g.
        rng: draws the sample.

    Returns:
        ``queries``, the number of points in the sample, and a share per name in ``REFERENCES``. If the search was
        exact, no point is searched again: ``queries`` is 0 and every share is 1.
    """
    if to.exact:
        return {"queries": 0, **dict.fromkeys(REFERENCES, 1.0)}
    rows = rng.choice(len(points), min(queries, len(points)), replace=False)
    return {"queries": len(rows), **recall(table[rows], tabulate(points[rows], to.exact_only()))}


def lowest(checked: pd.DataFrame) -> pd.DataFrame:
    """The smaller recall of the two sets in (2), training and test, per snapshot and test set.

    Args:
        checked: a table with the columns replicate, snapshot, index and ``REFERENCES``.

    Returns:
        a table with the columns replicate, snapshot, reference (plain, matched), index and recall.
    """
    parts = []
    for name in ("plain", "matched"):
        part = checked[["replicate", "snapshot", "index"]]
        parts.append(part.assign(reference=name, recall=checked[["train", name]].min(axis=1)))
    return pd.concat(parts, ignore_index=True)


def _columns(table: np.ndarray) -> dict[str, np.ndarray]:
    nearest, second = table["train_distance"].T
    distances = (nearest, second, table["plain_distance"], table["test_distance"])
    return dict(zip(REFERENCES, distances, strict=True))
