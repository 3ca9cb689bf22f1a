"""Criteria against closed forms and numbers found by hand."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from diffmem.measure.auditing import net_copied_fractions
from diffmem.measure.chance import chance
from diffmem.studies.calibration.criteria import (
    apply_criteria,
    apply_to_distances,
    compare_with_held_out,
    find_distances,
)


def gaussians(count, *, seed, dimension=5):
    return np.random.default_rng(seed).standard_normal((count, dimension))


def on_a_line(train, test, generated):
    sets = (np.array(points, dtype=float)[:, None] for points in (train, test, generated))
    return find_distances(**dict(zip(("train", "test", "generated"), sets, strict=True)))


def test_raw_closer_and_third_by_hand():
    """Points at 1 and 28 are closer to training, 21 is by 1.5 times only with r < 8, and 0 is a copy."""
    distances = replace(on_a_line([0, 20, 30, 50], [6, 29], [1, 21, 28, 0]), dimension=2.0)
    assert distances.rho == 2
    results = apply_to_distances(distances)
    # d_train 1, 1, 2, 0; d_test 5, 8, 1, 6; second 19, 9, 8, 20
    for criterion, hits, level in [
        ("raw 1.5", 3, 2 / (2 + 1.5**2)),
        ("raw 2", 3, 2 / (2 + 2**2)),
        ("closer", 3, 2 / 3),
        ("third", 4, 1 / 9),
    ]:
        result = results[criterion]
        assert result.estimate == pytest.approx((hits / 4 - level) / (1 - level))
        assert result.p_value == pytest.approx(stats.binom.sf(hits - 1, 4, level))
        assert result.copies == (result.p_value < 0.05)
        low, high = stats.binomtest(hits, 4).proportion_ci(method="wilson")
        assert (result.low, result.high) == pytest.approx(((low - level) / (1 - level), (high - level) / (1 - level)))


def test_authenticity_by_hand():
    """Spacings 2, 2, 7; d_1 of generated points 0, 1, 3 at locations 0, 2, 9; of held-out ones 4, 11."""
    result = apply_to_distances(on_a_line([0, 2, 9], [-4, 20], [0, 3, 12]))["authenticity"]
    assert result.estimate == 1  # of three, all inauthentic; of two held-out points, none
    assert result.p_value == pytest.approx(stats.norm.sf(1 / np.sqrt(0.6 * 0.4 * (1 / 3 + 1 / 2))))
    assert result.copies


def test_the_two_sample_rule_is_the_uncorrected_chi_square_test():
    copies, held_out = np.arange(30) < 14, np.arange(50) < 11
    table = [[14, 16], [11, 39]]
    p = stats.chi2_contingency(table, correction=False).pvalue / 2
    assert compare_with_held_out(copies, held_out).p_value == pytest.approx(p)


def test_rank_counts_pairs():
    distances = on_a_line([0, 10], [3, 4, 15], [1, 12, 13.5, 10])
    generated, held_out = distances.generated.distance[:, 0], distances.held_out.distance[:, 0]
    farther = np.mean([(g > h) + 0.5 * (g == h) for g in generated for h in held_out])
    assert apply_to_distances(distances)["rank"].estimate == pytest.approx(1 - 2 * farther)


def test_net_is_the_packages_own_audit():
    sets = dict(zip(("train", "test", "generated"), np.random.default_rng(1).standard_normal((3, 40, 1)), strict=True))
    results = apply_criteria(**sets, permutations=20, rng=np.random.default_rng(0))
    for row in net_copied_fractions(**sets, seed=0, permutations=20).itertuples():
        result = results[f"net-score {row.ratio:g}"]
        assert (result.estimate, result.low, result.high) == pytest.approx((row.net, row.net_low, row.net_high))
        assert result.copies == (row.net_low > 0)


def test_all_criteria_find_an_exact_copier():
    train, test = gaussians(300, seed=0, dimension=10), gaussians(300, seed=1, dimension=10)
    generated = train[np.random.default_rng(2).integers(300, size=200)]
    results = apply_criteria(train=train, test=test, generated=generated, permutations=30, rng=np.random.default_rng(3))
    assert all(result.copies for result in results.values())
    assert [result.estimate for result in results.values()] == pytest.approx([1] * len(results))


def test_the_local_criterion_has_no_estimate_where_it_calls_every_held_out_point_a_copy():
    train, test, points = gaussians(200, seed=0), gaussians(200, seed=1), gaussians(50, seed=2)
    copies = find_distances(train=train, test=test, generated=train).generated
    distances = find_distances(train=train, test=test, generated=points)
    result = apply_to_distances(replace(distances, held_out=copies))["local"]
    assert np.isnan(result.estimate)
    assert not result.copies


def test_raw_takes_chance_from_the_dimension_of_the_held_out_points():
    train, test, points = (gaussians(400, seed=seed) for seed in range(3))
    distances = find_distances(train=train, test=test, generated=points)
    assert distances.dimension == pytest.approx(5, rel=0.2)
    share = np.mean(1.5 * distances.generated.distance[:, 0] < distances.test)
    level = chance(1.5, dimension=distances.dimension)
    assert apply_to_distances(distances)["raw 1.5"].estimate == pytest.approx((share - level) / (1 - level))
