r"""Approximate searches, on request: they look at a part of the locations and may overlook the nearest.

    ivf     inverted file: k-means puts the m locations into cells, sqrt(m) by default; a query is compared with the
            locations of the ``probes`` cells whose centres are nearest, a share of about probes / cells of all.
            With all cells probed nothing is overlooked but by rounding.
    hnsw    hierarchical navigable small world: a graph in which every location has ``links`` links (twice as many on
            the lowest level) is walked towards the query, the best ``breadth`` locations being kept.

Jegou et al. 2011, https://doi.org/10.1109/TPAMI.2010.57; Malkov and Yashunin 2020, https://arxiv.org/abs/1603.09320;
both as in FAISS, https://arxiv.org/abs/2401.08281, on the CPU. They are built on one thread, so that the same locations
give the same index on any number of cores.

What they propose is measured in float64, and a query for which they find fewer than k locations goes on to the exact
searches. Of equally near locations, the first of those *proposed* is taken.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

import numpy as np

from diffmem.neighbours.exact import SPARE, Proposed, Search
from diffmem.neighbours.on_device import exact


def ivf(positions: np.ndarray, device: str = "cpu", *, cells: int | None = None, probes: int = 16) -> list[Search]:
    """Searches among ``positions`` (m, d): ``probes`` of so many ``cells``, and the exact ones on the ``device``.

    No more cells are made, and none more probed, than there are locations.
    """
    return [Ivf(positions, cells=cells, probes=probes), *exact(positions, device)]


def hnsw(positions: np.ndarray, device: str = "cpu", *, links: int = 32, breadth: int = 64) -> list[Search]:
    """Searches among ``positions`` (m, d): a graph with ``links``, and the exact ones on the ``device``."""
    return [Hnsw(positions, links=links, breadth=breadth), *exact(positions, device)]


class _Guess:
    """What both share: a FAISS index of float32 positions, made at the first query."""

    exact = False

    def __init__(self, positions: np.ndarray):
        self.positions = positions

    def __call__(self, queries: np.ndarray, k: int) -> Proposed:
        """The ``k`` nearest of what is looked at, and spare ones; -1 where it holds fewer."""
        count = min(k + SPARE, len(self.positions))
        _, location = self._index.search(queries.astype(np.float32), count)
        return location, np.full(len(queries), np.inf)

    @cached_property
    def _index(self):
        with _one_thread():
            return self._built(self.positions.astype(np.float32))


class Ivf(_Guess):
    """See the head of this module."""

    def __init__(self, positions: np.ndarray, *, cells: int | None, probes: int):
        super().__init__(positions)
        self.cells = min(cells or math.ceil(math.sqrt(len(positions))), len(positions))
        self.probes = min(probes, self.cells)
        self.name = f"faiss IVF, {self.probes} of {self.cells} cells, float64 distances"

    def _built(self, positions: np.ndarray):
        import faiss

        index = faiss.IndexIVFFlat(faiss.IndexFlatL2(positions.shape[1]), positions.shape[1], self.cells)
        index.cp.min_points_per_centroid = 1  # sqrt(m) cells have fewer than FAISS likes where m < 1,500
        index.train(positions)
        index.add(positions)
        index.nprobe = self.probes
        return index


class Hnsw(_Guess):
    """See the head of this module."""

    def __init__(self, positions: np.ndarray, *, links: int, breadth: int):
        super().__init__(positions)
        self.links, self.breadth = links, breadth
        self.name = f"faiss HNSW, {links} links, breadth {breadth}, float64 distances"

    def _built(self, positions: np.ndarray):
        import faiss

        index = faiss.IndexHNSWFlat(positions.shape[1], self.links)
        index.hnsw.efConstruction = index.hnsw.efSearch = self.breadth
        index.add(positions)
        return index


@contextmanager
def _one_thread() -> Iterator[None]:
    """Build with one thread: where several add to a graph, their order of arrival decides who is linked."""
    import faiss

    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads)
