"""A search in which items count as one with their versions is that of brute force over all versions."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from diffmem.locations import locations
from diffmem.neighbours.index import Index
from diffmem.neighbours.versions import VersionedIndex, closest_version, shared_locations


def turned(points):
    """The points, and their coordinates in the opposite and in a shifted order."""
    yield points
    yield points[:, ::-1]
    yield np.roll(points, 1, axis=1)


def alone(points):
    yield points


@pytest.mark.parametrize(("dimension", "k"), [(3, 1), (3, 4), (12, 2), (12, 50)])
def test_neighbours_are_those_of_brute_force(dimension, k):
    rng = np.random.default_rng(0)
    items, queries = rng.standard_normal((40, dimension)), rng.standard_normal((90, dimension))
    queries[:10] = items[:10, ::-1]
    every = np.stack([cdist(queries, version) for version in turned(items)])
    least = every.min(0)
    found = VersionedIndex(items, turned).nearest(queries, k)
    kept = min(k, 40)
    np.testing.assert_allclose(found.distance[:, :kept], np.sort(least, axis=1)[:, :kept])
    assert np.array_equal(found.location[:, :kept], np.argsort(least, axis=1, kind="stable")[:, :kept])
    assert np.isinf(found.distance[:, 40:]).all()
    assert (found.location[:, 40:] == -1).all()
    nearest = items[found.location[:, 0]]
    number = closest_version(queries, nearest, turned)
    assert np.array_equal(number, every[:, np.arange(90), found.location[:, 0]].argmin(0))


def test_without_versions_it_is_the_ordinary_search():
    rng = np.random.default_rng(1)
    items, queries = rng.integers(0, 3, (30, 2)).astype(float), rng.standard_normal((50, 2))
    for one, other in zip(
        vars(VersionedIndex(items, alone).nearest(queries, 7)).values(),
        vars(Index(items).nearest(queries, 7)).values(),
        strict=True,
    ):
        assert np.array_equal(one, other)
    assert np.array_equal(shared_locations(items, alone), locations(items))


def test_items_that_are_versions_of_each_other_share_a_location():
    points = np.array([[1, 2, 3], [4, 4, 5], [3, 2, 1], [2, 3, 1], [0, 0, 0], [-0.0, 0, 0], [9, 8, 7]], dtype=float)
    assert shared_locations(points, turned).tolist() == [0, 1, 0, 0, 2, 2, 3]
