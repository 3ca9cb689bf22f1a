"""The crossing is found where it was planted, its interval covers it as often as it says, open ends are called open."""

import numpy as np
import pytest
from scipy import stats
from scipy.interpolate import Akima1DInterpolator
from scipy.optimize import brentq
from scipy.special import expit, logit

from diffmem.measure.emm import describe, estimate
from diffmem.measure.emm_ratio import ratio
from diffmem.measure.emm_search import following


def judged(sizes, values, count=1000):
    """The estimate from shares ``values`` (sizes, replicates)."""
    values = np.atleast_2d(values)
    row, replicate = np.indices(values.shape).reshape(2, -1)
    size = np.asarray(sizes)[row]
    return estimate(size=size, replicate=replicate, share=values.ravel(), count=np.full(values.size, count))


def logistic(x, c, slope):
    return expit(logit(0.9) - slope * (x - c))


def loglog(x, c, slope):
    """Far from logistic: -log R is a power of n."""
    return 0.9 ** np.exp(slope / 2 * (x - c))


def bent(x, c, slope):
    """The shape of a measured curve (digits, 50 random labels), whose logit bends both ways; 2 is its own slope."""
    knots, height = np.log([25, 50, 100, 200, 400]), logit([0.998, 0.977, 0.917, 0.675, 0.087])
    smooth = Akima1DInterpolator(knots, height)
    own = (x - c) * slope / 2 + smooth.solve(logit(0.9))[0]
    inside = np.clip(own, *knots[[0, -1]])
    return expit(smooth(inside) + smooth(inside, 1) * (own - inside))


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


def test_the_interval_is_fiellers_where_replicates_differ_little():
    """A c is accepted if the lines through each replicate's own two shares have a mean there that may be zero."""
    x = np.log([100, 200])
    shares = np.array([[0.951, 0.946, 0.95, 0.949, 0.953], [0.702, 0.695, 0.71, 0.7, 0.69]])
    found = judged([100, 200], shares, count=10**8)
    height = logit(shares) - logit(0.9)

    def excess(c):
        between = (x[1] - c) * height[0] + (c - x[0]) * height[1]
        return abs(stats.ttest_1samp(between, 0).statistic) - stats.t.ppf(0.975, 4)

    middle = np.log(found.emm)
    low, high = (np.exp(brentq(excess, middle, middle + side)) for side in (-0.2, 0.2))
    assert high / low > 1.01
    assert found.low == pytest.approx(low, rel=0.02 * np.log(high / low))
    assert found.high == pytest.approx(high, rel=0.02 * np.log(high / low))


def test_a_curve_that_bends_both_ways_has_its_crossing_and_an_interval_that_holds_the_line_too():
    """The shares of digits with 50 random labels: a curve with one bend through all of them crosses at 120."""
    sizes, shares = np.array([25, 50, 100, 200, 400]), np.array([0.998, 0.977, 0.917, 0.675, 0.087])
    found = judged(sizes, np.tile(shares[:, None], 6), count=10**7)
    x, y = np.log(sizes), logit(shares)
    smooth = Akima1DInterpolator(x, y - logit(0.9)).roots(extrapolate=False)[0]
    line = np.interp(-logit(0.9), -y, x)
    assert found.emm == pytest.approx(np.exp(smooth), rel=0.01)
    assert found.low <= np.exp(line) * 1.001
    assert found.high >= np.exp(smooth) * 0.99


def test_a_share_on_the_line_is_the_crossing():
    assert judged([50, 100, 200, 400], [[0.97] * 3, [0.9] * 3, [0.6] * 3, [0.2] * 3]).emm == pytest.approx(100)


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
    assert (describe(above), describe(below)) == (">= 400", "< 100")


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
    assert describe(found) == f"{found.emm:,.0f}"


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


def searched(runs):
    """The rows of ``runs`` (sizes, replicates) that a search asks for."""
    done = {}
    while asked := following(done, np.arange(len(runs))):
        done.update({row: runs[row] for row in asked})
    return sorted(done)


def covered(noise, spread, curve, design, rng):
    """Whether the interval of one simulated study holds the truth, and that of a ratio of two such arms 1."""
    number, replicates, step, slope = design
    x = np.log(100) + np.arange(number) * np.log(step)
    c = rng.uniform(x[1], x[2] if number == 4 else x[-2])
    truth = np.exp(crossing(noise, spread, curve, c, slope))
    arms = []
    for _ in range(2):
        runs = rng.binomial(1000, between(noise, spread, curve, x, c, slope, replicates, rng)) / 1000
        rows = searched(runs) if rng.random() < 0.5 else list(range(number))
        arms.append(judged(np.exp(x[rows]), runs[rows]))
    of_both = ratio(*arms)
    return arms[0].low <= truth <= arms[0].high, of_both.low <= 1 <= of_both.high


@pytest.mark.slow
@pytest.mark.parametrize("curve", [logistic, loglog, bent])
@pytest.mark.parametrize(("noise", "spread"), [("beta", 0.003), ("beta", 0.02), ("shift", 0.1), ("common", 0.15)])
def test_intervals_cover_the_crossing_19_times_in_20(curve, noise, spread):
    rng = np.random.default_rng(0)
    found = np.array([[covered(noise, spread, curve, design, rng) for _ in range(300)] for design in DESIGNS])
    single, paired = found.mean((0, 1))
    assert found.mean(1).min() > 0.9, "with three replicates as with six, up to three standard errors"
    assert 0.93 <= single <= 0.97
    assert 0.93 <= paired <= 0.98
