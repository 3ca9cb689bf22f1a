r"""What an approximate search misses, measured on a sample of the very points that it was asked about.

    recall = share of points for which the exact search finds no smaller distance                      (1)

for each distance of the neighbour table: to the nearest and the second-nearest training location (``train``,
``second``), and to the nearest plain and matched test location (``plain``, ``matched``). A location that is not the
nearest but as far is no miss. Every distance that is wrong is too large, so that with all points in the sample

    raw fraction, approximate - exact    in  [-(1 - train), 1 - test]                                  (2)
    net copied fraction                  in  [-2 (1 - train), 2 (1 - test)]                            (3)
    share with d_1 / d_2 < h             in  [-(1 - second), 1 - second]                               (4)

as shares of all points: a missed training location can only hide a copy or turn one point's +1 into -1, a missed test
location the reverse; and d_1 is wrong only where d_2 is.
"""

import numpy as np
import pandas as pd

from diffmem.neighbours.table import References, tabulate

REFERENCES = ("train", "second", "plain", "matched")


def recall(table: np.ndarray, exact: np.ndarray) -> dict[str, float]:
    """(1) of a neighbour table (g,) beside the ``exact`` one of the same points, one share per column of distances."""
    found, true = _columns(table), _columns(exact)
    return {name: float(np.mean(found[name] <= true[name])) for name in REFERENCES}


def measured(
    points: np.ndarray, table: np.ndarray, to: References, *, queries: int, rng: np.random.Generator
) -> dict[str, float]:
    """(1) on at most ``queries`` of the ``points`` (g, d), which have the neighbour table ``table`` (g,).

    Returns:
        the number of ``queries`` and a share per name in ``REFERENCES``. Where ``to`` is searched exactly no query is
        spent and every share is one.
    """
    if to.exact:
        return {"queries": 0, **dict.fromkeys(REFERENCES, 1.0)}
    rows = rng.choice(len(points), min(queries, len(points)), replace=False)
    return {"queries": len(rows), **recall(table[rows], tabulate(points[rows], to.without_guesses()))}


def lowest(checked: pd.DataFrame) -> pd.DataFrame:
    """The share of right distances that (2) hangs on, per snapshot and test set: the lower of both sides.

    Args:
        checked: the columns replicate, snapshot, index and ``REFERENCES``.

    Returns:
        the columns replicate, snapshot, reference (plain, matched), index and recall.
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
