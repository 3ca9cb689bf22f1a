"""The audit: zero for what copies nothing, pi for what copies a share pi, in any units and any order."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from diffmem.measure import auditing
from diffmem.measure.auditing import net_copied_fractions
from diffmem.measure.net_fraction import NetFraction
from diffmem.measure.pool import Members


def ring(count, rng, noise=0.1):
    angle = rng.uniform(0, 2 * np.pi, count)
    return np.column_stack([np.cos(angle), np.sin(angle)]) + noise * rng.standard_normal((count, 2))


def sets(share, *, n=1000, n_test=1000, g=1000, seed=0, noise=0.1):
    """Training and held-out points of a ring, and samples of which a share are copies."""
    rng = np.random.default_rng(seed)
    train, test, generated = ring(n, rng), ring(n_test, rng), ring(g, rng, noise)
    copied = rng.random(g) < share
    generated[copied] = train[rng.integers(n, size=copied.sum())]
    return {"train": train, "test": test, "generated": generated}


def run(data, **options):
    return net_copied_fractions(**data, **{"permutations": 50, **options})


@pytest.mark.parametrize("noise", [0.01, 0.1, 0.5])
def test_net_is_zero_for_samples_that_copy_nothing_good_or_bad(noise):
    nets = np.array([run(sets(0, seed=s, noise=noise))["net"] for s in range(20)])
    assert np.all(np.abs(nets.mean(0)) < 4 * nets.std(0) / np.sqrt(20))


@pytest.mark.parametrize(("n", "n_test"), [(1000, 1000), (2000, 500)])
@pytest.mark.parametrize("share", [0.05, 0.2, 0.7])
def test_net_is_the_share_of_copies_at_equal_and_unequal_sizes(share, n, n_test):
    nets = np.array([run(sets(share, n=n, n_test=n_test, seed=s))["net"] for s in range(15)])
    assert np.all(np.abs(nets.mean(0) - share) < 4 * nets.std(0) / np.sqrt(15))


def test_the_chance_level_is_the_formulas_for_samples_of_the_truth():
    chance = np.mean([run(sets(0, seed=s))["chance"] for s in range(5)], 0)
    assert chance == pytest.approx([0.5, 0.302, 0.192, 0.093], abs=0.015)


@pytest.mark.parametrize(
    "change",
    [
        lambda points, _: points + 1000,
        lambda points, _: points * 1e-6,
        lambda points, rng: points[rng.permutation(len(points))],
        lambda points, _: np.repeat(points, 3, axis=0),
    ],
    ids=["shifted by 1000 standard deviations", "scaled by 1e-6", "reordered", "every row three times"],
)
def test_the_answer_does_not_depend_on_units_order_or_exact_copies(change):
    data = sets(0.2, n=400, n_test=300, g=300)
    rng = np.random.default_rng(1)
    changed = {name: change(points, rng) for name, points in data.items()}
    columns = ["ratio", "raw", "chance", "net"]
    pd.testing.assert_frame_equal(run(data)[columns], run(changed)[columns], rtol=1e-9, atol=1e-9)


def test_copies_of_one_point_are_copies_however_often_it_is_in_the_training_set():
    data = sets(0, n=500, n_test=500, g=400)
    data["train"] = np.vstack([data["train"], np.repeat(data["train"][:1], 50, axis=0)])
    data["generated"][:200] = data["train"][0]
    assert run(data)["net"].to_numpy() == pytest.approx(0.5, abs=0.08)


def test_the_interval_holds_zero_and_the_share_about_as_often_as_it_says():
    """Fifty studies each; 2,000 are simulated by the control ladder."""
    for share in (0.0, 0.2):
        tables = [run(sets(share, n=500, n_test=500, g=500, seed=s), ratios=(1.5,)) for s in range(50)]
        held = sum(t["net_low"][0] <= share <= t["net_high"][0] for t in tables)
        assert 43 <= held <= 50


@pytest.mark.parametrize("dimension", [1, 2, 8])
@pytest.mark.parametrize(("n", "n_test"), [(300, 300), (600, 60), (60, 600)])
def test_shares_and_limits_are_shares_and_one_ratio_is_read(n, n_test, dimension):
    for seed in range(5):
        rng = np.random.default_rng((seed, dimension))
        train, test, generated = (rng.standard_normal((count, dimension)) for count in (n, n_test, 50))
        generated[:] = generated[:1]  # one point decides all
        found = run({"train": train, "test": test, "generated": generated})
        assert found[["net", "net_low", "net_high"]].abs().to_numpy().max() <= 1
        assert found["read"].sum() == 1
        assert (found["net_low"] <= found["net"]).all()
        assert (found["net"] <= found["net_high"]).all()


def test_a_share_that_is_called_detectable_is_found_in_four_of_five_audits():
    sizes = dict(n=500, n_test=500, g=500)
    seen = np.mean([run(sets(0, seed=s, **sizes), ratios=(1.5,))["detectable"] for s in range(5)])
    found = [run(sets(seen, seed=s, **sizes), ratios=(1.5,))["net_low"][0] > 0 for s in range(100)]
    assert 0.68 <= np.mean(found) <= 0.92  # 0.80 and three standard errors


def test_the_smallest_ratio_is_read_at_which_five_percent_would_be_found():
    assert auditing.select_ratio(np.array([0.09, 0.04, 0.01])) == 1
    assert auditing.select_ratio(np.array([0.09, 0.07, 0.08])) == 1


def test_without_reference_noise_a_share_is_detectable_if_some_copy_is_drawn():
    assert auditing.detectable(np.zeros(1), count=1000)[0] == pytest.approx(1 - 0.2 ** (1 / 1000))
    assert auditing.detectable(np.array([1.0]), count=10)[0] == 1


@pytest.mark.slow
def test_memory_and_time_stay_bounded_with_few_held_out_points():
    """20,000 against 40 points once took gigabytes: lists of 6,000 for every member."""
    rng = np.random.default_rng(0)
    train, test, generated = (rng.standard_normal((count, 3)) for count in (20_000, 40, 300))
    generated[:100] = train[:100]
    tracemalloc.start()
    found = run({"train": train, "test": test, "generated": generated}, permutations=20)
    assert tracemalloc.get_traced_memory()[1] < 1.2e9
    tracemalloc.stop()
    assert found["net"].abs().max() <= 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"test": np.zeros((5, 3))}, "same number of features"),
        ({"generated": np.array([[np.nan, 0.0]])}, "generated: 1 points are NaN or infinite"),
        ({"train": np.zeros((0, 2))}, "train: must be an array of shape"),
        ({"ratios": (0.5,)}, "each must be at least 1"),
    ],
)
def test_arrays_that_do_not_fit_are_named(change, words):
    with pytest.raises(ValueError, match=words):
        net_copied_fractions(**{**sets(0, n=20, n_test=20, g=20), **change})


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.0, 0.05, 0.2])
def test_nominal_95_percent_intervals_cover_in_93_to_97_of_a_hundred_studies(share):
    """Two thousand studies: the binomial error of the coverage is half a percent."""
    held = 0
    for seed in range(2000):
        table = run(sets(share, n=300, n_test=300, g=300, seed=seed), ratios=(1.5,), permutations=100)
        held += table["net_low"][0] <= share <= table["net_high"][0]
    assert 0.93 <= held / 2000 <= 0.97


def judged(share, *, d, n, n_test, width, seed, g=400):
    """Net fractions of a Gaussian generator of another width, of whose points a share are copies."""
    rng = np.random.default_rng((seed, d))
    train, test = rng.standard_normal((n, d)), rng.standard_normal((n_test, d))
    generated = width * rng.standard_normal((g, d))
    copied = np.arange(g) < share * g
    generated[copied] = train[rng.integers(n, size=copied.sum())]
    members = Members(train=train, test=test)
    fraction = NetFraction(train=members.train, test=members.test, ratios=np.array([1.0, 1.5, 2.0]))
    return fraction.fractions(members.around(generated), members.held_out()).net


@pytest.mark.slow
@pytest.mark.parametrize(("share", "width"), [(0.0, 1.0), (0.0, 0.5), (0.0, 1.5), (0.05, 1.0), (0.2, 1.0), (0.7, 1.0)])
@pytest.mark.parametrize(("n", "n_test"), [(400, 400), (640, 160)], ids=["equal", "80-20"])
@pytest.mark.parametrize("d", [1, 2, 5, 10, 50])
def test_net_is_zero_or_the_share_from_one_to_fifty_dimensions(d, n, n_test, share, width):
    nets = np.array([judged(share, d=d, n=n, n_test=n_test, width=width, seed=seed) for seed in range(100)])
    error = nets.std(0, ddof=1) / 10
    assert np.all(np.abs(nets.mean(0) - share) < 4 * error + 1e-3)
    assert error[-1] < 0.025  # up to .1 at r = 1, where a narrow generator in many dimensions meets a few hubs
