"""An approximate index misses what lies outside what it looks at, measures the rest exactly, and finds k at least."""

from functools import partial

import faiss
import numpy as np
import pytest

from diffmem.measure.criteria import spacing
from diffmem.neighbours.approximate import hnsw, ivf
from diffmem.neighbours.index import Index

EVERYTHING = [partial(ivf, cells=30, probes=30), partial(ivf, probes=10**6), partial(hnsw, links=200, breadth=2000)]


def points(count, dimension, seed=0):
    return np.random.default_rng(seed).standard_normal((count, dimension))


@pytest.mark.parametrize("searches", EVERYTHING, ids=["ivf-30", "ivf-all", "hnsw"])
@pytest.mark.parametrize("dimension", [2, 9, 64])
@pytest.mark.parametrize("k", [1, 2, 20])
def test_what_looks_at_everything_is_exact(searches, dimension, k):
    positions, queries = 7 + points(900, dimension), 7 + points(300, dimension, seed=1)
    found, true = Index(positions, searches).nearest(queries, k), Index(positions).nearest(queries, k)
    assert np.array_equal(found.location, true.location)
    assert np.array_equal(found.distance, true.distance)


def test_one_probe_misses_a_neighbour_across_the_border_of_its_cell_and_two_find_it():
    """Cells around -1 and 1; the border is at 0, the query just left of it, and its neighbour just right of it."""
    far = np.column_stack([np.r_[np.full(50, -1.0), np.full(50, 1.0)], np.tile(np.linspace(-0.1, 0.1, 50), 2)])
    positions, query = np.vstack([far, [[0.2, 0.0], [-0.4, 0.0]]]), np.array([[-0.02, 0.0]])
    one, two = (Index(positions, partial(ivf, cells=2, probes=probes)).nearest(query, 1) for probes in (1, 2))
    assert (one.location.item(), two.location.item()) == (101, 100)
    assert (one.distance.item(), two.distance.item()) == pytest.approx((0.38, 0.22))


@pytest.mark.parametrize("searches", [partial(ivf, probes=1), partial(hnsw, links=2, breadth=1)], ids=["ivf", "hnsw"])
def test_what_is_proposed_is_measured_exactly_and_is_never_too_near(searches):
    positions, queries = points(2000, 30), points(500, 30, seed=1)
    found, true = Index(positions, searches).nearest(queries, 2), Index(positions).nearest(queries, 2)
    assert np.allclose(found.distance, np.linalg.norm(queries[:, None] - positions[found.location], axis=2), rtol=1e-12)
    assert (found.distance >= true.distance).all()
    assert (found.location[:, 0] != found.location[:, 1]).all()
    missed = (found.location[:, 0] != true.location[:, 0]).mean()
    assert 0.05 < missed < 0.999


@pytest.mark.parametrize("count", [1, 2, 3, 20])
def test_where_too_few_are_proposed_all_locations_are_compared(count):
    """One location per cell, one cell probed, two neighbours asked for."""
    positions, queries = points(count, 3), points(10, 3, seed=1)
    found = Index(positions, partial(ivf, cells=count, probes=1)).nearest(queries, 2)
    true = Index(positions).nearest(queries, 2)
    assert np.array_equal(found.location, true.location)
    assert np.array_equal(found.distance, true.distance)


@pytest.mark.parametrize("searches", [ivf, hnsw], ids=["ivf", "hnsw"])
@pytest.mark.parametrize("length", [1e10, 1e30])
def test_points_of_a_diverged_model_get_finite_distances_to_real_locations(searches, length):
    found = Index(points(100, 9), searches).nearest(length * points(20, 9, seed=1), 2)
    assert ((found.location >= 0) & (found.location < 100)).all()
    assert np.isfinite(found.distance).all()


@pytest.mark.parametrize("searches", [ivf, hnsw], ids=["ivf", "hnsw"])
def test_no_location_is_nowhere(searches):
    found = Index(np.empty((0, 5)), searches).nearest(points(4, 5), 2)
    assert np.isinf(found.distance).all()
    assert (found.location == -1).all()


def test_cells_are_the_square_root_by_default_and_no_more_than_there_are_locations():
    names = [Index(points(count, 2), ivf).backend.name for count in (9, 900, 901)]
    assert [name.split(",")[1].strip() for name in names] == ["3 of 3 cells", "16 of 30 cells", "16 of 31 cells"]
    assert "5 of 5 cells" in Index(points(5, 2), partial(ivf, cells=50)).backend.name


@pytest.mark.parametrize("searches", [ivf, hnsw], ids=["ivf", "hnsw"])
def test_the_number_of_threads_changes_nothing(searches):
    positions, queries = points(3000, 20), points(500, 20, seed=1)
    before = faiss.omp_get_max_threads()
    found = []
    try:
        for threads in (1, 4):
            faiss.omp_set_num_threads(threads)
            found.append(Index(positions, searches).nearest(queries, 2).location)
            assert faiss.omp_get_max_threads() == threads
    finally:
        faiss.omp_set_num_threads(before)
    assert np.array_equal(*found)


@pytest.mark.parametrize("searches", [ivf, hnsw], ids=["ivf", "hnsw"])
def test_with_an_exact_backend_the_same_index_is_exact(searches):
    positions, queries = points(2000, 30), points(100, 30, seed=1)
    index = Index(positions, searches)
    sure = index.exact_only()
    assert sure.positions is index.positions
    assert index.backend.name.startswith("faiss I" if searches is ivf else "faiss H")
    assert np.array_equal(sure.nearest(queries, 2).location, Index(positions).nearest(queries, 2).location)


def test_a_location_that_is_not_found_to_be_its_own_neighbour_does_not_lose_its_spacing():
    """A graph of two links and no breadth overlooks locations even where the query lies on them."""
    positions = points(2000, 30)
    index = Index(positions, partial(hnsw, links=2, breadth=1))
    overlooked = index.nearest(positions, 2).location[:, 0] != np.arange(2000)
    true = spacing(positions)
    assert overlooked.any()
    assert (spacing(positions, index) >= true).all()
    assert np.array_equal(spacing(positions, Index(positions)), true)
