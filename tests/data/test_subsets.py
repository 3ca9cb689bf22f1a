"""Beginnings of the order of a collection are balanced, nested, random and blended as was asked for."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from diffmem.data.image_set import points
from diffmem.data.images import digits
from diffmem.data.subsets import balanced, far_from_centre, first_classes

SIZES = (40, 45, 60, 41)
CLASSES = np.random.default_rng(0).permutation(np.repeat(np.arange(4), SIZES))
FAR = np.random.default_rng(1).random(len(CLASSES)) < 0.6
ALPHAS = [0.0, 0.2, 0.5, 0.75, 1.0]


def order(seed=0, **blend):
    return balanced(CLASSES, np.random.default_rng(seed), **blend)


@pytest.mark.parametrize("blend", [{}, *({"far": FAR, "diversity": alpha} for alpha in ALPHAS)], ids=str)
def test_every_beginning_is_balanced_and_holds_no_image_twice(blend):
    rows = order(**blend)
    assert len(set(rows)) == len(rows)
    counts = np.cumsum(CLASSES[rows][:, None] == np.arange(4), axis=0)
    assert (np.ptp(counts, axis=1) <= 1).all()


def test_the_order_ends_where_the_first_class_runs_out():
    assert len(order()) == 4 * min(SIZES)
    assert len(balanced(np.zeros(7, dtype=int), np.random.default_rng(0))) == 7


@pytest.mark.parametrize("alpha", ALPHAS)
def test_of_every_beginning_of_a_class_the_share_alpha_is_far(alpha):
    rows = order(far=FAR, diversity=alpha)
    sources = np.bincount(2 * CLASSES + FAR).reshape(4, 2)
    shares = np.array([1 - alpha, alpha])
    assert len(rows) >= 4 * (min(sources[:, i].min() / shares[i] for i in range(2) if shares[i]) - 2)
    for label in range(4):
        far = np.cumsum(FAR[rows][CLASSES[rows] == label])
        assert (np.abs(far - alpha * np.arange(1, len(far) + 1)) <= 1).all()


@pytest.mark.parametrize("alpha", [0.2, 0.5, 0.75])
def test_held_out_images_have_the_same_shares_as_training_images(alpha):
    """Of each class two images are trained on and the next two are held out."""
    train, held_out = [], []
    for seed in range(300):
        rows = order(seed, far=FAR, diversity=alpha)
        train.append(FAR[rows[:8]].sum())
        held_out.append(FAR[rows[8:16]].sum())
    assert np.mean(train) == pytest.approx(8 * alpha, abs=0.25)  # four standard errors are .23
    assert np.mean(held_out) == pytest.approx(8 * alpha, abs=0.25)


@pytest.mark.parametrize("blend", [{}, {"far": FAR, "diversity": 0.5}], ids=["whole", "blended"])
def test_a_stream_has_one_order_and_its_length_does_not_depend_on_it(blend):
    assert np.array_equal(order(1, **blend), order(1, **blend))
    assert not np.array_equal(order(1, **blend), order(2, **blend))
    assert len({len(order(seed, **blend)) for seed in range(20)}) == 1


def test_every_image_of_a_class_is_as_likely_in_every_place():
    """Chi-square of image against place over many orders, for one class of six images."""
    classes = np.repeat([0, 1], 6)
    seen = np.zeros((6, 6))
    for seed in range(1200):
        rows = balanced(classes, np.random.default_rng(seed))
        seen[rows[rows < 6], np.arange(6)] += 1
    # rows and columns sum to 1200 by construction, which leaves 25 degrees of freedom; places are a permutation
    assert stats.chi2.sf(((seen - 200) ** 2 / 200).sum() * 5 / 6, 25) > 1e-3


def test_which_class_comes_first_is_drawn():
    first = [CLASSES[order(seed)[0]] for seed in range(400)]
    expected = 400 * np.array(SIZES) / sum(SIZES)
    assert stats.chisquare(np.bincount(first, minlength=4), expected).pvalue > 1e-3


def test_the_near_quarter_is_nearest_to_the_most_central_image_by_brute_force():
    collection = digits(pixels=None)
    far = far_from_centre(collection.pixels, collection.labels)
    for label in range(10):
        rows = np.flatnonzero(collection.labels == label)
        members = points(collection.pixels[rows])
        centre = min(members, key=lambda image: ((image - members.mean(0)) ** 2).sum())
        distance = [((image - centre) ** 2).sum() for image in members]
        near = [d for d, is_far in zip(distance, far[rows], strict=True) if not is_far]
        assert len(near) == -(-len(rows) // 4)
        assert sorted(near) == sorted(distance)[: len(near)]


def test_diversity_grows_with_alpha_on_digits():
    collection = digits(pixels=None)
    far = far_from_centre(collection.pixels, collection.labels)

    def spread(alpha):
        rows = balanced(collection.labels, np.random.default_rng(0), far=far, diversity=alpha)[:400]
        members = [points(collection.pixels[rows[collection.labels[rows] == label]]) for label in range(10)]
        return np.mean([x.var(0).sum() for x in members])

    assert all(b > 1.1 * a for a, b in pairwise(map(spread, [0.0, 0.25, 0.5, 1.0])))


@pytest.mark.parametrize(("count", "kept"), [(None, [3, 5, 9]), (1, [3]), (2, [3, 5]), (7, [3, 5, 9])])
def test_the_first_classes_go_by_their_labels_and_are_numbered_anew(count, kept):
    labels = np.array([9, 3, 5, 3, 9, 5, 5])
    rows, classes = first_classes(labels, count)
    assert np.array_equal(rows, [i for i, label in enumerate(labels) if label in kept])
    assert np.array_equal(np.array(kept)[classes], labels[rows])
