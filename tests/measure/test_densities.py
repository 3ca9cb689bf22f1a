"""Overlaps against numerical integration and simulation; what cancels does so exactly."""

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.special import logsumexp

from diffmem import gaussian as normal
from diffmem.measure import densities as de


def mixture(points, width):
    return lambda x: np.exp(-0.5 * ((x - points[:, 0]) / width) ** 2).mean() / (width * np.sqrt(2 * np.pi))


def within(values, expected, errors=4.5):
    """Whether the mean of simulated ``values`` is what is expected, within its Monte-Carlo error."""
    return abs(np.mean(values) - expected) < errors * stats.sem(values)


def overlaps(generated, sets, widths, own=0.0):
    return [de.overlaps(generated, s, width=w, sample_width=own) for s, w in zip(sets, widths, strict=True)]


def integral(f):
    return integrate.quad(f, -12, 12, limit=400, points=np.linspace(-3, 3, 13))[0]


def test_overlaps_in_one_dimension_are_the_integrals():
    rng = np.random.default_rng(0)
    points, samples, law = rng.standard_normal((5, 1)), rng.standard_normal((4, 1)), normal.diagonal([0.6])
    width, own = 0.3, 0.5
    a, g = mixture(points, width), stats.norm(0, np.sqrt(0.6)).pdf
    assert de.log_cross(law, points, width=width) == pytest.approx(np.log(integral(lambda x: a(x) * g(x))))
    found = de.log_cross(samples, points, width=width, sample_width=own)
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
        assert de.delta_l2_sign(*overlaps(law, sets, widths)) == np.sign(delta)


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
    cross = np.exp([de.log_cross(one, s, width=0.4, sample_width=0.3) for s in sets])
    expected = np.exp(de.log_cross_expected(one, parts, width=0.4, sample_width=0.3))
    assert abs(cross.mean() - expected) < 4.5 * stats.sem(cross)
    own = np.exp([de.log_self(s, width=0.4).total for s in sets])
    assert abs(own.mean() - np.exp(de.log_self_expected(parts, count=8, width=0.4).total)) < 4.5 * stats.sem(own)


def test_in_a_hundred_dimensions_the_sign_survives_what_float32_and_plain_float64_lose():
    """Diagonals are equal and 1e14 times the rest; the sign of Delta is then that of the rest."""

    def sign(diagonal, c_train):
        train = de.Overlaps(de.SelfOverlap(0.0, -32.0), c_train)
        return de.delta_l2_sign(train, de.Overlaps(de.SelfOverlap(diagonal, -33.0), -45.1))

    assert sign(1e-14, -45.0) == 1
    assert sign(1e-14, -31.0) == -1
    assert sign(0.5, -45.0) == -1


def test_the_scale_free_form_is_zero_for_the_same_set_and_changes_sign_with_the_sets():
    rng = np.random.default_rng(3)
    one, other = rng.standard_normal((2, 6, 5))
    first, second = overlaps(normal.diagonal(np.ones(5)), (one, other), (0.7, 0.7))
    assert de.delta_cs(first, first) == 0
    assert de.delta_cs(first, second) == pytest.approx(-de.delta_cs(second, first))
    angle = [-(c - p.total / 2) for p, c in (first, second)]
    assert de.delta_cs(first, second) == pytest.approx(angle[0] - angle[1])


def test_a_generator_made_of_the_training_kernels_is_nearer_to_them_by_both_forms():
    rng = np.random.default_rng(4)
    train, other = rng.standard_normal((2, 30, 6))
    width = de.bandwidth(30, scale=1.0, dimension=6)
    pair = overlaps(train, (train, other), (width, width), own=width)
    assert de.delta_cs(*pair) < 0
    assert de.delta_l2_sign(*pair) == -1


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


def test_the_overlap_with_many_points_of_the_truth_and_their_self_overlap_in_closed_form():
    d, n, rng = 16, 2000, np.random.default_rng(3)
    g = normal.fit_normal(rng.standard_normal((40, d)))
    width, unit = de.bandwidth(n, scale=1.0, dimension=d), de.log_unit(scale=1.0, dimension=d)
    widened = g.covariance + (1 + width**2) * np.eye(d)
    by_hand = d / 2 * np.log(2) - np.linalg.slogdet(widened)[1] / 2 - g.mean @ np.linalg.solve(widened, g.mean) / 2
    truth = ((1.0, normal.diagonal(np.ones(d))),)
    assert de.log_cross_expected(g, truth, width=width) - unit == pytest.approx(by_hand)
    sets = rng.standard_normal((30, n, d))
    assert within([np.exp(de.log_cross(g, s, width=width) - unit) for s in sets], np.exp(by_hand))
    expected = 1 + (n - 1) * (1 + n ** (2 / d)) ** (-d / 2)
    found = de.log_self_expected(truth, count=n, width=width).total - unit
    assert np.exp(found) == pytest.approx(expected)
    assert within([np.exp(de.log_self(s, width=width).total - unit) for s in sets[:20]], expected)


def bandwidth_artefact(g, d, train_width, truth_width):
    """log c_O - log c_T for N(0, g I), which knows neither set: the set with the smaller kernels seems nearer."""
    return d / 2 * np.log((1 + g + train_width**2) / (1 + g + truth_width**2))


def test_the_larger_set_seems_nearer_to_a_generator_that_knows_neither():
    d, n, many, g, rng = 10, 30, 2000, 0.5, np.random.default_rng(4)
    widths = [de.bandwidth(k, scale=1.0, dimension=d) for k in (n, many)]
    law = normal.diagonal(np.full(d, g))
    sets = [[rng.standard_normal((k, d)) for _ in range(400)] for k in (n, many)]
    train, other = ([np.exp(de.log_cross(law, s, width=w)) for s in ss] for ss, w in zip(sets, widths, strict=True))
    artefact = bandwidth_artefact(g, d, *widths)
    assert within(np.array(other) - np.exp(artefact) * np.array(train), 0)
    assert artefact > 0
    assert bandwidth_artefact(g, 2000, n ** (-1 / 2000), many ** (-1 / 2000)) == (
        pytest.approx(np.log(many / n) / (2 + g), rel=0.01)
    )


def own_weight(n, d, sigma, queries=80, seed=0):
    """Median weight that the exact empirical score gives to the point that a noisy query came from."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(queries):
        points = rng.standard_normal((n, d))
        logits = -np.square(points[0] + sigma * rng.standard_normal(d) - points).sum(1) / (2 * sigma**2)
        found.append(1 / np.exp(logits - logits[0]).sum())
    return np.median(found)


@pytest.mark.parametrize(("n", "d", "factor"), [(256, 16, 1.13), (1024, 16, 1.12), (1000, 100, 1.13)])
def test_the_empirical_score_collapses_near_the_capacity_bandwidth(n, d, factor):
    """The own weight is one half at about 1.13 times the square of the capacity bandwidth, a large-d formula."""
    square = de.capacity_bandwidth(n, np.ones(d)) ** 2
    assert square == pytest.approx({(256, 16): 1.0, (1024, 16): 0.73, (1000, 100): 6.75}[n, d], rel=0.01)
    assert own_weight(n, d, np.sqrt(square * factor), queries=1000 if d < 100 else 300) == pytest.approx(0.5, abs=0.12)
    assert own_weight(n, d, np.sqrt(square / 3)) > 0.95
    assert own_weight(n, d, np.sqrt(square * 3)) < 0.05
