"""Other criteria by stratum: nothing but their known chance level on the truth, everything on copies."""

import numpy as np
import pytest
from scipy import stats

from diffmem.measure.chance import local_dimension
from diffmem.measure.criteria import spacing
from diffmem.measure.criteria_rates import Surroundings, measure_criteria
from diffmem.measure.strata import strata
from diffmem.neighbours.table import references, tabulate

N = 1000


def side(points):
    return (points[:, 0] > 0.5).astype(int)


def judged(generated, *, seed=0, d=2):
    """Others for two strata, left and right of the middle, of uniform points on a torus-like square."""
    rng = np.random.default_rng(seed)
    train, test, fresh = rng.random((N, d)), rng.random((N, d)), rng.random((N, d))
    rows, plain = np.arange(N), np.ones(N, bool)
    labels = dict(train_stratum=side(train), train_location=rows, train_plain=plain)
    labels |= dict(test_stratum=side(test), test_location=rows, test_plain=plain)
    known = strata(("left", "right"), **labels)
    to = references(train=train, train_location=rows, test=test, test_location=rows, test_plain=plain)
    held_out = to.train.nearest(test, 2).distance
    near = Surroundings(spacing(train), held_out[:, 0], local_dimension(held_out))
    return measure_criteria(
        tabulate(generated(train, fresh), to), known=known, reference="matched", near=near
    ), held_out


@pytest.mark.parametrize("d", [1, 2, 3])
def test_the_third_rule_charges_the_truth_with_three_to_the_minus_d(d):
    found, _ = judged(lambda train, fresh: fresh, d=d)
    value, count = found["third", "stratum"]
    assert value[:, 0] == pytest.approx(3.0**-d, abs=4.5 * np.sqrt(3.0**-d / N * 2))
    assert count[-1] == count[:-1].sum()


def test_copies_of_one_side_are_found_there_and_not_on_the_other():
    def half(train, fresh):
        left = train[train[:, 0] < 0.45]
        return np.vstack([left + 1e-6, fresh[fresh[:, 0] > 0.55]])

    found, _ = judged(half)
    for criterion, right in (("third", 3.0**-2), ("authenticity", 0.62), ("discoveries", 0.0)):
        value = found[criterion, "stratum"][0][:, 0]
        assert value[0] > 0.99
        assert value[1] == pytest.approx(right, abs=0.1)
    assert found["rank", "generated"][0][-1, 0] < -10


def test_nothing_is_discovered_in_the_truth():
    lists = [judged(lambda train, fresh: fresh, seed=seed)[0]["discoveries", "stratum"][1][-1, 0] for seed in range(20)]
    assert np.mean(np.array(lists) > 0) < 0.25  # 5 % of lists hold anything where the dimension is right


def test_the_rank_test_is_the_mann_whitney_statistic_of_scipy():
    keep = {}

    def truth(train, fresh):
        keep["d"] = np.sqrt(((fresh[:, None] - train[None]) ** 2).sum(-1)).min(1)
        return fresh

    found, held_out = judged(truth)
    u, d = stats.mannwhitneyu(keep["d"], held_out[:, 0]).statistic, N * N
    z = (u - d / 2) / np.sqrt(d * (2 * N + 1) / 12)
    value = found["rank", "generated"][0][:, 0]
    assert value[-1] == pytest.approx(z, abs=1e-3)
    assert np.isnan(value[:-1]).all()
