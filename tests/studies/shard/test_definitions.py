"""The definitions on samples whose answer is known."""

import numpy as np
import pandas as pd
import pytest

from diffmem.neighbours.table import references, tabulate
from diffmem.studies.shard.definitions import shard_definitions

N, D = 40, 3
TRAINING = pd.DataFrame({"snapshot": [0, 1], "step": [0, 10], "epoch": [0, 1]})


def measured(samples, train, test, fresh):
    """Of one replicate, whose snapshots are ``samples`` (s, g, d)."""
    every = np.arange(N)
    known = dict(train_location=every, test_location=every, test_plain=np.ones(N, bool))
    to = references(train=train, test=test, **known)
    generated = np.stack([tabulate(points, to) for points in samples])
    data = {"train": train[None], "test": test[None], "fresh": fresh[None], "replicate": np.array([4])}
    return shard_definitions(data, samples=samples[None], generated=generated[None], training=TRAINING)


@pytest.fixture
def sets():
    rng = np.random.default_rng(0)
    return rng.standard_normal((N, D)), rng.standard_normal((N, D)), rng.standard_normal((2000, D))


def test_copies_of_either_half_are_nearer_to_it_and_to_no_other(sets):
    train, test, fresh = sets
    found = measured(np.stack([train, test]), *sets)
    assert found["replicate"].tolist() == [4, 4]
    assert found["step"].tolist() == [0, 10]
    assert found["r_mem"][0] == 1
    assert found["delta"][0] < 0
    assert found["matched"][0] < 0 < found["matched"][1]
    swapped = measured(np.stack([train, test]), test, train, fresh)
    np.testing.assert_allclose(swapped["matched"], -found["matched"])


def test_the_rule_of_a_third_counts_planted_copies(sets):
    train = sets[0]
    between = (train[:20] + train[20:]) / 2 + 10  # far from all: nearest and second-nearest are about as far
    found = measured(np.stack([np.concatenate([train[:5], between[:15]])] * 2), *sets)
    assert found["r_mem"].tolist() == [0.25, 0.25]


def test_many_fresh_samples_are_nearer_to_fresh_points_than_to_few_training_points(sets):
    samples = np.random.default_rng(1).standard_normal((2, 500, D))
    assert (measured(samples, *sets)["delta"] > 0).all()
