"""The search ends, runs nothing twice, and brackets the crossing of any falling sequence."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from diffmem.measure.emm import LINE, falling_means
from diffmem.measure.emm_search import following

SIZES = np.rint(16 * 2 ** (np.arange(33) / 4)).astype(int)  # to 4096
SEARCHES = settings(deadline=None, derandomize=True, max_examples=100)


def searched(share, sizes=SIZES):
    """All that is run, in order, and what it gave: size -> shares, where ``share`` (size) gives those of a run."""
    done, order = {}, []
    while chosen := following(done, sizes):
        assert len(set(chosen)) == len(chosen)
        assert not set(chosen) & set(done), "nothing is run twice"
        assert set(chosen) <= set(sizes.tolist())
        done |= {size: share(size) for size in chosen}
        order += chosen
        assert len(order) <= len(sizes)
    return done, order


def bracket(done):
    """Last size above the line and next one, among those run."""
    run = np.array(sorted(done))
    above = int((falling_means(np.array([done[size] for size in run])) >= LINE).sum())
    return (run[above - 1] if above else None), (run[above] if above < len(run) else None)


@SEARCHES
@given(st.floats(10, 6000), st.floats(0.3, 30))
def test_the_crossing_of_any_falling_curve_ends_between_two_neighbours_of_the_grid(crossing, slope):
    done, order = searched(lambda n: [0.9 ** ((n / crossing) ** slope)])
    last, first = bracket(done)
    assert last is None or last <= crossing
    assert first is None or first > crossing * (1 - 1e-9)
    if last and first:
        assert list(SIZES).index(first) == list(SIZES).index(last) + 1
    assert len(order) <= 4 + np.ceil(np.log2(len(SIZES)))


@SEARCHES
@given(st.lists(st.floats(0, 1), min_size=len(SIZES), max_size=len(SIZES)).map(lambda v: sorted(v, reverse=True)))
def test_steps_and_plateaus_are_bracketed_too(values):
    curve = dict(zip(SIZES.tolist(), values, strict=True))
    last, first = bracket(searched(lambda n: [curve[n]])[0])
    truly = [n for n in SIZES if curve[n] >= LINE]
    assert last == (truly[-1] if truly else None)
    assert (first is None) == (len(truly) == len(SIZES))


@SEARCHES
@given(st.integers(0, 10**6), st.floats(30, 2000))
def test_with_noise_it_ends_at_neighbours_whose_own_neighbours_were_run(seed, crossing):
    rng = np.random.default_rng(seed)
    done, _ = searched(lambda n: np.clip(0.9 ** ((n / crossing) ** 1.5) + rng.normal(0, 0.05, 3), 0, 1).tolist())
    last, first = bracket(done)
    places = [list(SIZES).index(n) for n in (last, first) if n]
    assert np.ptp(places) <= 1
    assert all(int(SIZES[p]) in done for p in range(min(places) - 1, max(places) + 2) if 0 <= p < len(SIZES))


def test_noise_moves_the_end_by_no_more_than_it_blurs_the_line():
    """With three replicates of standard deviation .02 the bracket is within a factor 1.5 of the crossing."""
    rng = np.random.default_rng(0)
    for crossing in np.geomspace(40, 1500, 30):
        done, _ = searched(lambda n, c=crossing: (0.9 ** ((n / c) ** 1.5) + rng.normal(0, 0.02, 3)).tolist())
        last, first = bracket(done)
        assert crossing / 1.5 < last
        assert first < crossing * 1.5


def test_the_first_round_is_the_two_ends_and_the_second_their_middle():
    sizes = 100 * 2 ** np.arange(5)
    assert following({}, sizes) == (100, 1600)
    assert following({100: [1.0]}, sizes) == (1600,)
    assert following({100: [1.0], 1600: [0.1]}, sizes) == (400,)
    assert following({100: [1.0], 1600: [0.1], 400: [0.95], 300: [0.0]}, sizes) == (800,), "300 is not on the grid"


def test_open_ends_are_looked_at_once_more():
    sizes = 100 * 2 ** np.arange(5)
    assert searched(lambda n: [0.95, 0.97], sizes)[1] == [100, 1600, 800]
    assert searched(lambda n: [0.1, 0.3], sizes)[1] == [100, 1600, 200]


def test_replicates_may_differ_in_number_and_are_averaged():
    sizes = np.array([100, 200, 400])
    done = {100: [0.99], 400: [0.2], 200: [0.8, 0.94, 0.94, 0.96]}
    assert following(done, sizes) == ()
    assert bracket({100: [1], 200: [0.91], 400: [0.2]}) == (200, 400)
