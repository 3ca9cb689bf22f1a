"""The closed forms of the onset study against simulation: (3) within five percent, the others within its error."""

import numpy as np
import pytest
import torch
from scipy import integrate, stats
from scipy.optimize import linear_sum_assignment

from diffmem import gaussian as normal
from diffmem.diffusion import linear_model as linear
from diffmem.diffusion.optimum import optimum
from diffmem.measure import densities, distances
from diffmem.measure.chance import chance
from diffmem.studies.onset import theory


def within(values, expected, errors=4.5):
    """Whether the mean of simulated ``values`` is what is expected, within its Monte-Carlo error."""
    return abs(np.mean(values) - expected) < errors * stats.sem(values)


def within_five_percent(values, expected):
    """For a limit of many dimensions: five percent beside the Monte-Carlo error."""
    return abs(np.mean(values) - expected) < 0.05 * abs(expected) + 3 * stats.sem(values)


def fits(n, d, count=200, seed=0, covariance=None):
    rng = np.random.default_rng(seed)
    root = np.eye(d) if covariance is None else np.linalg.cholesky(covariance)
    for _ in range(count):
        points = rng.standard_normal((n, d)) @ root.T
        yield points, normal.fitted(points), rng


# --- (1), (2) ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spectrum", ["isotropic", "power"])
@pytest.mark.parametrize(("n", "d"), [(10, 4), (60, 16)])
def test_kl_of_a_gaussian_fit_in_both_directions_whatever_the_covariance(n, d, spectrum):
    covariance = np.eye(d) if spectrum == "isotropic" else np.diag(np.arange(1, d + 1) ** -2.0)
    truth = normal.normal(np.zeros(d), covariance)
    found = [(distances.kl(g, truth), distances.kl(truth, g)) for _, g, _ in fits(n, d, covariance=covariance)]
    forward, backward = np.transpose(found)
    assert within(forward, theory.fit_kl(n, d))
    assert within(backward, theory.fit_reverse_kl(n, d))


def test_kl_of_a_gaussian_fit_has_its_limit_and_its_divergence():
    assert theory.fit_kl(20_000, 10_000) / 10_000 == pytest.approx(theory.fit_kl_limit(2), rel=1e-3)
    assert theory.fit_kl_limit(100) == pytest.approx(1 / 400, rel=0.01)
    assert theory.fit_kl(100, 100) == theory.fit_reverse_kl(102, 100) == theory.fit_nll_gap(102, 100) == np.inf
    assert (theory.fit_kl(200, 100), theory.fit_reverse_kl(200, 100)) == pytest.approx((15.8, 36.4), rel=0.02)


@pytest.mark.parametrize(("n", "d"), [(12, 4), (60, 16)])
def test_the_gap_between_test_and_training_likelihood(n, d):
    gaps = [distances.nll_gap(g, train=p, test=r.standard_normal((n, d))) for p, g, r in fits(n, d)]
    assert within(gaps, theory.fit_nll_gap(n, d))
    assert theory.fit_nll_gap(400, 100) == pytest.approx(17.25, abs=0.02)


# --- (3) --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lambda_", "n"), [(1.0, 110), (1.0, 125), (1.0, 200), (1.0, 400), (1.0, 1600), (0.1, 150)])
def test_the_one_step_model_in_a_hundred_dimensions_within_five_percent(lambda_, n):
    d, sigma = 100, linear.noise_level(lambda_=lambda_, time=2.0)
    rng, truth, g = np.random.default_rng(n), normal.diagonal(np.ones(100)), theory.bias(sigma)
    laws = [linear.one_step(*rng.standard_normal((2, n, d)), sigma=sigma) for _ in range(150 if n <= 150 else 10)]
    trace, shift, volume = theory.one_step_moments(n, d, g=g)
    assert within_five_percent([law.variances.mean() for law in laws], trace)
    assert within_five_percent([np.square(law.mean).sum() / d for law in laws], shift)
    assert within_five_percent([np.log(law.variances).mean() for law in laws], volume)
    assert within_five_percent([distances.kl(law, truth) for law in laws], theory.one_step_kl(n, d, g=g))


def test_the_one_step_model_falls_from_n_equal_d_to_its_bias():
    g = theory.bias(linear.noise_level(lambda_=1.0, time=2.0))
    curve = [theory.one_step_kl(n, 100, g=g) for n in (102, 103, 110, 200, 400, 1600, 10**6)]
    assert curve[0] == np.inf
    assert (np.diff(curve[1:]) < 0).all()
    assert curve[-1] / 100 == pytest.approx((g - 1 - np.log(g)) / 2, rel=1e-3)


# --- (4), (5) ---------------------------------------------------------------------------------------------------------


def test_the_overlap_with_many_points_of_the_truth_and_their_self_overlap_in_closed_form():
    d, n, rng = 16, 2000, np.random.default_rng(3)
    g = linear.one_step(*rng.standard_normal((2, 40, d)), sigma=1.0)
    width, unit = densities.bandwidth(n, scale=1.0, dimension=d), densities.log_unit(scale=1.0, dimension=d)
    widened = g.covariance + (1 + width**2) * np.eye(d)
    by_hand = d / 2 * np.log(2) - np.linalg.slogdet(widened)[1] / 2 - g.mean @ np.linalg.solve(widened, g.mean) / 2
    truth = ((1.0, normal.diagonal(np.ones(d))),)
    assert densities.log_cross_expected(g, truth, width=width) - unit == pytest.approx(by_hand)
    sets = rng.standard_normal((30, n, d))
    assert within([np.exp(densities.log_cross(g, s, width=width) - unit) for s in sets], np.exp(by_hand))
    expected = 1 + (n - 1) * (1 + n ** (2 / d)) ** (-d / 2)
    found = densities.log_self_expected(truth, count=n, width=width).total - unit
    assert np.exp(found) == pytest.approx(expected)
    assert within([np.exp(densities.log_self(s, width=width).total - unit) for s in sets[:20]], expected)


def test_the_larger_set_seems_nearer_to_a_generator_that_knows_neither():
    d, n, many, g, rng = 10, 30, 2000, 0.5, np.random.default_rng(4)
    widths = [densities.bandwidth(k, scale=1.0, dimension=d) for k in (n, many)]
    law = normal.diagonal(np.full(d, g))
    sets = [[rng.standard_normal((k, d)) for _ in range(400)] for k in (n, many)]
    train, other = (
        [np.exp(densities.log_cross(law, s, width=w)) for s in ss] for ss, w in zip(sets, widths, strict=True)
    )
    artefact = theory.bandwidth_artefact(g=g, d=d, width_train=widths[0], width_other=widths[1])
    assert within(np.array(other) - np.exp(artefact) * np.array(train), 0)
    assert artefact > 0
    assert theory.bandwidth_artefact(g=g, d=2000, width_train=n ** (-1 / 2000), width_other=many ** (-1 / 2000)) == (
        pytest.approx(np.log(many / n) / (2 + g), rel=0.01)
    )


# --- (6), (7) ---------------------------------------------------------------------------------------------------------


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
def test_the_empirical_score_collapses_near_the_predicted_level(n, d, factor):
    """The own weight is one half at about 1.13 times the squared noise over signal of the large-d formula."""
    square = theory.collapse_level(n, d) ** 2
    assert square == pytest.approx({(256, 16): 1.0, (1024, 16): 0.73, (1000, 100): 6.75}[n, d], rel=0.01)
    assert own_weight(n, d, np.sqrt(square * factor), queries=1000 if d < 100 else 300) == pytest.approx(0.5, abs=0.12)
    assert own_weight(n, d, np.sqrt(square / 3)) > 0.95
    assert own_weight(n, d, np.sqrt(square * 3)) < 0.05


def test_the_optimum_gives_the_weight_that_the_collapse_is_defined_by():
    points = torch.from_numpy(np.random.default_rng(1).standard_normal((50, 3)))
    query, sigma = points[0] + 0.1, 0.2
    weight = torch.softmax(-(query - points).square().sum(1) / (2 * sigma**2), 0)
    found = optimum(points)(query.view(1, 1, 3), torch.full((1, 1), sigma, dtype=torch.float64))
    np.testing.assert_allclose(found[0, 0], weight @ points)


def test_collapse_in_other_units():
    for n, d in ((10, 2), (1000, 100)):
        assert theory.collapse_level(n, d) == pytest.approx(densities.capacity_bandwidth(n, np.ones(d)))
        assert np.sqrt(np.expm1(2 * theory.collapse_time(n, d))) == pytest.approx(theory.collapse_level(n, d))


def test_neighbour_ratios_of_gaussian_data():
    """In 16 dimensions the local formula with the ambient dimension is too small; the quadrature is not."""
    n, d, rng = 500, 16, np.random.default_rng(5)
    found = {r: [] for r in (1.0, 1.1, 1.25, 1.5)}
    for _ in range(60):
        train, test, fresh = rng.standard_normal((3, n, d))
        near = [np.sqrt(np.maximum(_squares(fresh, s).min(1), 0)) for s in (train, test)]
        for r, values in found.items():
            values.append((near[1] > r * near[0]).mean())
    for r, values in found.items():
        assert within(values, theory.neighbour_null(r, n=n, held_out=n, d=d))
    assert theory.neighbour_null(1.0, n=300, held_out=100, d=5) == pytest.approx(0.75, abs=2e-3)
    assert theory.neighbour_null(1.25, n=n, held_out=n, d=d) > 1.4 * chance(1.25, dimension=16, rho=1)


@pytest.mark.parametrize(("q", "share"), [(2, 1 / 3), (5, 2 / 3)])
def test_the_ratio_of_the_two_nearest_distances_is_a_power_on_the_torus(q, share):
    rng = np.random.default_rng(6)
    hits = []
    for _ in range(100):
        points, queries = rng.random((400, q)), rng.random((100, q))
        gaps = np.abs(queries[:, None] - points)
        distance = np.sort(np.linalg.norm(np.minimum(gaps, 1 - gaps), axis=2), 1)
        hits.append((distance[:, 0] < share * distance[:, 1]).mean())
    assert within(hits, share**q)


def _squares(x, y):
    return np.square(x).sum(1)[:, None] + np.square(y).sum(1) - 2 * x @ y.T


# --- (8) to (10) ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [25, 100, 400])
def test_two_fits_on_disjoint_sets_agree_as_predicted(n):
    d, rng = 100, np.random.default_rng(7)
    found = []
    for _ in range(12):
        images = []
        noise = rng.standard_normal((d, 50))
        for _ in range(2):
            law = normal.fitted(rng.standard_normal((n, d)))
            images.append((law.axes * np.sqrt(law.variances)) @ law.axes.T @ noise)
        one, other = images
        found.append(((one * other).sum(0) / np.linalg.norm(one, axis=0) / np.linalg.norm(other, axis=0)).mean())
    assert np.mean(found) == pytest.approx(theory.fit_cosine(n, d), abs=0.006)


def test_gelbrichs_distance_of_many_points_is_the_transport_cost_of_the_best_linear_map():
    rng = np.random.default_rng(8)
    g, o = normal.normal([1.0, 0.0], [[1.0, 0.6], [0.6, 2.0]]), normal.diagonal([0.5, 3.0])
    x, y = g.sample(1000, rng), o.sample(1000, rng)
    costs = np.square(x[:, None] - y).sum(2)
    cost = costs[linear_sum_assignment(costs)].mean()
    assert cost == pytest.approx(distances.squared_wasserstein(g, o), rel=0.08)


@pytest.mark.parametrize("sigma", [0.3, 1.0, 3.0])
def test_no_denoiser_of_gaussian_data_beats_the_linear_one(sigma):
    rng = np.random.default_rng(9)
    x = rng.standard_normal((1, 20_000, 3))
    noisy = torch.from_numpy(x + sigma * rng.standard_normal(x.shape))
    level = torch.full((1, 1), sigma, dtype=torch.float64)
    loss = np.square(linear.denoiser(normal.diagonal(np.ones(3)))(noisy, level).numpy() - x).mean(2)[0]
    assert within(loss, theory.denoising_loss(sigma))
    assert theory.denoising_loss(0.3) == pytest.approx(0.0826, abs=1e-4)


@pytest.mark.parametrize("gamma", [0.2, 0.9, 3.0])
def test_integrals_over_the_marchenko_pastur_law(gamma):
    """Mean 1, mean square 1 + gamma, the mass that is not at zero, and a plain quadrature of the density."""
    assert theory.marchenko_pastur(lambda w: w, gamma) == pytest.approx(1)
    assert theory.marchenko_pastur(np.square, gamma) == pytest.approx(1 + gamma)
    assert theory.marchenko_pastur(np.ones_like, gamma) == pytest.approx(min(1, 1 / gamma), rel=1e-3)
    low, high = (1 - np.sqrt(gamma)) ** 2, (1 + np.sqrt(gamma)) ** 2
    density = lambda w: np.sqrt((high - w) * (w - low)) / (2 * np.pi * gamma * w)  # noqa: E731
    plain = integrate.quad(lambda w: np.sqrt(w) * density(w), low, high)[0]
    assert theory.marchenko_pastur(np.sqrt, gamma) == pytest.approx(plain, rel=1e-4)
