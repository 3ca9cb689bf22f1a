"""The searches of an audit: exact or approximate ones, how far they are, and what share of the neighbours they find.

An approximate search may miss a neighbour (`neighbours.approximate`). Its recall is measured on queries that are drawn
at random, and searched exactly as well: *nearest* is the share whose nearest location was found, *all* the share of the
k nearest that were found. Queries that coincide with a location are left out of both, since they are found by any
index.
"""

import re
from collections.abc import Callable
from functools import cached_property, partial

import numpy as np
import pandas as pd

from diffmem.data.items import AuditError
from diffmem.measure.net_interval import LOCATIONS
from diffmem.neighbours.approximate import hnsw, ivf
from diffmem.neighbours.index import Index, MakeSearch, Neighbours, Search

CHECKED = 200  # queries of a call that are searched exactly as well
STEP = 1024  # queries after which a search says how far it is


class Searches:
    """Makes the searches of one audit, by the name of what is searched.

    Attributes:
        recall: a row per call of an approximate search: of (its name), queries, neighbours (k), nearest and all.
    """

    def __init__(self, make: MakeSearch, *, total: int, worked: Callable[[float], None], seed: int, step: int | None):
        """``make`` makes a search.

        Args:
            make: positions -> search among them.
            total: pairs of a query and a location that all searches together have, about.
            worked: called with the share of them that is done.
            seed: of the queries on which recall is measured.
            step: queries after which ``worked`` is called; None stands for all at once.
        """
        self.make, self.step = make, step
        self.recall: list[dict[str, object]] = []
        self._rng = np.random.default_rng([seed, 1])
        self._total, self._done, self._worked = total, 0, worked

    def __call__(self, of: str, make: MakeSearch | None = None) -> MakeSearch:
        """What makes the search among the locations called ``of``, with another ``make`` if one is given."""
        return lambda positions: _Watched((make or self.make)(positions), of, len(positions), self)

    def tick(self, pairs: int) -> None:
        """So many more pairs are done."""
        self._done += pairs
        self._worked(min(self._done / self._total, 1.0))

    def drawn(self, count: int) -> np.ndarray:
        """Some of ``count`` queries, at random."""
        return np.sort(self._rng.choice(count, min(CHECKED, count), replace=False))


class _Watched:
    """A search that says how far it is and, if it is approximate, measures its recall."""

    def __init__(self, inner: Search, of: str, locations: int, searches: Searches):
        self.inner, self.of, self.locations, self.searches = inner, of, locations, searches

    def nearest(self, queries: np.ndarray, k: int) -> Neighbours:
        """The ``k`` nearest locations of each of the ``queries`` (q, d)."""
        step = self.searches.step or max(len(queries), 1)
        found = []
        for start in range(0, max(len(queries), 1), step):
            part = queries[start : start + step]
            found.append(self.inner.nearest(part, k))
            self.searches.tick(len(part) * self.locations)
        result = Neighbours(*(np.concatenate([getattr(f, name) for f in found]) for name in ("distance", "location")))
        if isinstance(self.inner, Index) and not self.inner.backend.exact:
            self._check(queries, result)
        return result

    def _check(self, queries: np.ndarray, found: Neighbours) -> None:
        """Compare some of the queries with the exact answer."""
        rows = self.searches.drawn(len(queries))
        exact, distance = self._exact.nearest(queries[rows], found.distance.shape[1]).distance, found.distance[rows]
        apart = exact[:, 0] > 0
        if not apart.any():
            return
        hit = distance[apart] <= exact[apart, -1:]
        nearest = np.mean(distance[apart, 0] <= exact[apart, 0])
        row = {"of": self.of, "queries": int(apart.sum()), "neighbours": exact.shape[1]}
        self.searches.recall.append(row | {"nearest": float(nearest), "all": float(hit.mean())})

    @cached_property
    def _exact(self) -> Index:
        assert isinstance(self.inner, Index)
        return self.inner.exact_only()


def backend_of(index: str) -> MakeSearch:
    """What makes the searches for the option ``index``: exact, ivf, ivf-PROBES, hnsw or hnsw-BREADTH.

    Raises:
        AuditError: if it is none of them.
    """
    asked = re.fullmatch(r"(exact)|(ivf|hnsw)(?:-([1-9]\d*))?", index)
    if not asked:
        raise AuditError(f"index = {index}: expected exact, ivf, ivf-PROBES such as ivf-64, hnsw or hnsw-BREADTH")
    _, kind, number = asked.groups()
    if kind is None:
        return Index
    if kind == "ivf":
        return partial(Index, backend=partial(ivf, probes=int(number)) if number else ivf)
    return partial(Index, backend=partial(hnsw, breadth=int(number)) if number else hnsw)


def pairs_of(*, train: int, test: int, generated: int) -> int:
    """About how many pairs of a query and a location an audit of sets of these sizes searches."""
    both = train + test
    single = generated * both + test * both + train * train
    pooled = generated * both + (min(both, LOCATIONS) * both if train > test else 0)
    return single + pooled + 2 * min(train, test) * generated


def recall_table(searches: Searches) -> pd.DataFrame:
    """A row per search and number of neighbours: of, queries, neighbours, nearest, all; empty if all were exact."""
    columns = ["of", "queries", "neighbours", "nearest", "all"]
    table = pd.DataFrame(searches.recall, columns=columns)
    weighted = table.assign(nearest=table["nearest"] * table["queries"], all=table["all"] * table["queries"])
    sums = weighted.groupby(["of", "neighbours"], sort=False, as_index=False).sum()
    return sums.assign(nearest=sums["nearest"] / sums["queries"], all=sums["all"] / sums["queries"])[columns]


def said_of(recall: pd.DataFrame, index: str) -> list[str]:
    """A sentence on what an approximate search found, if it was one."""
    if recall.empty:
        return []
    parts = [f"{row['nearest']:.1%} of the nearest {row['of']}" for row in recall.to_dict("records")]
    return [
        f"Neighbours were searched by {index}, which misses some; found were {', '.join(parts)}, and "
        f"{recall['all'].min():.1%} or more of all neighbours that were asked for. A copy whose item is missed is not "
        "counted."
    ]
