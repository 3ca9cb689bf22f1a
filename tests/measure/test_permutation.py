"""Permuted labels: uniform p-values for what copies nothing, certainty for copies."""

import numpy as np
import pytest
from scipy import stats

from diffmem.measure.chance import chance
from diffmem.measure.permutation import local_share, permutation_test


def judged(seed, *, copies=0.0, noise=0.0, n=200, g=300):
    rng = np.random.default_rng(seed)
    train, test = rng.random((2, n, 2))
    pick = rng.random(g) < copies
    generated = np.where(pick[:, None], train[rng.integers(n, size=g)] + 1e-6, rng.random((g, 2)))
    generated += noise * rng.standard_normal((g, 2))
    asked = dict(ratios=[1.0, 1.5], headline=1.5, permutations=99)
    return permutation_test(train=train, test=test, generated=generated, rng=rng, **asked)


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_p_values_of_a_generator_that_copies_nothing_are_uniform_at_any_quality(noise):
    p = np.array([judged(seed, noise=noise)["p"].to_numpy() for seed in range(80)])
    for column in p.T:
        assert stats.kstest(column, "uniform").pvalue > 0.001
    assert (p <= 0.05).mean(0) == pytest.approx(0.05, abs=0.08)


def test_copies_are_beyond_every_permutation_and_the_mean_permutation_is_chance_for_the_truth():
    table = judged(0, copies=0.5)
    assert (table["p"] == 0.01).all()
    assert table["headline"].tolist() == [False, True]
    tables = [judged(seed) for seed in range(20)]
    level = np.mean([t["permuted"] for t in tables], axis=0)
    assert level == pytest.approx(chance(np.array([1.0, 1.5]), dimension=2), abs=0.02)
    assert all((t["permuted_low"] <= t["permuted"]).all() for t in tables)
    assert all((t["permuted"] <= t["permuted_high"]).all() for t in tables)


def test_the_local_criterion_is_the_share_counted_point_by_point():
    rng = np.random.default_rng(0)
    train = rng.standard_normal((120, 5))
    generated = np.vstack([rng.standard_normal((60, 5)), train[:20] + 1e-3])
    distance = np.sort(np.linalg.norm(generated[:, None] - train, axis=-1), axis=1)
    expected = np.mean(distance[:, 0] < 0.5 * distance[:, :50].mean(1))
    assert 0.25 <= expected < 0.9
    assert local_share(train=train, generated=generated) == pytest.approx(expected)
