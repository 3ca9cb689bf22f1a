"""The test keeps its level at any sizes, and notices the held-out sets that would make a perfect generator a copier."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.datasets import make_moons

from diffmem.data.gaussians import gaussian
from diffmem.measure.exchangeability import _labellings, _mean_distances, exchangeability


def sets(n, m, dimension, *, seed=0, wider=1.0, shift=0.0):
    """Gaussian training and held-out points, the latter wider and shifted along the diagonal; and their generator."""
    rng = np.random.default_rng(seed)
    train, test = gaussian(n, rng, dimension=dimension), gaussian(m, rng, dimension=dimension)
    return {"train": train, "test": wider * test + shift / np.sqrt(dimension), "rng": rng}


def p_values(redraws, *args, permutations=199, points=1000, **options):
    return np.array(
        [
            exchangeability(**sets(*args, seed=seed, **options), permutations=permutations, points=points).p_value
            for seed in range(redraws)
        ]
    )


# --- arithmetic -------------------------------------------------------------------------------------------------------


def test_energy_and_width_are_the_means_over_pairs():
    given = sets(30, 20, 3, wider=1.3)
    train, test = given["train"], given["test"]
    a, b = (np.mean([np.linalg.norm(x - y) for x in s for y in s if x is not y]) for s in (list(train), list(test)))
    c = np.mean([np.linalg.norm(x - y) for x in train for y in test])
    found = exchangeability(**given)
    assert found.energy == pytest.approx(2 * c - a - b)
    assert found.wider == pytest.approx(b / a - 1)


def test_one_product_gives_what_every_labelling_gives_by_itself():
    points = np.random.default_rng(0).standard_normal((12, 2))
    labels = _labellings(5, 12, 40, np.random.default_rng(1))
    assert labels[:, 0].tolist() == [1] * 5 + [0] * 7
    assert (labels.sum(0) == 5).all()
    assert len(np.unique(labels, axis=1).T) > 30
    for label, found in zip(
        labels.T.astype(bool), np.transpose(_mean_distances(cdist(points, points), labels)), strict=True
    ):
        own = [cdist(s, s).sum() / (len(s) * (len(s) - 1)) for s in (points[label], points[~label])]
        assert found == pytest.approx([*own, cdist(points[label], points[~label]).mean()])


def test_the_p_value_counts_the_true_labelling_and_ties():
    far = exchangeability(**sets(50, 50, 2, shift=100), permutations=99)
    assert far.p_value == 1 / 100
    simplex = np.eye(8)  # all equally far from each other: every labelling looks the same
    alike = exchangeability(train=simplex[:5], test=simplex[5:], rng=np.random.default_rng(0))
    assert (alike.p_value, alike.statistic) == (1, 0)


def test_copies_of_rows_do_not_count():
    given = sets(60, 50, 2)
    often = {**sets(60, 50, 2), "train": np.repeat(given["train"], 3, axis=0)}
    assert exchangeability(**often) == exchangeability(**given)


# --- level ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "m", "points"), [(40, 40, 1000), (60, 25, 1000), (25, 60, 1000), (300, 30, 60)], ids=lambda n: str(n)
)
@pytest.mark.parametrize("dimension", [1, 5])
def test_p_values_under_the_null_are_uniform(n, m, points, dimension):
    p = p_values(800, n, m, dimension, permutations=99, points=points)
    levels = np.array([0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.95])
    error = np.sqrt(levels * (1 - levels) / 800)
    assert (np.abs((p[:, None] <= levels + 1e-9).mean(0) - levels) < 4 * error).all()


# --- power ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("m", [1000, 250])
@pytest.mark.parametrize("wider", [1.05, 1.1, 0.95])
def test_a_held_out_set_that_is_wider_by_five_percent_is_noticed_in_32_dimensions(m, wider):
    """There a perfect generator reads a net copied fraction of .19, and of .41 at 10 %."""
    assert (p_values(5, 1000, m, 32, wider=wider) <= 0.01).all()


def test_smaller_differences_are_noticed_as_often_as_is_told():
    """.94 at 2 %, where the energy statistic alone notices little."""
    assert np.mean(p_values(15, 1000, 1000, 32, wider=1.02) <= 0.05) >= 0.7


@pytest.mark.parametrize(("dimension", "shift"), [(32, 0.5), (2, 0.35)])
def test_a_shifted_held_out_set_is_noticed(dimension, shift):
    assert (p_values(5, 1000, 1000, dimension, shift=shift) <= 0.01).all()


def test_another_shape_of_the_same_centre_and_width_is_noticed():
    """A ring against a Gaussian: only the energy statistic can tell."""
    noticed = []
    for seed in range(5):
        given = sets(500, 500, 2, seed=seed)
        ring = given["test"] / np.linalg.norm(given["test"], axis=1, keepdims=True)
        ring *= np.mean(cdist(given["train"], given["train"])) / np.mean(cdist(ring, ring))
        found = exchangeability(**{**given, "test": ring}, permutations=199)
        assert found.wider == pytest.approx(0, abs=0.01)
        noticed.append(found.p_value)
    assert max(noticed) <= 0.01


def test_sets_on_one_grid_of_angles_are_too_alike():
    """scikit-learn's moons: not exchangeable either, but p is near 1 rather than near 0."""
    p = []
    for seed in range(20):
        train, test = (make_moons(500, noise=0.03, random_state=2 * seed + half)[0] for half in (0, 1))
        p.append(exchangeability(train=train, test=test, rng=np.random.default_rng(seed), permutations=99).p_value)
    assert np.mean(p) > 0.75


@pytest.mark.parametrize(
    ("train", "test", "message"),
    [
        (np.zeros((5, 2)), np.eye(2), "two distinct points each, found 1 and 2"),
        (np.eye(3), np.eye(2), "same number of features"),
        (np.eye(2), np.full((2, 2), np.nan), "test: 2 points are NaN or infinite"),
    ],
)
def test_arrays_that_do_not_fit_are_refused_with_a_reason(train, test, message):
    with pytest.raises(ValueError, match=message):
        exchangeability(train=train, test=test, rng=np.random.default_rng(0))
