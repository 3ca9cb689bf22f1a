"""Overlaps against numerical integration and simulation; what cancels does so exactly."""

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.special import logsumexp

from diffmem import gaussian as normal
from diffmem.measure import densities as de


def mixture(points, width):
    return lambda x: np.exp(-0.5 * ((x - points[:, 0]) / width) ** 2).mean() / (width * np.sqrt(2 * np.pi))


def integral(f):
    return integrate.quad(f, -12, 12, limit=400, points=np.linspace(-3, 3, 13))[0]


def test_overlaps_in_one_dimension_are_the_integrals():
    rng = np.random.default_rng(0)
    points, samples, law = rng.standard_normal((5, 1)), rng.standard_normal((4, 1)), normal.diagonal([0.6])
    width, own = 0.3, 0.5
    a, g = mixture(points, width), stats.norm(0, np.sqrt(0.6)).pdf
    assert de.log_cross(law, points, width=width) == pytest.approx(np.log(integral(lambda x: a(x) * g(x))))
    found = de.log_cross(samples, points, width=width, own=own)
    assert found == pytest.approx(np.log(integral(lambda x: a(x) * mixture(samples, own)(x))))
    assert de.log_self(points, width=width).total == pytest.approx(np.log(integral(lambda x: a(x) ** 2)))


def test_the_sign_of_delta_is_that_of_the_integrals_in_one_dimension():
    law = normal.diagonal([0.6])
    g = stats.norm(0, np.sqrt(0.6)).pdf
    for seed in range(20):
        rng = np.random.default_rng(seed)
        sets = [rng.standard_normal((n, 1)) * 1.1 for n in (3, 6)]
        widths = [de.bandwidth(len(s), scale=1.0, dimension=1) for s in sets]
        a, b = (mixture(s, w) for s, w in zip(sets, widths, strict=True))
        delta = integral(lambda x, a=a: (a(x) - g(x)) ** 2) - integral(lambda x, b=b: (b(x) - g(x)) ** 2)
        p = [de.log_self(s, width=w) for s, w in zip(sets, widths, strict=True)]
        c = [de.log_cross(law, s, width=w) for s, w in zip(sets, widths, strict=True)]
        assert de.delta_l2_sign(*p, *c) == np.sign(delta)


def test_pairs_are_those_of_a_plain_loop_in_blocks_and_far_from_the_origin(monkeypatch):
    rng = np.random.default_rng(1)
    x, y = 1e4 + rng.standard_normal((7, 3)), 1e4 + rng.standard_normal((9, 3))
    plain = [[stats.multivariate_normal(a, 0.2).logpdf(b) for b in y] for a in x]
    expected = logsumexp(plain) - np.log(63)
    monkeypatch.setattr(de, "BLOCK", 2)
    assert de.log_mean_kernel(x, y, variance=0.2) == pytest.approx(expected)
    pairs = [stats.multivariate_normal(a, 0.2).logpdf(b) for i, a in enumerate(x) for j, b in enumerate(x) if i != j]
    assert de.log_mean_kernel(x, x, variance=0.2, distinct=True) == pytest.approx(logsumexp(pairs) - np.log(49))


@pytest.mark.parametrize("generated", ["law", "samples"])
def test_expected_overlaps_are_the_means_over_many_sets(generated):
    rng = np.random.default_rng(2)
    parts = ((0.25, normal.normal([1.0, 0.0], np.eye(2))), (0.75, normal.normal([-1.0, 2.0], np.diag([0.3, 1.0]))))
    one = normal.diagonal([0.5, 0.2]) if generated == "law" else rng.standard_normal((6, 2))
    draw = lambda: np.concatenate([p.sample(k, rng) for k, (_, p) in zip(rng.multinomial(8, [0.25, 0.75]), parts)])  # noqa: B905, E731
    sets = [draw() for _ in range(4000)]
    cross = np.exp([de.log_cross(one, s, width=0.4, own=0.3) for s in sets])
    expected = np.exp(de.log_cross_expected(one, parts, width=0.4, own=0.3))
    assert abs(cross.mean() - expected) < 4.5 * stats.sem(cross)
    own = np.exp([de.log_self(s, width=0.4).total for s in sets])
    assert abs(own.mean() - np.exp(de.log_self_expected(parts, count=8, width=0.4).total)) < 4.5 * stats.sem(own)


def test_in_a_hundred_dimensions_the_sign_survives_what_float32_and_plain_float64_lose():
    """Diagonals are equal and 1e14 times the rest; the sign of Delta is then that of the rest."""
    same = de.Overlap(0.0, -32.0), de.Overlap(1e-14, -33.0)
    assert de.delta_l2_sign(*same, -45.0, -45.1) == 1
    assert de.delta_l2_sign(*same, -31.0, -45.1) == -1
    assert de.delta_l2_sign(de.Overlap(0.0, -32.0), de.Overlap(0.5, -33.0), -45.0, -45.1) == -1


def test_the_scale_free_form_is_zero_for_the_same_set_and_changes_sign_with_the_sets():
    rng = np.random.default_rng(3)
    one, other = rng.standard_normal((2, 6, 5))
    law = normal.diagonal(np.ones(5))
    p = [de.log_self(s, width=0.7) for s in (one, other)]
    c = [de.log_cross(law, s, width=0.7) for s in (one, other)]
    assert de.delta_cs(p[0], p[0], c[0], c[0]) == 0
    assert de.delta_cs(*p, *c) == pytest.approx(-de.delta_cs(*p[::-1], *c[::-1]))
    angle = [-(x - y.total / 2) for x, y in zip(c, p, strict=True)]
    assert de.delta_cs(*p, *c) == pytest.approx(angle[0] - angle[1])


def test_a_generator_made_of_the_training_kernels_is_nearer_to_them_by_both_forms():
    rng = np.random.default_rng(4)
    train, other = rng.standard_normal((2, 30, 6))
    width = de.bandwidth(30, scale=1.0, dimension=6)
    p = [de.log_self(s, width=width) for s in (train, other)]
    c = [de.log_cross(train, s, width=width, own=width) for s in (train, other)]
    assert de.delta_cs(*p, *c) < 0
    assert de.delta_l2_sign(*p, *c) == -1


def test_the_capacity_bandwidth_is_the_closed_form_of_isotropic_data_and_solves_its_equation_for_others():
    for n, d in ((2, 1), (100, 16), (100, 100)):
        assert de.capacity_bandwidth(n, np.ones(d)) == pytest.approx(1 / np.sqrt(n ** (2 / d) - 1))
    variances = np.array([3.0, 1.0, 0.1, 0.0])
    width = de.capacity_bandwidth(50, variances)
    assert 0.5 * np.log1p(variances / width**2).sum() == pytest.approx(np.log(50))
    assert de.capacity_bandwidth(100, np.ones(100)) ** 2 == pytest.approx(10.36, abs=0.01)
    assert de.bandwidth(100, scale=1.0, dimension=100) ** 2 == pytest.approx(0.912, abs=1e-3)


def test_bandwidths_that_are_none_are_refused_in_a_sentence():
    with pytest.raises(ValueError, match="bandwidth = 0: must be positive"):
        de.bandwidth(5, scale=0.0, dimension=2)
    with pytest.raises(ValueError, match="bandwidth = -1"):
        de.bandwidth(1, scale=1.0, dimension=2, factor=-1)
    with pytest.raises(ValueError, match="n = 1: a single point"):
        de.capacity_bandwidth(1, np.ones(3))
