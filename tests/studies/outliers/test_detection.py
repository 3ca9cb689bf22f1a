"""Detectors score what they say, and a planted perfect or useless score is worth 1 or one half."""

import numpy as np
import pytest

from diffmem.measure.strata import Strata
from diffmem.neighbours.table import ROW
from diffmem.studies.outliers.detection import detection, geometry_scores, judge, memorization_scores

M, OUTLIERS, SNAPSHOTS = 60, 12, 12
TARGET = np.arange(M) < OUTLIERS
MEMORIZED = ["memorized late", "seldom memorized, by snapshots", "seldom memorized, by points"]
GEOMETRY = ["distance to neighbour 5", "isolation forest", "local outlier factor"]


def known(twins=True):
    code = TARGET.astype(int)
    counterpart = code if twins else np.zeros(M, dtype=int)
    return Strata(("inlier", "outlier"), code, counterpart, np.bincount(code), (M - OUTLIERS, M - OUTLIERS))


def copied(first, *, points=1):
    """Table (s, points * m) of a model that reproduces location j from snapshot first[j] on, and no held-out one."""
    table = np.zeros((SNAPSHOTS, M), dtype=ROW)
    table["train_distance"][..., 0] = 1
    table["train_location"][..., 0] = table["test_location"] = np.arange(M)
    table["test_distance"] = np.where(np.arange(SNAPSHOTS)[:, None] >= first, 9, 1)
    return np.tile(table, (1, points))


def blob(seed=0):
    """Inliers, and first the outliers, alone and far off."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, 2 * np.pi, OUTLIERS)
    far = 8 * np.stack([np.cos(angle), np.sin(angle)], axis=1) * rng.uniform(1, 2, (OUTLIERS, 1))
    return np.vstack([far, rng.standard_normal((M - OUTLIERS, 2))])


def found(table, twins=True, **options):
    rule = {"positions": blob(), "ratio": 1.5, "dimension": 30.0, "seed": 0, "neighbours": 5, **options}
    return detection(table, known(twins), **rule).set_index(["detector", "side"])


def test_late_outliers_are_found_by_every_memorization_score_on_the_training_side_alone():
    result = found(copied(np.where(TARGET, 6, 2)))
    for name in MEMORIZED:
        assert result.loc[(name, "train"), ["auroc", "average_precision"]].tolist() == [1, 1]
        assert result.loc[(name, "held-out"), "auroc"] == 0.5
        assert result.loc[(name, "held-out"), "average_precision"] == pytest.approx(OUTLIERS / M)
    assert (result["prevalence"] == OUTLIERS / M).all()


def test_outliers_memorized_first_are_found_the_wrong_way_round():
    result = found(copied(np.where(TARGET, 2, 6)))
    assert (result.loc[[(name, "train") for name in MEMORIZED], "auroc"] == 0).all()


def test_never_counts_as_later_than_the_last_time():
    result = found(copied(np.where(TARGET, SNAPSHOTS, SNAPSHOTS - 3)))
    assert result.loc[("memorized late", "train"), "auroc"] == 1


def test_what_is_memorized_alike_is_worth_one_half():
    """Exactly with a constant score; on average over redraws with a random one."""
    assert found(copied(np.full(M, 4))).loc[("memorized late", "train"), "auroc"] == 0.5
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(150):
        scores = memorization_scores(rng.poisson(0.7, (SNAPSHOTS, M)), expected=1.0, chance=0.3)
        drawn.append(judge(scores, target=TARGET)["auroc"].to_numpy())
    error = np.std(drawn, axis=0, ddof=1) / np.sqrt(len(drawn))
    assert error.max() < 0.01
    assert (np.abs(np.mean(drawn, axis=0) - 0.5) < 4 * error).all()


def test_memorization_scores_by_hand():
    count = np.zeros((6, 3), dtype=int)
    count[2:, 0] = 5  # from snapshot 2 on: 5 log 2 - 2/3 = 2.80 a snapshot, the threshold is log 120 = 4.79
    count[1, 1] = 8  # once: 4.88
    scores = memorization_scores(count, expected=2.0, chance=1 / 3)
    assert scores["memorized late"].tolist() == [3, 1, 6]
    assert scores["seldom memorized, by snapshots"].tolist() == [-4, -1, 0]
    assert scores["seldom memorized, by points"].tolist() == [-20, -8, 0]


def test_scores_are_judged_by_roc_and_precision():
    score = np.array([0.9, 0.8, 0.7, 0.1])
    result = judge({"a": score, "b": -score}, target=np.array([True, False, True, False])).set_index("detector")
    assert result.loc["a"].tolist() == pytest.approx([0.75, (1 + 2 / 3) / 2, 0.5])
    assert result.loc["b"].tolist() == pytest.approx([0.25, (1 / 2 + 2 / 4) / 2, 0.5])


def test_geometry_finds_lone_points_far_off_and_knows_nothing_of_twins():
    result = found(copied(np.full(M, 4)))
    for name in GEOMETRY:
        assert result.loc[(name, "train"), "auroc"] > 0.95
        assert (name, "held-out") not in result.index


def test_the_distance_is_that_to_the_kth_other_location():
    positions = blob()
    far = np.sort(np.linalg.norm(positions[:, None] - positions[None], axis=2), axis=1)
    assert np.allclose(geometry_scores(positions, neighbours=5, seed=0)["distance to neighbour 5"], far[:, 5])
    few = geometry_scores(positions[:4], neighbours=20, seed=0)
    assert np.allclose(
        few["distance to neighbour 3"], np.linalg.norm(positions[:4] - positions[:4, None], axis=2).max(1)
    )


def test_the_same_seed_gives_the_same_forest():
    one, same, other = (geometry_scores(blob(), neighbours=5, seed=s)["isolation forest"] for s in (0, 0, 1))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_more_points_of_a_copier_change_only_the_score_that_counts_points():
    counts = np.ones((6, 3), dtype=int)
    more = memorization_scores(3 * counts, expected=3.0, chance=0.001)
    once = memorization_scores(counts, expected=1.0, chance=0.001)
    assert [np.array_equal(once[name], more[name]) for name in MEMORIZED] == [True, True, False]


def test_without_twins_there_is_no_held_out_side():
    result = found(copied(np.where(TARGET, 6, 2)), twins=False)
    assert set(result.index.get_level_values("side")) == {"train"}
    assert len(result) == 6


def test_without_outliers_there_is_nothing_to_detect():
    with pytest.raises(ValueError, match="0 of 3 locations are outliers"):
        judge({"a": np.arange(3)}, target=np.zeros(3, dtype=bool))
