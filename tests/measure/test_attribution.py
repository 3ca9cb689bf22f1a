"""The deviation of the net copied fraction against relabelled halves, and how often a run raises a false alarm."""

import numpy as np
import pytest
from scipy.spatial import KDTree

from diffmem.measure.attribution import FALSE_ALARM, attribution, level
from diffmem.measure.intervals import share
from diffmem.neighbours.table import ROW

RATIOS = np.array([1.0, 1.5])
SNAPSHOTS, POINTS, HALF = 12, 500, 60


def tabulate(generated, train, test):
    """Neighbour tables of shape (s, g) of ``generated`` (s, g, d)."""
    table = np.zeros(generated.shape[:2], dtype=ROW)
    table["train_distance"], table["train_location"] = KDTree(train).query(generated, 2)
    table["test_distance"], table["test_location"] = KDTree(test).query(generated)
    return table


def generators(rng, dimension):
    """Samples of models that know nothing of the split, over training."""
    shape = (SNAPSHOTS, POINTS, dimension)
    blobs = rng.standard_normal((3, dimension))
    other = rng.standard_normal((20, dimension))
    fixed = rng.standard_normal(shape[1:])
    return {
        "the truth, drawn anew at each snapshot": rng.standard_normal(shape),
        "the truth, the same points throughout": np.broadcast_to(fixed, shape),
        "three small clusters, as of an untrained model": blobs[rng.integers(3, size=shape[:2])]
        + 0.1 * rng.standard_normal(shape),
        "copies of twenty points of neither half": other[rng.integers(20, size=shape[:2])]
        + 0.01 * rng.standard_normal(shape),
    }


@pytest.mark.parametrize(("ratio", "tolerance"), [(1.0, 0.06), (1.5, 0.15)])
def test_the_deviation_is_that_under_other_tosses_of_the_coins(ratio, tolerance):
    rng = np.random.default_rng(0)
    pairs, generated = rng.standard_normal((HALF, 2, 2)), rng.standard_normal((1, POINTS, 2))
    found = []
    for _ in range(1500):
        toss = rng.integers(2, size=HALF)
        halves = pairs[np.arange(HALF), toss], pairs[np.arange(HALF), 1 - toss]
        found.append([part[0, 0] for part in attribution(tabulate(generated, *halves), np.array([ratio]))])
    net, deviation = np.transpose(found)
    assert abs(net.mean()) < 4 * net.std() / np.sqrt(len(net))
    assert net.std() == pytest.approx(np.sqrt(np.mean(deviation**2)), rel=tolerance)
    if ratio == 1:
        np.testing.assert_allclose(deviation, deviation[0], err_msg="it does not depend on the tosses")


def test_the_net_copied_fraction_is_that_of_the_definition():
    rng = np.random.default_rng(1)
    train, test, generated = rng.random((30, 2)), rng.random((30, 2)), rng.random((3, 40, 2))
    net, _ = attribution(tabulate(generated, train, test), RATIOS)
    near = [np.linalg.norm(generated[:, :, None] - half, axis=-1).min(-1) for half in (train, test)]
    expected = [((r * near[0] < near[1]).astype(int) - (r * near[1] < near[0])).mean(1) for r in RATIOS]
    np.testing.assert_allclose(net, np.transpose(expected))


def test_a_location_that_attracts_all_points_never_raises_an_alarm():
    table = np.zeros((1, 100), dtype=ROW)
    table["test_distance"] = 1.0
    net, deviation = attribution(table, RATIOS)
    assert (net == 1).all()
    assert (net < level(deviation, 1)).all()


def test_two_copies_in_five_are_noticed():
    rng = np.random.default_rng(2)
    train, test = rng.standard_normal((2, HALF, 2))
    generated = rng.standard_normal((SNAPSHOTS, POINTS, 2))
    generated[6:, : 2 * POINTS // 5] = train[rng.integers(HALF, size=(6, 2 * POINTS // 5))] + 1e-3
    net, deviation = attribution(tabulate(generated, train, test), RATIOS)
    assert not (net[:6] > level(deviation[:6], SNAPSHOTS)).any()
    assert (net[6:, 1] > level(deviation[6:, 1], SNAPSHOTS)).all()


@pytest.mark.slow
@pytest.mark.parametrize("dimension", [2, 16])
def test_a_run_that_knows_nothing_of_the_split_seldom_raises_an_alarm(dimension):
    """The table of docs/method/times.md."""
    rng, alarms = np.random.default_rng(3), {}
    for _ in range(600):
        train, test = rng.standard_normal((2, HALF, dimension))
        for name, generated in generators(rng, dimension).items():
            net, deviation = attribution(tabulate(generated, train, test), RATIOS)
            alarms.setdefault(name, []).append((net > level(deviation, SNAPSHOTS)).any(0))
    for name, found in alarms.items():
        rates = [share(column) for column in np.transpose(found)]
        print(
            f"d = {dimension}, {name}: " + ", ".join(f"r = {r}: {x[0]:.3f}" for r, x in zip(RATIOS, rates, strict=True))
        )
        assert all(low <= FALSE_ALARM for _, low, _ in rates)
