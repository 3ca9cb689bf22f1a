"""The crossing is found where it was planted, its interval covers it as often as it says, open ends are called open."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from diffmem.measure import emm
from diffmem.measure.emm import estimate, said
from diffmem.measure.emm_ratio import ratio


def judged(sizes, values, count=1000):
    """The estimate from shares ``values`` (sizes, replicates)."""
    values = np.atleast_2d(values)
    row, replicate = np.indices(values.shape).reshape(2, -1)
    size = np.asarray(sizes)[row]
    return estimate(size=size, replicate=replicate, share=values.ravel(), count=np.full(values.size, count))


def logistic(x, c, slope):
    return expit(logit(0.9) - slope * (x - c))


def loglog(x, c, slope):
    """Falls off as images of digits do, far from logistic: -log R is a power of n."""
    return 0.9 ** np.exp(slope / 2 * (x - c))


# --- the estimate -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("crossing", [60, 110, 333])
def test_a_logistic_curve_without_noise_has_its_own_crossing(crossing):
    sizes = 50 * 2.0 ** np.arange(5)
    share = logistic(np.log(sizes), np.log(crossing), 2.0)
    found = judged(sizes, np.tile(share[:, None], 3), count=10**7)
    assert found.emm == pytest.approx(crossing, rel=0.004)
    assert found.low == pytest.approx(crossing, rel=0.004)
    assert found.high == pytest.approx(crossing, rel=0.004)
    assert found.bracket == (sizes[sizes < crossing][-1], sizes[sizes > crossing][0])
    inside = sizes[share >= emm.TAIL]
    np.testing.assert_allclose(found.curve(inside), share[: len(inside)], atol=0.005)


def test_the_fit_is_that_of_logistic_regression():
    """With two slopes: the same likelihood, maximised by another program, has its root at the same size."""
    sizes = np.array([100, 150, 200, 300, 400.0])
    share = np.array([0.97, 0.92, 0.86, 0.71, 0.45])
    x = np.log(sizes)
    rows = np.concatenate([np.stack([x, x**2], 1)] * 2)
    weight = 3000 * np.concatenate([share, 1 - share])
    model = LogisticRegression(C=np.inf, tol=1e-12, max_iter=10_000, solver="newton-cholesky")
    fitted = model.fit(rows, np.repeat([1, 0], 5), sample_weight=weight)
    a, b, constant = fitted.coef_[0, 1], fitted.coef_[0, 0], fitted.intercept_[0] - logit(0.9)
    roots = np.exp(np.roots([a, b, constant]))
    found = judged(sizes, np.tile(share[:, None], 3))
    assert np.abs(roots / found.emm - 1).min() < 0.005


def test_two_sizes_are_joined_by_a_line():
    found = judged([100, 200], [[0.95, 0.95], [0.7, 0.7]], count=10**7)
    part = (logit(0.95) - logit(0.9)) / (logit(0.95) - logit(0.7))
    assert found.emm == pytest.approx(100 * 2**part, rel=0.002)


@pytest.mark.parametrize("order", [0, 1])
def test_neither_the_order_of_runs_nor_sizes_far_below_the_line_matter(order):
    rng = np.random.default_rng(order)
    sizes, values = np.array([50, 100, 200, 400.0]), np.array([0.99, 0.93, 0.65, 0.2])
    noisy = values[:, None] + rng.normal(0, 0.004, (4, 3))
    found = judged(sizes, noisy)
    shuffled = rng.permutation(12)
    row, replicate = np.indices(noisy.shape).reshape(2, -1)[:, shuffled]
    other = estimate(size=sizes[row], replicate=replicate, share=noisy[row, replicate], count=np.full(12, 1000))
    assert (other.emm, other.low, other.high) == pytest.approx((found.emm, found.low, found.high))
    longer = judged([*sizes, 800, 1600], np.vstack([noisy, np.zeros((2, 3))]))
    assert longer.emm == pytest.approx(found.emm, rel=0.01)


def test_more_spread_between_replicates_widens_the_interval_and_more_replicates_narrow_it():
    sizes, rng = 50 * 2.0 ** np.arange(4), np.random.default_rng(0)
    share, z = logistic(np.log(sizes), np.log(120), 2.5)[:, None], rng.standard_normal((4, 12))

    def width(spread, replicates):
        found = judged(sizes, expit(logit(share) + spread * z[:, :replicates]), count=10**6)
        return np.log(found.high / found.low)

    assert width(0.02, 4) < width(0.2, 4)
    assert width(0.2, 12) < width(0.2, 4)


# --- ends and degenerate data -----------------------------------------------------------------------------------------


def test_where_all_sizes_lie_on_one_side_the_end_is_said_and_open():
    above = judged([100, 200, 400], [[1.0, 1.0, 1.0]] * 3)
    assert (above.censored, above.emm, above.high) == (">=", 400, np.inf)
    assert above.low == pytest.approx(400)
    assert above.bracket == (400, np.inf)
    below = judged([100, 200, 400], [[0.0, 0.0, 0.0]] * 3)
    assert (below.censored, below.emm, below.low) == ("<", 100, 0)
    assert below.high == pytest.approx(100)
    assert (said(above), said(below)) == (">= 400", "< 100")


def test_an_end_that_is_near_the_line_is_not_called_sure():
    """Above on average by less than the replicates differ: the crossing may lie before the largest size."""
    found = judged([100, 200, 400], [[0.99, 0.98, 0.99], [0.96, 0.97, 0.94], [0.95, 0.86, 0.93]])
    assert found.censored == ">="
    assert 200 < found.low < 400
    assert found.high == np.inf


def test_perfect_separation_leaves_the_bracket():
    found = judged([100, 200, 400, 800], [[1.0] * 3, [1.0] * 3, [0.0] * 3, [0.0] * 3])
    assert found.bracket == (200, 400)
    assert (found.low, found.high) == (200, 400), "a step may be anywhere between"
    assert 200 < found.emm < 400


def test_one_size_has_a_side_and_nothing_else():
    found = judged([100], [[0.95, 0.97, 0.99]])
    assert (found.censored, found.bracket, found.low, found.high) == (">=", (100, np.inf), 0, np.inf)
    assert np.isnan(found.curve(np.array([100.0]))).all()


def test_one_replicate_has_an_estimate_and_no_interval():
    found = judged([100, 200, 400], [[0.97], [0.85], [0.3]])
    assert 100 < found.emm < 200
    assert np.isnan([found.low, found.high]).all()
    assert said(found) == f"{found.emm:,.0f}"


def test_a_replicate_may_lack_a_size():
    values = logistic(np.log([100, 200, 400]), np.log(150), 2)[:, None] + 0.003 * np.array([-1, 0, 1])
    size, replicate = np.repeat([100, 200, 400], 3), np.tile([0, 1, 2], 3)
    keep = np.arange(9) != 7
    runs = dict(size=size, replicate=replicate, share=values.ravel(), count=np.full(9, 1000))
    whole, part = estimate(**runs), estimate(**{name: column[keep] for name, column in runs.items()})
    assert part.emm == pytest.approx(whole.emm, rel=0.02)
    assert part.low < 150 < part.high


def test_a_mean_that_rises_again_does_not_make_a_second_crossing():
    found = judged([100, 200, 400, 800], [[0.98, 0.97], [0.88, 0.87], [0.91, 0.92], [0.3, 0.4]])
    assert found.bracket == (100, 200)
    assert found.censored == ""


# --- coverage ---------------------------------------------------------------------------------------------------------

DESIGNS = ((4, 3, 2.0, 3.0), (6, 4, 1.5, 2.0), (8, 6, 1.5, 3.0))  # sizes, replicates, ratio of sizes, slope


def between(noise, spread, curve, x, c, slope, replicates, rng):
    """Expected shares of runs (sizes, replicates): beta around the curve, or the curve shifted along log n."""
    shape = (len(x), replicates)
    if noise == "beta":
        mean, size = curve(x[:, None], c, slope), 1 / spread - 1
        return rng.beta(np.maximum(mean * size, 1e-9), np.maximum((1 - mean) * size, 1e-9), shape)
    shift = rng.normal(0, spread, shape)
    if noise == "common":  # half of the variance is a replicate's own, at all sizes alike
        shift = (shift + rng.normal(0, spread, (1, replicates))) / np.sqrt(2)
    return curve(x[:, None] - shift, c, slope)


def crossing(noise, spread, curve, c, slope):
    """Where the mean over replicates is 0.9."""
    if noise == "beta":
        return c
    x, shift = np.linspace(c - 1, c + 1, 2001), spread * stats.norm.ppf((np.arange(400) + 0.5) / 400)
    return np.interp(-0.9, -curve(x[:, None] - shift, c, slope).mean(1), x)


def covered(noise, spread, curve, design, rng):
    """Whether the interval of one simulated study holds the truth, and that of a ratio of two such arms 1."""
    number, replicates, step, slope = design
    x = np.log(100) + np.arange(number) * np.log(step)
    c = rng.uniform(x[1], x[2] if number == 4 else x[-2])
    truth = np.exp(crossing(noise, spread, curve, c, slope))
    arms = []
    for _ in range(2):
        runs = rng.binomial(1000, between(noise, spread, curve, x, c, slope, replicates, rng)) / 1000
        arms.append(judged(np.exp(x), runs))
    of_both = ratio(*arms)
    return arms[0].low <= truth <= arms[0].high, of_both.low <= 1 <= of_both.high


@pytest.mark.slow
@pytest.mark.parametrize("curve", [logistic, loglog])
@pytest.mark.parametrize(("noise", "spread"), [("beta", 0.003), ("beta", 0.02), ("shift", 0.1), ("common", 0.15)])
def test_intervals_cover_the_crossing_19_times_in_20(curve, noise, spread):
    rng = np.random.default_rng(0)
    found = np.array([[covered(noise, spread, curve, design, rng) for _ in range(300)] for design in DESIGNS])
    single, paired = found.mean((0, 1))
    assert found.mean(1).min() > 0.9, "with three replicates as with six, up to three standard errors"
    assert 0.93 <= single <= 0.97
    assert 0.93 <= paired <= 0.98
