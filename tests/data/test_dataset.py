"""A replicate's halves are exchangeable, twins match stratum by stratum, and a replicate does not know its shard."""

import numpy as np
import pytest
from scipy import stats

from diffmem.data.dataset import ARRAYS, DUPLICATE, INLIER, NEAR_DUPLICATE, OUTLIER, STRATA, dataset, stack
from diffmem.data.image_set import DataError, points
from diffmem.data.images import digits
from diffmem.settings import read as config

EVERYTHING = {
    "outliers": {"count": 40, "clusters": 3, "distance": 4.0},
    "duplicates": {"count": 20, "copies": 3},
    "near_duplicates": {"count": 30, "copies": 2},
}


def settings(**data):
    study = {"data": {"inliers": 200, **data}}
    return config.studies({"studies": {"s": study}})["s"].cells["base"].data


def rows_and_locations(half):
    rows = np.bincount(half.stratum, minlength=len(STRATA)).tolist()
    return rows, [len(np.unique(half.location[half.stratum == code])) for code in range(len(STRATA))]


def test_strata_have_the_rows_and_locations_that_were_asked_for():
    half = dataset(settings(**EVERYTHING), seed=1, replicate=0).train
    rows = {INLIER: 150, OUTLIER: 40, DUPLICATE: 20 * 4, NEAR_DUPLICATE: 30 * 3}
    locations = {INLIER: 150, OUTLIER: 40, DUPLICATE: 20, NEAR_DUPLICATE: 90}
    assert rows_and_locations(half) == tuple([counts[code] for code in range(4)] for counts in (rows, locations))
    assert len(half.points) == sum(rows.values())


@pytest.mark.parametrize("injected", [{}, *({name: value} for name, value in EVERYTHING.items()), EVERYTHING])
def test_twins_match_in_rows_and_locations_of_every_stratum(injected):
    data = dataset(settings(**injected), seed=1, replicate=0)
    assert rows_and_locations(data.train) == rows_and_locations(data.test)
    assert np.array_equal(data.train.plain, data.test.plain)
    assert data.train.plain.sum() == 200


def test_without_twins_nothing_injected_is_held_out():
    data = dataset(settings(**EVERYTHING, twins=False).replace(test=300), seed=1, replicate=0)
    assert data.test.points.shape == (300, 2)
    assert (data.test.stratum == INLIER).all()
    assert data.test.plain.all()


def test_exact_copies_share_the_location_of_their_original_and_jittered_ones_do_not():
    half = dataset(settings(**EVERYTHING), seed=2, replicate=0).train
    same = (half.points[:, None] == half.points[None]).all(2)
    assert np.array_equal(same, half.location[:, None] == half.location[None])
    assert (same.sum(1) == np.where(half.stratum == DUPLICATE, 4, 1)).all()


def test_halves_and_fresh_points_share_no_location():
    data = dataset(settings(**EVERYTHING), seed=3, replicate=0)
    parts = [np.unique(part, axis=0) for part in (data.train.points, data.test.points, data.fresh)]
    together = np.unique(np.vstack(parts), axis=0)
    assert len(together) == sum(map(len, parts))


@pytest.mark.parametrize("fresh", [100, 335, 1000])
def test_outliers_have_their_share_of_the_fresh_points(fresh):
    data = dataset(settings(**EVERYTHING, fresh=fresh), seed=4, replicate=0)
    assert len(data.fresh) == fresh
    inliers = data.train.points[data.train.plain]
    far = np.linalg.norm((data.fresh - inliers.mean(0)) / inliers.std(0), axis=1) > 3
    assert abs(far.sum() - fresh * 40 / len(data.train.points)) <= 1


def test_near_duplicates_lie_a_tenth_of_a_spacing_from_their_original():
    data = dataset(settings(near_duplicates={"count": 100, "copies": 4, "jitter": 0.1}), seed=5, replicate=0)
    for half in (data.train, data.test):
        originals, copies = half.points[:100], half.points[200:].reshape(4, 100, 2)
        apart = np.linalg.norm(originals[:, None] - half.points[None, :200], axis=2)
        spacing = np.where(apart > 0, apart, np.inf).min(1)
        squared = (np.linalg.norm(copies - originals, axis=2) / spacing) ** 2
        assert squared.mean() == pytest.approx(0.1**2, rel=5 / np.sqrt(400))


def energy(x, y):
    """Energy statistic of two samples of equal size."""
    between, within_x, within_y = (
        np.linalg.norm(a[:, None] - b[None], axis=2).mean() for a, b in ((x, y), (x, x), (y, y))
    )
    return 2 * between - within_x - within_y


@pytest.mark.parametrize("code", range(len(STRATA)), ids=STRATA)
def test_training_and_held_out_points_of_a_stratum_are_exchangeable(code):
    """The energy statistic of train against test has a uniform rank among those of random halves of the same points."""
    rng = np.random.default_rng(6)
    ranks = []
    for replicate in range(40):
        data = dataset(settings(**EVERYTHING, fresh=100), seed=6, replicate=replicate)
        # one row of a family of copies is enough, and the rows of a family are not exchangeable one by one
        chosen = [(h.stratum == code) & (h.plain | (code == OUTLIER)) for h in (data.train, data.test)]
        halves = [h.points[rows][:40] for h, rows in zip((data.train, data.test), chosen, strict=True)]
        pooled = np.vstack(halves)
        shuffled = [energy(*np.split(rng.permutation(pooled), 2)) for _ in range(19)]
        ranks.append((np.sum(energy(*halves) > np.array(shuffled)) + rng.random()) / 20)
    assert stats.kstest(ranks, "uniform").pvalue > 1e-3


def test_twins_of_outliers_come_from_the_same_clusters_in_random_proportions():
    """Which half a point falls to is drawn: a cluster's training share is hypergeometric, not alternating."""
    options = {"outliers": {"count": 20, "clusters": 2, "distance": 8.0}, "fresh": 100}
    shares = []
    for replicate in range(200):
        data = dataset(settings(**options, inliers=20), seed=7, replicate=replicate)
        train, test = (h.points[h.stratum == OUTLIER] for h in (data.train, data.test))
        reference = train[0]
        radius = np.linalg.norm(np.vstack([train, test]) - reference, axis=1).max() / 2
        shares.append([(np.linalg.norm(part - reference, axis=1) < radius).sum() for part in (train, test)])
    train, test = np.array(shares).T
    assert train.min() < 9
    assert train.max() > 12
    # the reference point itself is of the training half; the other 39 are dealt alike
    assert np.mean(train - 1) / 19 == pytest.approx(np.mean(test) / 20, abs=0.02)


@pytest.mark.parametrize("injected", [{}, EVERYTHING])
def test_a_replicate_does_not_depend_on_its_shard(injected):
    chosen = settings(**injected)
    together = stack(chosen, seed=8, replicates=range(3))
    alone = [stack(chosen, seed=8, replicates=range(r, r + 1)) for r in range(3)]
    assert tuple(together) == ARRAYS
    for name, array in together.items():
        assert np.array_equal(array, np.concatenate([single[name] for single in alone])), name
    assert len({array.tobytes() for array in together["train"]}) == 3


def test_a_stack_holds_the_replicates_themselves():
    chosen = settings(**EVERYTHING)
    arrays = stack(chosen, seed=9, replicates=range(4, 6))
    for i, replicate in enumerate((4, 5)):
        data = dataset(chosen, seed=9, replicate=replicate)
        assert arrays["replicate"][i] == replicate
        assert arrays["clearance"][i] == data.clearance
        assert np.array_equal(arrays["fresh"][i], data.fresh)
        for half in ("train", "test"):
            for suffix, field in (("", "points"), ("_stratum", "stratum"), ("_location", "location")):
                assert np.array_equal(arrays[half + suffix][i], getattr(getattr(data, half), field))


@pytest.mark.parametrize(
    "changes",
    [
        {"outliers": {**EVERYTHING["outliers"], "distance": 9.0, "spread": 0.3, "clusters": 1}},
        {"near_duplicates": {**EVERYTHING["near_duplicates"], "jitter": 0.5}},
        {"twins": False},
    ],
)
def test_cells_that_inject_otherwise_are_compared_on_the_same_inliers(changes):
    first, second = (dataset(settings(**{**EVERYTHING, **c}), seed=10, replicate=0) for c in ({}, changes))
    for one, other in ((first.train, second.train), (first.test, second.test)):
        assert np.array_equal(one.points[one.plain], other.points[other.plain])


def test_where_outliers_lie_is_independent_of_the_inliers():
    """Injection draws from a stream of its own; from the inliers' stream it would see the same numbers again."""
    options = dict(dataset="gaussian", dimension=2, inliers=30, fresh=100, outliers={"count": 20, "distance": 20.0})
    cosines = []
    for replicate in range(100):
        half = dataset(settings(**options), seed=14, replicate=replicate).train
        centre, first = half.points[half.stratum == OUTLIER].mean(0), half.points[:3]
        cosines.append(first @ centre / np.linalg.norm(first, axis=1) / np.linalg.norm(centre))
    assert np.abs(np.mean(cosines, axis=0)).max() < 4.5 * np.sqrt(0.5 / 100)


def test_zero_injections_give_inliers_alone_and_nothing_to_be_clear_of():
    data = dataset(settings(outliers={"count": 0}, duplicates={"count": 0}), seed=11, replicate=0)
    assert data.clearance == np.inf
    assert data.train.points.shape == data.test.points.shape == data.fresh.shape == (200, 2)
    assert not data.train.stratum.any()
    assert np.array_equal(data.train.location, np.arange(200))


def test_the_clearance_is_honest():
    """Brute force over the inliers of both halves, from cluster centres recovered with a spread of nearly nothing."""
    options = {"count": 30, "clusters": 3, "distance": 2.5, "spread": 1e-6}
    for replicate in range(5):
        data = dataset(settings(outliers=options), seed=12, replicate=replicate)
        inliers = np.vstack([half.points[half.plain] for half in (data.train, data.test)])
        mean, scale = inliers.mean(0), inliers.std(0)
        outliers = (data.train.points[data.train.stratum == OUTLIER] - mean) / scale
        to_inliers = np.linalg.norm(outliers[:, None] - ((inliers - mean) / scale)[None], axis=2).min()
        between = np.linalg.norm(outliers[:, None] - outliers[None], axis=2)
        nearest = min(to_inliers, between[between > 1e-4].min())
        assert data.clearance * 1e-6 == pytest.approx(nearest, abs=1e-5)


@pytest.mark.parametrize("shape", ["swiss-roll", "mixture", "digits"])
def test_every_kind_of_shape_can_be_injected_into(shape):
    data = dataset(settings(dataset=shape, **EVERYTHING, fresh=400), seed=13, replicate=0)
    assert rows_and_locations(data.train) == rows_and_locations(data.test)
    assert data.train.points.shape[1] == data.test.points.shape[1] == data.fresh.shape[1]
    assert np.isfinite(data.train.points).all()


@pytest.mark.parametrize("kind", [{"kind": "none"}, {"kind": "random", "count": 7}, {"kind": "unique"}], ids=str)
def test_a_copy_has_the_label_of_its_original(kind):
    half = dataset(settings(**EVERYTHING, labels=kind), seed=15, replicate=0).train
    originals = {tuple(point): label for point, label in zip(half.points[:200], half.label[:200], strict=True)}
    for point, label in zip(half.points[200:260], half.label[200:260], strict=True):
        assert originals[tuple(point)] == label
    assert np.array_equal(half.label[260:320], np.tile(half.label[20:50], 2))


def test_unique_labels_number_the_originals_and_outliers():
    data = dataset(settings(**EVERYTHING, labels={"kind": "unique"}), seed=15, replicate=0)
    assert data.label_count == 200 + 40
    assert np.array_equal(np.unique(data.train.label), np.arange(240))
    assert (data.test.label == -1).all()


def test_labels_are_int32_and_all_zero_without_a_kind():
    arrays = stack(settings(**EVERYTHING), seed=15, replicates=range(2))
    assert arrays["label_count"].tolist() == [0, 0]
    for half in ("train", "test"):
        assert arrays[f"{half}_label"].dtype == np.int32
        assert arrays[f"{half}_label"].shape == arrays[half].shape[:2]
        assert not arrays[f"{half}_label"].any()


@pytest.mark.parametrize("kind", [{"kind": "random", "count": 50}, {"kind": "unique"}], ids=str)
def test_cells_with_other_labels_are_compared_on_the_same_points(kind):
    first, second = (stack(settings(**EVERYTHING, labels=k), seed=16, replicates=range(2)) for k in ({}, kind))
    for name in ("train", "test", "fresh", "train_location"):
        assert np.array_equal(first[name], second[name])


def test_class_labels_of_both_halves_are_those_of_the_images():
    collection = digits(pixels=None)
    known = {tuple(p): label for p, label in zip(points(collection.pixels), collection.labels, strict=True)}
    options = dict(dataset="digits", inliers=90, classes=3, duplicates={"count": 20}, labels={"kind": "class"})
    data = dataset(settings(**options), seed=17, replicate=0)
    assert data.label_count == 3
    for half in (data.train, data.test):
        assert [known[tuple(p)] for p in half.points] == half.label.tolist()
        assert np.bincount(half.label[half.plain]).tolist() == [30, 30, 30]


@pytest.mark.parametrize("injected", [{}, EVERYTHING])
def test_standardized_training_points_have_no_mean_and_unit_spread_and_all_points_the_same_map(injected):
    plain, mapped = (dataset(settings(**injected, standardize=on), seed=3, replicate=1) for on in (False, True))
    assert np.allclose(mapped.train.points.mean(0), 0)
    assert np.sqrt(np.mean(mapped.train.points**2)) == pytest.approx(1)
    assert mapped.spread == 1
    for part in (lambda d: d.train.points, lambda d: d.test.points, lambda d: d.fresh):
        assert np.allclose(mapped.centre + mapped.scale * part(mapped), part(plain))
    assert np.array_equal(plain.centre, np.zeros(2))
    assert plain.scale == 1
    assert plain.spread == pytest.approx(mapped.scale)
    for half in ("train", "test"):
        assert np.array_equal(getattr(plain, half).location, getattr(mapped, half).location)


def test_a_data_set_whose_spread_underflows_cannot_be_standardized(tmp_path):
    (tmp_path / "own.py").write_text("def draw(count, generator): return 1e-200 * generator.normal(size=(count, 2))\n")
    with pytest.raises(DataError, match=r"data.standardize = True: squared differences .* are 0"):
        dataset(
            settings(dataset="module", module=f"{tmp_path}/own.py:draw", size=[2], standardize=True),
            seed=0,
            replicate=0,
        )
