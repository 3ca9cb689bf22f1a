"""Planted copiers: one that prefers isolated points, one that avoids outliers, one that knows nothing."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from diffmem.measure.strata import Strata
from diffmem.neighbours.table import ROW
from diffmem.studies.claims import CHANCE, REFUTED, REPRODUCED
from diffmem.studies.outliers.density import (
    GENERATED,
    OPTIMUM,
    RADIUS,
    SPACING,
    WIDTH,
    Surroundings,
    coefficients,
    of_replicate,
    surroundings,
)
from diffmem.studies.outliers.density_claims import claims, summary

INLIERS, OUTLIERS = 300, 60
KNOWN = Strata(
    names=("inlier", "outlier"),
    train=np.repeat([0, 1], [INLIERS, OUTLIERS]),
    test=np.repeat([0, 1], [INLIERS, OUTLIERS]),
    rows=np.array([INLIERS, OUTLIERS]),
    plain=(INLIERS, INLIERS),
)


def around(rng):
    """Outliers lie closer together than inliers: their log spacing is lower by one on average.

    Held-out location j lies beside training location j, and has its spacing.
    """
    spacing = -1.0 * KNOWN.train + 0.5 * rng.standard_normal(len(KNOWN.train))
    radius = 1 + 2.0 * KNOWN.train
    return Surroundings(spacing, spacing, radius, radius)


def table(rng, near, *, slope, outlier, radial=0.0, count=6000):
    """Points near uniformly drawn locations of either half; those of the training half are copies with probability

    .5 + slope * log spacing + outlier * [is an outlier] + radial * radius, in expectation the net copied fraction over
    both halves.
    """
    m = INLIERS + OUTLIERS
    chosen = rng.integers(m, size=count)
    expected = 0.5 + slope * near.train_spacing + outlier * KNOWN.train + radial * near.train_radius
    expected = np.clip(expected, 0, 1)
    copy = rng.random(count) < expected[chosen]
    held_out = ~copy & (rng.random(count) < 0.5)
    found = np.zeros(count, ROW)
    found["train_location"] = chosen[:, None]
    found["test_location"] = chosen
    found["train_distance"] = np.where(copy, 0.1, np.where(held_out, 1.0, 0.95))[:, None]
    found["test_distance"] = np.where(held_out, 0.95, 1.0)
    return found


def values(rows, model, term):
    return rows[(rows["model"] == model) & (rows["term"] == term)]["value"].item()


@pytest.mark.parametrize(("slope", "outlier"), [(0.15, 0.0), (0.0, -0.2), (0.15, -0.2), (0.0, 0.0)])
def test_planted_coefficients_are_found(slope, outlier):
    rng = np.random.default_rng(0)
    near = around(rng)
    rows = coefficients(table(rng, near, slope=slope, outlier=outlier, count=200_000), KNOWN, near, ratio=1.5)
    assert values(rows, "adjusted", "outlier") == pytest.approx(outlier, abs=0.02)
    assert values(rows, "adjusted", SPACING) == pytest.approx(slope, abs=0.01)
    assert values(rows, "inliers", SPACING) == pytest.approx(slope, abs=0.01)
    assert values(rows, "raw", "outlier") == pytest.approx(outlier - slope, abs=0.02)


def test_a_planted_effect_of_the_distance_from_the_centre_is_found():
    rng = np.random.default_rng(0)
    radius = rng.uniform(0, 3, INLIERS + OUTLIERS)
    near = replace(around(rng), train_radius=radius, test_radius=radius)
    rows = coefficients(table(rng, near, slope=0.1, outlier=0.0, radial=-0.1, count=200_000), KNOWN, near, ratio=1.5)
    assert values(rows, "radial", RADIUS) == pytest.approx(-0.1, abs=0.01)
    assert values(rows, "radial", SPACING) == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize("log_ratio", [-1.0, 0.5])
def test_a_planted_effect_of_the_width_of_a_class_is_found(log_ratio):
    rng = np.random.default_rng(0)
    near = around(rng)
    points = table(rng, near, slope=0.0, outlier=0.2 * log_ratio, count=200_000)
    rows = coefficients(points, KNOWN, near, ratio=1.5, class_width=np.exp(log_ratio))
    assert values(rows, "classes", WIDTH) == pytest.approx(0.2, abs=0.02)


def test_swapping_training_and_held_out_points_changes_every_sign():
    rng = np.random.default_rng(1)
    near = around(rng)
    one = table(rng, near, slope=0.1, outlier=-0.1)
    other = one.copy()
    other["train_distance"] = one["test_distance"][:, None]
    other["test_distance"] = one["train_distance"][:, 0]
    swapped = Surroundings(near.test_spacing, near.train_spacing, near.test_radius, near.train_radius)
    before = coefficients(one, KNOWN, near, ratio=1.5, class_width=0.5)
    after = coefficients(other, KNOWN, swapped, ratio=1.5, class_width=0.5)
    assert "classes" in set(before["model"])
    np.testing.assert_allclose(after["value"], -before["value"], atol=1e-9)


def test_spacing_is_the_distance_to_the_third_neighbour_of_either_half():
    train, test = np.array([[0.0, 0], [3, 0], [40, 1]]), np.array([[1.0, 0], [6, 0], [50, -1]])
    known = Strata(("inlier",), np.zeros(3, int), np.zeros(3, int), np.array([3]), (3, 3))
    near = surroundings(train=train, test=test, known=known)
    np.testing.assert_allclose(np.exp(near.train_spacing[:2]), [6, 3])  # 0: 1, 3, 6; 3: 2, 3, 3
    np.testing.assert_allclose(np.exp(near.test_spacing[0]), 5)  # 1: 1, 2, 5
    both = np.vstack([train, test])
    expected = np.linalg.norm((both - both.mean(0)) / both.std(0), axis=1)
    np.testing.assert_allclose([*near.train_radius, *near.test_radius], expected)


def study(*, slope, outlier, replicates=8, class_width=0.5, optimum=None):
    """``optimum`` are its coefficients, by default none."""
    tables = []
    for replicate in range(replicates):
        rng = np.random.default_rng(replicate)
        near = around(rng)
        generated = np.stack([table(rng, near, slope=0, outlier=-0.4), table(rng, near, slope=slope, outlier=outlier)])
        ceiling = table(rng, near, **optimum or dict(slope=0, outlier=0))
        rows = of_replicate(
            generated, ceiling, KNOWN, near, ratio=1.5, epochs=np.array([0, 10]), class_width=class_width
        )
        tables.append(rows.assign(study="s", cell="a", replicate=replicate))
    return pd.concat(tables, ignore_index=True)


def test_density_and_outlyingness_are_told_apart():
    def verdicts(**planted):
        found = claims(study(**planted), settings={"a": "planted"})
        return found.set_index("claim")["verdict"].to_dict()

    dense = verdicts(slope=0.15, outlier=0.0)
    assert dense["D1-end"] == dense["D3-end"] == REPRODUCED
    assert dense["D2-end"] != REPRODUCED
    outlying = verdicts(slope=0.0, outlier=-0.2)
    assert outlying["D2-end"] == REPRODUCED
    assert outlying["D1-end"] in (CHANCE, REFUTED)
    assert outlying["D5-end"] == REPRODUCED  # the outliers are the narrower class
    assert verdicts(slope=0.0, outlier=-0.2, class_width=2.0)["D5-end"] == REFUTED


def test_what_the_optimum_shows_as_well_is_no_finding_about_training():
    def end(**planted):
        found = claims(study(**planted), settings={"a": "planted"}).set_index("claim")
        return found.loc["D1-end", ["verdict", "reason"]].tolist()

    assert end(slope=0.15, outlier=0, optimum=dict(slope=0.03, outlier=0)) == [REPRODUCED, ""]
    verdict, reason = end(slope=0.05, outlier=0, optimum=dict(slope=0.15, outlier=0))
    assert verdict == CHANCE
    assert reason.startswith("the closed-form optimum, which copies every point, has 0.1")


def test_the_summary_keeps_model_and_optimum_apart():
    found = summary(study(slope=0.1, outlier=0))
    assert set(found["source"]) == {GENERATED, OPTIMUM}
    assert set(found[found["source"] == GENERATED]["epoch"]) == {0, 10}
    assert (found["replicates"] == 8).all()


def test_a_stratum_without_points_at_the_end_has_no_value_there():
    table = study(slope=0.1, outlier=0)
    table = table[(table["term"] != "outlier") | (table["epoch"] == 0)]
    found = claims(table, settings={"a": "planted"}).set_index("claim")
    assert found.loc[["D2", "D2-end"], "replicates"].tolist() == [0, 0]
    assert found.loc["D1-end", "replicates"] == 8
