"""Streams are equal where seed, replicate, purpose and index are, and independent where one of them differs."""

import itertools

import numpy as np
import pytest
from scipy import stats

from diffmem import rng

PLACES = [
    dict(seed=s, replicate=r, purpose=p, index=i)
    for s, r, p, i in itertools.product((0, 1, 2**40), (0, 1, 7), rng.PURPOSES, (0, 1, 10**6))
]


def test_the_same_place_gives_the_same_numbers():
    for place in PLACES[::13]:
        draws = [rng.generator(**place).standard_normal(5) for _ in range(2)]
        assert np.array_equal(*draws)
        assert rng.integer(**place) == rng.integer(**place)


def test_no_two_places_share_a_stream():
    states = {rng.stream(**place).generate_state(4, np.uint64).tobytes() for place in PLACES}
    assert len(states) == len({rng.integer(**place) for place in PLACES}) == len(PLACES)


@pytest.mark.parametrize("varied", ["seed", "replicate", "index"])
def test_first_draws_over_neighbouring_streams_are_uniform_and_uncorrelated(varied):
    place = dict(seed=1, replicate=0, purpose="data", index=0)
    first = np.array([rng.generator(**{**place, varied: i}).random(2) for i in range(2000)])
    assert stats.kstest(first[:, 0], "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(first[:-1, 0], first[1:, 0])[0, 1]) < 4 / np.sqrt(2000)
    assert abs(np.corrcoef(first.T)[0, 1]) < 4 / np.sqrt(2000)


def test_purposes_are_uncorrelated():
    draws = [rng.generator(1, replicate=0, purpose=purpose).standard_normal(4000) for purpose in rng.PURPOSES]
    off = np.corrcoef(draws)[np.triu_indices(len(draws), 1)]
    assert np.abs(off).max() < 4.5 / np.sqrt(4000)


def test_drawing_leaves_other_streams_and_the_global_one_alone():
    np.random.seed(3)  # noqa: NPY002, the global stream is what is watched
    before = rng.generator(1, replicate=0, purpose="noise").random(3), np.random.get_state()[1].copy()  # noqa: NPY002
    rng.generator(1, replicate=0, purpose="data").random(1000)
    after = rng.generator(1, replicate=0, purpose="noise").random(3), np.random.get_state()[1]  # noqa: NPY002
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_integers_fit_where_a_signed_64_bit_seed_is_taken():
    integers = np.array([rng.integer(**place) for place in PLACES], dtype=object)
    assert integers.min() >= 0
    assert integers.max() < 2**63
    assert integers.max() > 2**62, "the upper half of the range is used"


def test_an_unknown_purpose_is_refused():
    with pytest.raises(ValueError, match="tuple"):
        rng.stream(1, replicate=0, purpose="trainning")
