"""The interval of the net copied fraction: its scores are those of the pool, its ends solve its equation, it covers."""

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import cdist

from diffmem.data.gaussians import gaussian
from diffmem.data.toy import moons
from diffmem.measure import net_interval
from diffmem.measure.auditing import net_copied_fractions
from diffmem.measure.chance import none_drawn
from diffmem.measure.net_fraction import NetFraction
from diffmem.measure.net_interval import Spread, permuted, score_interval, spread, spread_around
from diffmem.measure.pool import Members

RATIOS = np.array([1.0, 1.5, 2.0, 3.0])
SIZES = [(60, 60), (120, 30), (30, 120), (70, 50)]
Z = stats.norm.ppf(0.975)


def draw(train, test, *, generated=80, pi=0.0, seed=0, dimension=2):
    """Training, held-out and generated points, of which a share pi are copies."""
    rng = np.random.default_rng(seed)
    sets = {"train": gaussian(train, rng, dimension=dimension), "test": gaussian(test, rng, dimension=dimension)}
    points = gaussian(generated, rng, dimension=dimension)
    copied = rng.random(generated) < pi
    points[copied] = sets["train"][rng.integers(train, size=copied.sum())]
    return sets, points


def spreads(train, test, *, permutations=50, **settings):
    sets, points = draw(train, test, **settings)
    around = Members(**sets).around(points)
    return around, spread_around(around, ratios=RATIOS, permutations=permutations, rng=np.random.default_rng(1))


def of(net, null, copier, count=100):
    net, null, copier = (np.atleast_1d(np.array(v, dtype=float)) for v in (net, null, copier))
    return Spread(net, null, copier, null, count, raw=net, chance=net)


def by_hand(distance, train, test, r):
    """(3) of `net_fraction` for one point, from its distances to all members and the members of either set."""
    one, other, sign = (train, test, 1) if len(train) >= len(test) else (test, train, -1)
    first = distance[other].min()
    missed = [none_drawn(k, total=len(one), drawn=len(other)) for k in (
        np.sum(r * distance[one] < first), np.sum(distance[one] <= r * first))]  # fmt: skip
    return max(sign * len(one) / len(other), sign) * (1 - sum(missed)) if sign > 0 else sum(missed) - 1


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("dimension", [1, 3])
def test_scores_are_those_of_their_definition_under_any_labels(sizes, dimension):
    sets, points = draw(*sizes, pi=0.3, dimension=dimension)
    members, rng = Members(**sets), np.random.default_rng(2)
    labels = np.stack([members.held_out(), *(rng.permutation(members.held_out()) for _ in range(3))], axis=1)
    around = members.around(points)
    found = NetFraction(train=members.train, test=members.test, ratios=RATIOS).fractions(around, labels)
    distance = cdist(points, members.positions())
    for column, label in enumerate(labels.T):
        sides = np.flatnonzero(~label), np.flatnonzero(label)
        expected = [np.mean([by_hand(row, *sides, r) for row in distance]) for r in RATIOS]
        np.testing.assert_allclose(found.net[:, column], expected, atol=1e-4)
        raw = [np.mean(r * distance[:, sides[0]].min(1) < distance[:, sides[1]].min(1)) for r in RATIOS]
        np.testing.assert_allclose(found.raw[:, column], raw)


@pytest.mark.parametrize("sizes", SIZES)
def test_null_variance_and_chance_are_those_of_permuted_labels(sizes):
    around, found = spreads(*sizes, pi=0.2)
    raw, net = permuted(around, RATIOS, permutations=50, rng=np.random.default_rng(1))
    np.testing.assert_allclose(found.null, net.var(0, ddof=1), rtol=1e-9)
    np.testing.assert_allclose(found.chance, raw.mean(0))


def test_blocks_and_lists_that_are_not_kept_change_nothing(monkeypatch):
    _, whole = spreads(120, 30, pi=0.3)
    for name, value in {"BLOCK_POINTS": 7, "KEPT_ENTRIES": 0}.items():
        monkeypatch.setattr(f"diffmem.measure.pool.{name}", value)
    monkeypatch.setattr("diffmem.measure.net_fraction.ENTRIES", 1)
    _, parts = spreads(120, 30, pi=0.3)
    for field in ("net", "null", "copier", "others", "raw", "chance"):
        np.testing.assert_allclose(getattr(parts, field), getattr(whole, field), rtol=1e-9, atol=1e-15)


def test_copies_at_a_random_part_of_a_large_pool_spread_as_copies_at_all_of_it(monkeypatch):
    _, whole = spreads(200, 50, pi=0.4, permutations=400)
    monkeypatch.setattr("diffmem.measure.net_interval.LOCATIONS", 60)
    _, part = spreads(200, 50, pi=0.4, permutations=400)
    np.testing.assert_array_equal(part.net, whole.net)
    assert (part.copier != whole.copier).any()
    assert part.copier == pytest.approx(whole.copier, rel=0.25)


def test_the_variance_of_the_others_is_that_of_samples_without_the_copies():
    """Half of 400 samples copy: the null variance counts them as noise, most at a large ratio."""
    _, found = spreads(300, 300, pi=0.5, generated=400, permutations=200)
    _, fresh = spreads(300, 300, pi=0.0, generated=200, permutations=200)
    assert found.others == pytest.approx(fresh.null, rel=0.5)
    assert found.null[-1] > 1.5 * found.others[-1]


def test_a_net_fraction_is_exactly_zero_where_no_ratio_is_ever_reached():
    """The pool's own is -1e-6 there: the members that it lists end before the probability has vanished."""
    _, found = spreads(400, 100, dimension=50)
    assert (found.net[2:] == 0).all()
    assert (found.null[2:] == 0).all()


@pytest.mark.parametrize("sizes", [(60, 60), (30, 120)])
def test_an_exact_copier_of_the_smaller_or_equal_set_has_no_reference_noise(sizes):
    _, found = spreads(*sizes, pi=1.0)
    np.testing.assert_allclose(found.net, 1)
    assert (found.copier == 0).all()
    assert (found.null > 0.01).all()


def test_without_copies_both_variances_are_the_same():
    _, found = spreads(60, 60, seed=3)
    assert (found.net[found.net <= 0] <= 0).any()
    np.testing.assert_array_equal(found.copier[found.net <= 0], found.null[found.net <= 0])


@pytest.mark.parametrize("share", [0.0, 0.03, 0.5, 1.0])
def test_it_is_wilsons_interval_where_the_references_add_nothing(share):
    low, high = score_interval(of(share, 0, 0))
    expected = stats.binomtest(round(100 * share), 100).proportion_ci(0.95, method="wilson")
    np.testing.assert_allclose([low[0], high[0]], [*expected], atol=1e-12)


@pytest.mark.parametrize("net", [-0.3, -0.02, 0.0, 0.004, 0.02, 0.3, 0.9, 1.0, 1.2])
@pytest.mark.parametrize(("null", "copier"), [(1e-4, 1e-4), (2e-3, 1e-4), (1e-2, 2e-2)])
def test_it_holds_exactly_the_shares_that_its_equation_allows(net, null, copier):
    copier = null if net <= 0 else copier
    p = np.linspace(-1, 2, 600_001)
    at = np.clip(p / min(max(net, 1e-9), 1), 0, 1)
    inside = np.clip(p, 0, 1)
    allowed = p[(net - p) ** 2 <= Z**2 * (null + (copier - null) * at + inside * (1 - inside) / 100)]
    low, high = score_interval(of(net, null, copier))
    np.testing.assert_allclose([low[0], high[0]], [allowed.min(), allowed.max()], atol=2e-5)


@pytest.mark.parametrize("excess", [0.999, 1.001])
def test_it_lies_above_zero_exactly_if_the_permutation_test_rejects(excess):
    low, _ = score_interval(of(excess * Z * 0.05, 0.05**2, 0.04**2))
    assert (low[0] > 0) == (excess > 1)


def test_zero_hits_leave_room_for_a_share_of_about_four_over_g():
    _, high = score_interval(of(0, 0, 0, count=500))
    assert high[0] == pytest.approx(Z**2 / (500 + Z**2))


def test_it_covers_a_large_share_of_copies_at_unequal_sizes_where_shrinking_the_null_variance_does_not():
    """240/60 locations of two moons, pi = 0.7: the plain interval holds pi in about two thirds of all draws."""
    shrunk, travelling = [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        train, test, points = (moons(n, rng, noise=0.03) for n in (240, 60, 300))
        copied = rng.random(300) < 0.7
        points[copied] = train[rng.integers(240, size=copied.sum())]
        found = spread(train=train, test=test, generated=points, ratios=RATIOS, permutations=60, rng=rng)
        low, high = score_interval(found)
        travelling.append((low <= 0.7) & (high >= 0.7))
        low, high = net_interval.plain_interval(found.net, found.null, count=300, level=0.95)
        shrunk.append((low <= 0.7) & (high >= 0.7))
    assert (np.mean(shrunk, axis=0) < 0.85).all()
    assert (np.mean(travelling, axis=0) > 0.86).all()  # 0.95 less three standard errors


def test_a_ratio_whose_net_fraction_is_near_1_by_chance_is_not_read():
    """Of nine training points for each held-out one, A_1 has a standard deviation of .5, and no points are copies."""
    for seed in range(1000, 1400):
        rng = np.random.default_rng(seed)
        train, test, new = (rng.normal(size=(count, 6)) for count in (450, 50, 200))
        if net_copied_fractions(train=train, test=test, generated=new, permutations=2)["net"][0] > 0.9:
            break
    found = net_copied_fractions(train=train, test=test, generated=new, permutations=100)
    assert found["detectable"][0] > 0.5
    assert not found["read"][0]
