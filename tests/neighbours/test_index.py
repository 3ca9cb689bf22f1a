"""Every exact search finds the neighbours that brute force finds, with the same float64 distances, ties by location."""

import itertools
import tracemalloc

import numpy as np
import pytest
import torch

from diffmem.neighbours import exact as searches
from diffmem.neighbours import index as neighbours
from diffmem.neighbours.exact import Blocks, Flat, Tree, exact, flat
from diffmem.neighbours.index import Index
from diffmem.neighbours.on_device import Product


def by_torch(positions):
    return Product(positions, torch.device("cpu"))


@pytest.fixture(params=[Tree, Blocks, Flat, by_torch], ids=["tree", "numpy", "faiss", "torch"])
def kind(request):
    """A backend, in any dimension."""
    return request.param


def brute_force(positions, queries, k):
    """Distances (q, k) and locations (q, k) of the k nearest, from all differences; equal distances by location."""
    distance = np.array([np.sqrt(np.square(query - positions).sum(1)) for query in queries.astype(float)])
    location = np.argsort(distance, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(distance, location, 1), location


def assert_same(found, expected, tolerance=1e-12):
    assert np.array_equal(found.location, expected[1])
    assert np.allclose(found.distance, expected[0], rtol=1e-9, atol=tolerance)


@pytest.mark.parametrize("dimension", [1, 2, 6, 7, 64])
@pytest.mark.parametrize(("count", "k"), [(1, 1), (2, 2), (9, 3), (700, 1), (700, 20)])
def test_neighbours_are_those_of_brute_force(kind, dimension, count, k):
    rng = np.random.default_rng(dimension * count)
    positions, queries = rng.standard_normal((count, dimension)), rng.standard_normal((100, dimension))
    found = Index(positions, kind).nearest(queries, k)
    assert (found.distance.dtype, found.location.dtype) == (np.float64, np.int32)
    assert_same(found, brute_force(positions, queries, k))


@pytest.mark.parametrize("dimension", [2, 64])
@pytest.mark.parametrize("shift", [0.0, 1000.0])
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_shift_and_scale_do_not_matter(kind, dimension, shift, scale):
    rng = np.random.default_rng(1)
    positions = scale * (shift + rng.standard_normal((500, dimension)))
    queries = scale * (shift + rng.standard_normal((100, dimension)))
    assert_same(Index(positions, kind).nearest(queries, 2), brute_force(positions, queries, 2), tolerance=scale * 1e-9)


@pytest.mark.parametrize("dimension", [2, 64])
@pytest.mark.parametrize("shift", [0.0, 1000.0])
@pytest.mark.parametrize("displacement", [0.0, 1e-6, 1e-3])
def test_queries_next_to_a_position_get_their_true_distance(kind, dimension, shift, displacement):
    """float32 arithmetic on |q|^2 + |p|^2 - 2 q.p returns zero or the wrong point here."""
    rng = np.random.default_rng(2)
    positions = shift + rng.standard_normal((500, dimension))
    step = rng.standard_normal((500, dimension))
    queries = positions + displacement * step / np.linalg.norm(step, axis=1, keepdims=True)
    found = Index(positions, kind).nearest(queries, 2)
    assert np.array_equal(found.location[:, 0], np.arange(500))
    assert np.allclose(found.distance[:, 0], displacement, rtol=1e-6, atol=1e-12)
    assert_same(found, brute_force(positions, queries, 2))


def test_two_dimensional_queries_next_to_many_close_positions(kind):
    """20,000 moons, queries displaced by 1e-3; here a curve just as dense."""
    rng = np.random.default_rng(3)
    angle = rng.uniform(0, np.pi, 3000)
    positions = 10 + np.column_stack([2 * np.cos(angle), 3 * np.sin(angle)]) * 3000 / 20000
    queries = positions[:300] + 1e-3 * rng.standard_normal((300, 2))
    assert_same(Index(positions, kind).nearest(queries, 2), brute_force(positions, queries, 2))


@pytest.mark.parametrize("dimension", [2, 64])
def test_one_far_position_does_not_spoil_the_others(kind, dimension):
    """It moves the centre and takes all of float32's digits: only the search in float64 is left."""
    rng = np.random.default_rng(4)
    positions = np.vstack([0.01 * rng.standard_normal((300, dimension)), np.full((1, dimension), 1e6)])
    queries = 0.01 * rng.standard_normal((50, dimension))
    assert_same(Index(positions, kind).nearest(queries, 3), brute_force(positions, queries, 3), tolerance=1e-8)


@pytest.mark.parametrize("spread", [1e-5, 0.07])
def test_clusters_far_from_the_centre_and_many_queries(kind, spread):
    """So many that NumPy and FAISS multiply matrices in float32, where squared distances are off by 0.04 or so."""
    rng = np.random.default_rng(11)
    positions, queries = (
        100 * rng.choice([-1.0, 1.0], (count, 1)) + spread * rng.standard_normal((count, 64)) for count in (400, 2100)
    )
    assert_same(Index(positions, kind).nearest(queries, 2), brute_force(positions, queries, 2))


@pytest.mark.parametrize("length", [1e10, 1e20, 1e30])
@pytest.mark.parametrize("dimension", [2, 64])
def test_queries_of_a_diverged_model_get_finite_distances_to_real_locations(kind, dimension, length):
    """Squares overflow float32 from 2e19 on."""
    rng = np.random.default_rng(5)
    positions, queries = rng.standard_normal((100, dimension)), length * rng.standard_normal((20, dimension))
    found = Index(positions, kind).nearest(queries, 2)
    assert ((found.location >= 0) & (found.location < 100)).all()
    assert np.allclose(found.distance, brute_force(positions, queries, 2)[0], rtol=1e-9)


def test_points_that_are_not_numbers_are_refused(kind):
    positions = np.random.default_rng(6).standard_normal((50, 3))
    with pytest.raises(ValueError, match="finite"):
        Index(positions, kind).nearest(np.array([[0.0, np.nan, 0.0]]), 1)


def equally_far(dimension):
    """More positions than any index has spare candidates, all equally far from the origin, which is their centre."""
    if dimension == 2:  # 1105 = 4^2 + 33^2 = 9^2 + 32^2 = 12^2 + 31^2 = 23^2 + 24^2
        return np.array([p for p in itertools.product(range(-33, 34), repeat=2) if p[0] ** 2 + p[1] ** 2 == 1105.0])
    return np.array(list(itertools.product((-1.0, 1.0), repeat=dimension)))


@pytest.mark.parametrize("dimension", [2, 6, 9])
@pytest.mark.parametrize("k", [1, 2])
def test_equal_distances_are_ordered_by_location(kind, dimension, k):
    positions = np.random.default_rng(dimension).permutation(equally_far(dimension)).astype(float)
    found = Index(positions, kind).nearest(np.zeros((1, dimension)), k)
    assert found.location.tolist() == [list(range(k))]
    assert np.allclose(found.distance, np.linalg.norm(positions[0]))


@pytest.mark.parametrize("dimension", [2, 16])
def test_few_ties_on_a_lattice_are_ordered_by_location(kind, dimension):
    """Mirror images across the centre, and queries half way between neighbours."""
    half = np.unique(np.random.default_rng(7).integers(1, 9, (40, dimension)).astype(float), axis=0)
    positions = np.vstack([half, -half])
    queries = np.vstack([half[:20] - np.eye(dimension)[0] / 2, half[:1] * 0])
    assert_same(Index(positions, kind).nearest(queries, 2), brute_force(positions, queries, 2))


def test_positions_that_coincide_are_both_found(kind):
    positions = np.array([[3.0, 1.0], [-1.0, 2.0], [3.0, 1.0], [-5.0, -4.0]])
    found = Index(positions, kind).nearest(positions, 2)
    assert found.location.tolist()[0] == found.location.tolist()[2] == [0, 2]
    assert found.distance[0].tolist() == found.distance[2].tolist() == [0, 0]


@pytest.mark.parametrize("dimension", [2, 64])
@pytest.mark.parametrize(("count", "k"), [(0, 1), (0, 2), (1, 2), (3, 5)])
def test_missing_neighbours_are_infinitely_far(kind, dimension, count, k):
    rng = np.random.default_rng(8)
    positions, queries = rng.standard_normal((count, dimension)), rng.standard_normal((4, dimension))
    found = Index(positions, kind).nearest(queries, k)
    assert np.isinf(found.distance[:, count:]).all()
    assert (found.location[:, count:] == -1).all()
    if count:
        expected = brute_force(positions, queries, count)
        assert np.allclose(found.distance[:, :count], expected[0])
        assert np.array_equal(found.location[:, :count], expected[1])


def test_queries_need_not_come_in_one_block(kind, monkeypatch):
    rng = np.random.default_rng(9)
    positions, queries = rng.standard_normal((200, 8)), rng.standard_normal((100, 8)).astype(np.float32)
    index = Index(positions, kind)
    whole = index.nearest(queries, 3)
    monkeypatch.setattr(neighbours, "BLOCK", 7)
    parts = index.nearest(queries, 3)
    assert np.array_equal(whole.location, parts.location)
    assert np.allclose(whole.distance, parts.distance, rtol=1e-12)
    assert index.nearest(queries[:0], 3).distance.shape == (0, 3)


def test_the_index_leaves_points_alone(kind):
    rng = np.random.default_rng(10)
    positions, queries = rng.standard_normal((50, 4)), rng.standard_normal((50, 4))
    before = positions.copy(), queries.copy()
    Index(positions, kind).nearest(queries, 2)
    assert np.array_equal(before, (positions, queries))


@pytest.mark.parametrize("values", [1, 2000])
def test_blocks_of_any_size_give_the_same_answer(kind, monkeypatch, values):
    """Distances, all of them and candidates' alone, in blocks of one row or a few."""
    rng = np.random.default_rng(12)
    positions, queries = rng.standard_normal((200, 12)), rng.standard_normal((100, 12))
    positions[::2] += 1e4  # so far from the centre that float32 leaves most queries in doubt
    whole = Index(positions, kind).nearest(queries, 3)
    monkeypatch.setattr(searches, "VALUES", values)
    monkeypatch.setattr("diffmem.neighbours.on_device.VALUES", values)
    parts = Index(positions, kind).nearest(queries, 3)
    assert np.array_equal(whole.location, parts.location)
    assert np.array_equal(whole.distance, parts.distance)
    assert_same(parts, brute_force(positions, queries, 3), tolerance=1e-8)


@pytest.mark.parametrize("offset", [0.0, 1e4])
@pytest.mark.parametrize("dimension", [3, 64])
def test_near_duplicates_are_told_apart_at_any_offset(kind, dimension, offset):
    """Clumps of twenty that lie closer together than float32 can tell, so that none of its candidates is sure."""
    rng = np.random.default_rng(13)
    centres = rng.standard_normal((30, dimension))
    apart = 1e-8 * rng.standard_normal((30, 20, dimension))
    positions = offset + (centres[:, None] + apart).reshape(-1, dimension)
    queries = positions[::7] + 1e-9 * rng.standard_normal(positions[::7].shape)
    assert_same(Index(positions, kind).nearest(queries, 2), brute_force(positions, queries, 2), tolerance=1e-10)


@pytest.mark.parametrize("dimension", [2, 64])
def test_memory_is_that_of_a_block_and_not_of_all_queries(kind, dimension):
    """8 candidates x 40,000 queries x 64 features would be 164 MB in float64, and their differences as much again."""
    rng = np.random.default_rng(14)
    index = Index(rng.standard_normal((50, dimension)), kind)
    queries = rng.standard_normal((40_000, dimension))
    index.nearest(queries[:10], 2)
    tracemalloc.start()
    index.nearest(queries, 2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3.2 * 8 * searches.VALUES


def test_the_backend_is_chosen_by_the_dimension_and_named():
    for dimension, expected in ((1, Tree), (8, Tree), (9, Blocks), (64, Blocks)):
        backend = Index(np.zeros((3, dimension))).backend
        assert type(backend) is expected
        assert backend.name == expected.name
    assert len({Tree.name, Blocks.name, Flat.name}) == 3


@pytest.mark.parametrize("k", [1, 20, 250])
@pytest.mark.parametrize("tile", [(7, 50), (256, 2048)])
def test_products_of_many_tiles_find_what_brute_force_finds(monkeypatch, tile, k):
    """Locations sorted by their first coordinate, the usual order, half of them close together."""
    monkeypatch.setattr("diffmem.neighbours.tiles.TILE", tile)
    monkeypatch.setattr("diffmem.neighbours.tiles.LEAST", 30)
    rng = np.random.default_rng(16)
    positions = rng.standard_normal((3000, 12))
    positions[1500:] *= 0.1
    positions = positions[np.argsort(positions[:, 0])]
    queries = rng.standard_normal((300, 12))
    assert_same(Index(positions, Blocks).nearest(queries, k), brute_force(positions, queries, k))


def test_queries_in_doubt_are_asked_for_more_before_all_distances_are_computed(monkeypatch):
    """Forty locations that float32 cannot tell apart: six spare candidates leave doubt, a hundred do not."""
    rng = np.random.default_rng(17)
    positions = np.vstack([5 + 1e-7 * rng.standard_normal((40, 12)), rng.standard_normal((400, 12))])
    monkeypatch.setattr(neighbours, "compare_with_all", None)
    found = Index(positions).nearest(positions[:40], 2)
    assert_same(found, brute_force(positions, positions[:40], 2))


@pytest.mark.parametrize("dimension", [2, 8])
def test_faiss_in_the_plane_gives_the_answers_of_the_tree(dimension):
    """Among them near copies, which float32 alone gets wrong."""
    rng = np.random.default_rng(15)
    positions = 50 + rng.standard_normal((20_000, dimension))
    positions[-100:] = positions[:100] + 1e-7 * rng.standard_normal((100, dimension))
    queries = np.vstack([50 + rng.standard_normal((2_000, dimension)), positions[:500] + 1e-8, positions[:500]])
    tree, faiss = (Index(positions, backend) for backend in (exact, flat))
    assert (type(tree.backend), type(faiss.backend)) == (Tree, Flat)
    one, other = tree.nearest(queries, 2), faiss.nearest(queries, 2)
    assert np.array_equal(one.location, other.location)
    assert np.array_equal(one.distance, other.distance)
    proposed = faiss.backend(queries - faiss.centre, 2)[0][:, :2]
    assert (proposed != one.location).any(), "what float32 proposes first is not the answer"


@pytest.mark.parametrize("dimension", [2, 12, 600])
def test_positions_in_float32_are_searched_as_in_float64(kind, dimension):
    positions, queries = 3 + np.random.default_rng(18).standard_normal((2, 300, dimension)).astype(np.float32)
    one, other = Index(positions, kind), Index(positions.astype(np.float64), kind)
    assert one.positions.given is positions
    assert np.array_equal(one.centre, other.centre)
    found, expected = one.nearest(queries, 4), other.nearest(queries, 4)
    assert np.array_equal(found.distance, expected.distance)
    assert np.array_equal(found.location, expected.location)
