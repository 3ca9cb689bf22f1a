"""Outlier clusters lie where they say and as clear as they say; near duplicates have the jitter that was asked for."""

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import pdist

from diffmem.data.injection import CLEAR, near_duplicates, outliers
from diffmem.data.toy import moons

SETTINGS = dict(count=4000, clusters=1, distance=2.0, spread=0.1)


def inliers(count=1000, seed=0):
    return moons(count, np.random.default_rng(seed), noise=0.03)


def standardised(points, reference):
    return (points - reference.mean(0)) / reference.std(0)


def clusters_of(points, clusters):
    """Rows of every cluster: they are dealt out in turn."""
    return [points[i::clusters] for i in range(clusters)]


@pytest.mark.parametrize(("clusters", "distance", "spread"), [(1, 2.0, 0.1), (3, 5.0, 0.3), (4, 3.0, 0.01)])
def test_a_cluster_is_gaussian_at_its_distance_with_its_spread(clusters, distance, spread):
    x = inliers()
    made = outliers(x, np.random.default_rng(1), count=4000, clusters=clusters, distance=distance, spread=spread)
    centres = []
    for cloud in clusters_of(standardised(made.points, x), clusters):
        centre = cloud.mean(0)
        assert np.linalg.norm(centre) == pytest.approx(distance, abs=5 * spread / np.sqrt(len(cloud)))
        assert stats.kstest(((cloud - centre) / spread).ravel(), "norm").pvalue > 1e-3
        centres.append(centre)
    assert pdist(centres).min(initial=np.inf) > 0.9 * CLEAR * spread


@pytest.mark.parametrize("clusters", [1, 2, 5])
@pytest.mark.parametrize("seed", range(3))
def test_the_clearance_is_the_smallest_distance_of_a_centre_to_any_inlier_or_other_centre(clusters, seed):
    """Brute force; the centres are recovered to 1e-9 by asking for a spread of nearly nothing."""
    x, spread = inliers(300, seed), 1e-9
    made = outliers(x, np.random.default_rng(seed), count=clusters, clusters=clusters, distance=1.8, spread=spread)
    centres, occupied, nearest = standardised(made.points, x), standardised(x, x), np.inf
    for centre in centres:
        nearest = min(nearest, np.linalg.norm(occupied - centre, axis=1).min())
        occupied = np.vstack([occupied, centre])
    assert made.clearance * spread == pytest.approx(nearest, abs=1e-7)


@pytest.mark.parametrize("distance", [2.0, 3.0, 10.0])
def test_clusters_that_can_be_clear_are(distance):
    x = inliers()
    made = outliers(x, np.random.default_rng(3), **{**SETTINGS, "distance": distance, "clusters": 3})
    assert made.clearance >= CLEAR
    nearest = np.linalg.norm(standardised(x, x)[:, None] - standardised(made.points[:300], x)[None], axis=2).min(0)
    assert np.mean(nearest > 0.5 * SETTINGS["spread"]) > 0.95


def test_where_nothing_is_clear_the_clearest_direction_is_taken_and_its_clearance_told():
    """Inliers on a circle with one gap: a cluster too wide to be clear goes to the gap."""
    angle = np.linspace(0.6, 2 * np.pi - 0.6, 500)
    x = np.column_stack([np.cos(angle), np.sin(angle)])
    made = outliers(x, np.random.default_rng(4), count=20, clusters=1, distance=1.4, spread=1.0)
    around = np.linspace(0, 2 * np.pi, 2000)
    directions = 1.4 * np.column_stack([np.cos(around), np.sin(around)])
    clearances = np.linalg.norm(standardised(x, x)[:, None] - directions[None], axis=2).min(0)
    assert clearances.max() < CLEAR
    assert made.clearance == pytest.approx(clearances.max(), abs=0.01)
    assert np.median(clearances) < clearances.max() / 2, "most directions are worse"


def test_cluster_sizes_differ_by_at_most_one():
    x = inliers(200)
    made = outliers(x, np.random.default_rng(5), **{**SETTINGS, "count": 23, "clusters": 4, "spread": 1e-6})
    _, sizes = np.unique(np.round(made.points, 3), axis=0, return_counts=True)
    assert sorted(sizes) == [5, 6, 6, 6]


def test_directions_are_random():
    x = np.random.default_rng(6).standard_normal((500, 2))
    angles = []
    for seed in range(200):
        made = outliers(x, np.random.default_rng(seed), **{**SETTINGS, "count": 1, "distance": 9, "spread": 1e-3})
        angles.append(np.arctan2(*standardised(made.points, x)[0]))
    assert stats.kstest(angles, stats.uniform(-np.pi, 2 * np.pi).cdf).pvalue > 1e-3


@pytest.mark.parametrize("dimension", [2, 20])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_lengths_follow_the_inliers_own_scale(dimension, scale):
    x = np.random.default_rng(7).standard_normal((300, dimension)) * np.linspace(1, 5, dimension)
    one, other = (outliers(y, np.random.default_rng(8), **{**SETTINGS, "count": 10}) for y in (x, x * scale + 7))
    assert np.allclose(one.points * scale + 7, other.points, rtol=1e-9)
    assert one.clearance == pytest.approx(other.clearance, rel=1e-6)


@pytest.mark.parametrize("value", [0.1, 0.7])
def test_a_feature_of_equal_numbers_changes_nothing(value):
    """The standard deviation of 1,000 times .1 is 1.4e-17."""
    x = inliers()
    one, other = (
        outliers(np.column_stack([x, np.full(len(x), v)]), np.random.default_rng(1), **{**SETTINGS, "clusters": 5})
        for v in (0.0, value)
    )
    assert np.allclose(one.points[:, :2], other.points[:, :2], atol=1e-12)
    assert other.points[:, 2] == pytest.approx(value)
    assert other.clearance == pytest.approx(one.clearance)


@pytest.mark.parametrize("dimension", [1, 2, 10])
@pytest.mark.parametrize("jitter", [0.01, 0.1, 2.0])
def test_the_jitter_of_near_duplicates_is_its_rms_length_in_spacings(dimension, jitter):
    x = np.random.default_rng(9).standard_normal((60, dimension))
    originals, copies = x[:30], 200
    made = near_duplicates(originals, np.random.default_rng(10), inliers=x, copies=copies, jitter=jitter)
    apart = np.linalg.norm(originals[:, None] - x[None], axis=2)
    spacing = np.where(apart > 0, apart, np.inf).min(1)
    length = np.linalg.norm(made.reshape(copies, 30, dimension) - originals, axis=2) / spacing
    # the squared length is jitter^2 chi2(d) / d, of relative deviation sqrt(2 / d)
    assert np.mean(length**2) == pytest.approx(jitter**2, rel=5 * np.sqrt(2 / dimension / length.size))
    assert stats.kstest(length.ravel() ** 2 * dimension / jitter**2, stats.chi2(dimension).cdf).pvalue > 1e-3


def test_the_jitter_of_the_copies_is_independent():
    x = np.random.default_rng(11).standard_normal((40, 2))
    made = near_duplicates(x, np.random.default_rng(12), inliers=x, copies=2, jitter=0.5).reshape(2, 40, 2) - x
    assert abs(np.corrcoef(made[0].ravel(), made[1].ravel())[0, 1]) < 4 / np.sqrt(80)
