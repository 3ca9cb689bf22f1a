r"""Approximate backends, which compare a query with a part of the locations and may miss the nearest one.

    ivf     inverted file: k-means divides the m locations into cells, about sqrt(m) by default. A query is compared
            with the locations of the ``probes`` cells whose centres are nearest, about a share probes / cells of all.
            If all cells are probed, a location is missed only because of rounding.
    hnsw    hierarchical navigable small world: a graph in which every location has ``links`` links (twice as many on
            the lowest level). The search follows links towards the query and keeps the nearest ``breadth`` locations.

Jegou et al. 2011, https://doi.org/10.1109/TPAMI.2010.57; Malkov and Yashunin 2020, https://arxiv.org/abs/1603.09320.
Both are those of FAISS, https://arxiv.org/abs/2401.08281, on the CPU. They are built with one thread, so that the same
locations give the same index on any number of cores.

An ``Index`` computes the distances of their candidates in float64. A query with fewer than k candidates is compared
with all locations. Of locations at equal distance, the first among the *candidates* is returned.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from diffmem.neighbours.centred import Positions, as_float32
from diffmem.neighbours.exact import SPARE, Backend, Proposed
from diffmem.neighbours.on_device import exact

if TYPE_CHECKING:
    import faiss


def ivf(positions: Positions, device: str = "cpu", *, cells: int | None = None, probes: int = 16) -> Backend:
    """Inverted file among ``positions`` (m, d).

    Args:
        device: of the exact backend with which recall is measured.
        cells: number of cells, at most m; None stands for the square root of m, rounded up.
        probes: number of cells that are searched, at most all.
    """
    return Ivf(positions, device, cells=cells, probes=probes)


def hnsw(positions: Positions, device: str = "cpu", *, links: int = 32, breadth: int = 64) -> Backend:
    """Graph among ``positions`` (m, d).

    Args:
        device: of the exact backend with which recall is measured.
        links: number of links of a location.
        breadth: number of locations that the search keeps, also while the graph is built.
    """
    return Hnsw(positions, device, links=links, breadth=breadth)


class _Approximate:
    """A FAISS index of the positions in float32, built at the first query. A subclass defines ``_built``."""

    name, exact = "", False

    def __init__(self, positions: Positions, device: str):
        self.positions, self.device = positions, device

    @property
    def exact_backend(self) -> Backend:
        """An exact backend among the same positions."""
        return exact(self.positions, self.device)

    def __call__(self, queries: np.ndarray, k: int) -> Proposed:
        """The ``k`` nearest of the locations that are compared, and ``SPARE`` more; -1 where there are fewer."""
        count = min(k + SPARE, len(self.positions))
        _, location = self._index.search(queries.astype(np.float32), count)
        return location, np.full(len(queries), np.inf)

    @cached_property
    def _index(self) -> "faiss.Index":
        with _one_thread():
            return self._built(as_float32(self.positions))

    def _built(self, positions: np.ndarray) -> "faiss.Index":
        """The FAISS index of ``positions`` (m, d), float32."""
        raise NotImplementedError


class Ivf(_Approximate):
    """Inverted file: cells of k-means, some of which are searched."""

    def __init__(self, positions: Positions, device: str, *, cells: int | None, probes: int):
        super().__init__(positions, device)
        self.cells = min(cells or math.ceil(math.sqrt(len(positions))), len(positions))
        self.probes = min(probes, self.cells)
        self.name = f"faiss IVF, {self.probes} of {self.cells} cells, float64 distances"

    def _built(self, positions: np.ndarray) -> "faiss.Index":
        import faiss

        index = faiss.IndexIVFFlat(faiss.IndexFlatL2(positions.shape[1]), positions.shape[1], self.cells)
        index.cp.min_points_per_centroid = 1  # no warning of FAISS for m < 1,500, where sqrt(m) cells hold few
        index.train(positions)
        index.add(positions)
        index.nprobe = self.probes
        return index


class Hnsw(_Approximate):
    """Hierarchical navigable small world: a graph along whose links the search proceeds."""

    def __init__(self, positions: Positions, device: str, *, links: int, breadth: int):
        super().__init__(positions, device)
        self.links, self.breadth = links, breadth
        self.name = f"faiss HNSW, {links} links, breadth {breadth}, float64 distances"

    def _built(self, positions: np.ndarray) -> "faiss.Index":
        import faiss

        index = faiss.IndexHNSWFlat(positions.shape[1], self.links)
        index.hnsw.efConstruction = index.hnsw.efSearch = self.breadth
        index.add(positions)
        return index


@contextmanager
def _one_thread() -> Iterator[None]:
    """Use one thread within the context. With several, the links of a graph would depend on the order of insertion."""
    import faiss

    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads)
