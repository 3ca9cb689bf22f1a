"""The closed forms of the onset study against simulation: (3) within five percent, the others within its error."""

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.special import digamma

from diffmem import gaussian as normal
from diffmem.diffusion import linear_model as linear
from diffmem.measure import distances
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
        yield points, normal.fit_normal(points), rng


# --- (1), (2) ---------------------------------------------------------------------------------------------------------


def fit_reverse_kl(n, d):
    """E KL(O || G) of the Gaussian fit, n > d + 2, from the same moments of a Wishart matrix as (1) and (2)."""
    log_determinant = digamma((n - 1 - np.arange(d)) / 2).sum() - d * np.log((n - 1) / 2)
    return ((1 + 1 / n) * (n - 1) * d / (n - d - 2) - d + log_determinant) / 2


def fit_kl_limit(ratio):
    """(1) over d for many dimensions and n = ``ratio`` d, ratio > 1."""
    gamma = 1 / ratio
    return (1 + (1 - gamma) / gamma * np.log1p(-gamma)) / 2


@pytest.mark.parametrize("spectrum", ["isotropic", "power"])
@pytest.mark.parametrize(("n", "d"), [(10, 4), (60, 16)])
def test_kl_of_a_gaussian_fit_in_both_directions_for_any_covariance(n, d, spectrum):
    covariance = np.eye(d) if spectrum == "isotropic" else np.diag(np.arange(1, d + 1) ** -2.0)
    truth = normal.normal(np.zeros(d), covariance)
    found = [(distances.kl(g, truth), distances.kl(truth, g)) for _, g, _ in fits(n, d, covariance=covariance)]
    forward, backward = np.transpose(found)
    assert within(forward, theory.fit_kl(n, d))
    assert within(backward, fit_reverse_kl(n, d))


def test_kl_of_a_gaussian_fit_has_its_limit_and_its_divergence():
    assert theory.fit_kl(20_000, 10_000) / 10_000 == pytest.approx(fit_kl_limit(2), rel=1e-3)
    assert theory.fit_kl(1_000_000, 10_000) / 10_000 == pytest.approx(1 / 400, rel=0.01)
    assert theory.fit_kl(100, 100) == theory.fit_nll_gap(102, 100) == np.inf
    assert theory.fit_kl(200, 100) == pytest.approx(15.8, rel=0.02)


@pytest.mark.parametrize(("n", "d"), [(12, 4), (60, 16)])
def test_the_gap_between_test_and_training_likelihood(n, d):
    gaps = [distances.nll_gap(g, train=p, test=r.standard_normal((n, d))) for p, g, r in fits(n, d)]
    assert within(gaps, theory.fit_nll_gap(n, d))
    assert theory.fit_nll_gap(400, 100) == pytest.approx(17.25, abs=0.02)


# --- (3) --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lambda_", "n"), [(1.0, 110), (1.0, 125), (1.0, 200), (1.0, 400), (1.0, 1600), (0.1, 150)])
def test_the_one_step_model_in_a_hundred_dimensions_within_five_percent(lambda_, n):
    d, sigma = 100, linear.noise_level(generalization=lambda_, time=2.0)
    rng, truth, g = np.random.default_rng(n), normal.diagonal(np.ones(100)), theory.limit_variance(sigma)
    laws = [linear.one_step(*rng.standard_normal((2, n, d)), sigma=sigma) for _ in range(150 if n <= 150 else 10)]
    trace, shift, volume = theory.one_step_moments(n, d, g=g)
    assert within_five_percent([law.variances.mean() for law in laws], trace)
    assert within_five_percent([np.square(law.mean).sum() / d for law in laws], shift)
    assert within_five_percent([np.log(law.variances).mean() for law in laws], volume)
    assert within_five_percent([distances.kl(law, truth) for law in laws], theory.one_step_kl(n, d, g=g))


def test_the_one_step_model_falls_from_n_equal_d_to_its_bias():
    g = theory.limit_variance(linear.noise_level(generalization=1.0, time=2.0))
    curve = [theory.one_step_kl(n, 100, g=g) for n in (102, 103, 110, 200, 400, 1600, 10**6)]
    assert curve[0] == np.inf
    assert (np.diff(curve[1:]) < 0).all()
    assert curve[-1] / 100 == pytest.approx((g - 1 - np.log(g)) / 2, rel=1e-3)


# --- the Marchenko-Pastur law -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("gamma", [0.2, 0.9, 3.0])
def test_integrals_over_the_marchenko_pastur_law(gamma):
    """Mean 1, mean square 1 + gamma, the mass that is not at zero, and a plain quadrature of the density."""
    assert theory.integrate_marchenko_pastur(lambda w: w, gamma) == pytest.approx(1)
    assert theory.integrate_marchenko_pastur(np.square, gamma) == pytest.approx(1 + gamma)
    assert theory.integrate_marchenko_pastur(np.ones_like, gamma) == pytest.approx(min(1, 1 / gamma), rel=1e-3)
    low, high = (1 - np.sqrt(gamma)) ** 2, (1 + np.sqrt(gamma)) ** 2
    density = lambda w: np.sqrt((high - w) * (w - low)) / (2 * np.pi * gamma * w)  # noqa: E731
    plain = integrate.quad(lambda w: np.sqrt(w) * density(w), low, high)[0]
    assert theory.integrate_marchenko_pastur(np.sqrt, gamma) == pytest.approx(plain, rel=1e-4)


@pytest.mark.parametrize("n", [25, 100, 400])
def test_two_fits_on_disjoint_sets_agree_as_predicted(n):
    """Mean cosine between what they make of the same noise: (int sqrt(w) dMP)^2 (cf. Kadkhodaie et al. 2024)."""
    d, rng = 100, np.random.default_rng(7)
    found = []
    for _ in range(12):
        images = []
        noise = rng.standard_normal((d, 50))
        for _ in range(2):
            law = normal.fit_normal(rng.standard_normal((n, d)))
            images.append((law.axes * np.sqrt(law.variances)) @ law.axes.T @ noise)
        one, other = images
        found.append(((one * other).sum(0) / np.linalg.norm(one, axis=0) / np.linalg.norm(other, axis=0)).mean())
    assert np.mean(found) == pytest.approx(theory.integrate_marchenko_pastur(np.sqrt, d / (n - 1)) ** 2, abs=0.006)
