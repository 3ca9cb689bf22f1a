"""Arms: every size is a cell of its own, and factors are what the arms differ in, by the names of the claims."""

import pytest

from diffmem.measure.emm import Estimate
from diffmem.settings import read as config
from diffmem.settings.refusals import ConfigError
from diffmem.studies.effective.pairs import numeric_levels


def study(**settings):
    effective = {"sizes": [50, 25], **settings.pop("effective", {})}
    base = {"question": "effective", "replicates": 2, "effective": effective}
    data = {"dataset": "digits", "test": 100, **settings.pop("data", {})}
    return config.studies({"studies": {"s": {**base, "data": data, **settings}}})["s"]


def test_every_arm_has_a_cell_for_every_size():
    found = study(cells={"none": {}, "unique": {"data": {"labels": {"kind": "unique"}}}})
    assert list(found.cells) == ["none_n-25", "none_n-50", "unique_n-25", "unique_n-50"]
    assert found.arms.cells["unique"] == {25: "unique_n-25", 50: "unique_n-50"}
    assert [found.cells[name].data.inliers for name in found.cells] == [25, 50, 25, 50]
    assert found.arms.factors == {"none": {"labels": "none"}, "unique": {"labels": "unique"}}
    assert found.arms.baseline == "none"
    assert not found.arms.search


@pytest.mark.parametrize(
    ("change", "factor", "values"),
    [
        ({"data": {"labels": {"kind": "random", "count": 7}}}, "labels", ("none", "random-7")),
        ({"data": {"pixels": 4}}, "dimension", (64, 16)),
        ({"model": {"blocks": 5}}, "depth", (2, 5)),
        ({"model": {"skips": [6, 4]}}, "skips", ("1, 2, 3, 4, 5, 6, 7, 8, 9", "4, 6")),
        ({"model": {"skips": []}}, "skips", ("1, 2, 3, 4, 5, 6, 7, 8, 9", "none")),
        ({"training": {"ema": 0.5}}, "ema", (0, 0.5)),
        ({"training": {"epochs": 40}}, "budget", ("3,000 epochs", "40 epochs")),
        ({"training": {"steps": 2000}}, "budget", ("3,000 epochs", "2,000 steps")),
    ],
)
def test_factors_go_by_the_names_of_the_claims(change, factor, values):
    model = {"network": "unet", "width": 8, "blocks": 2}
    found = study(cells={"base": {}, "other": change}, model=model, training={"epochs": 3000})
    assert [found.arms.factors[arm] for arm in ("base", "other")] == [{factor: value} for value in values]


def test_keys_of_one_name_in_two_sections_are_two_factors():
    cells = {"base": {}, "more": {"schedule": {"steps": 100}}, "wide": {"model": {"width": 64}}}
    found = study(cells=cells, sampling={"steps": 20}).arms
    factors = {arm: {"schedule.steps": 50, "width": found.factors["base"]["width"]} for arm in cells}
    factors["more"]["schedule.steps"] = 100
    factors["wide"]["width"] = 64
    assert found.factors == factors
    estimates = {arm: Estimate(9.0, 9.0, 9.0, (9.0, 9.0), replicates=6) for arm in cells}
    widths = numeric_levels(found.factors, "base", estimates, "width")
    assert set(widths.values()) == {"base", "wide"}, "the arm of more noise levels is none of them"


def test_every_arm_has_its_own_words():
    cells = {"steps": {}, "long": {"training": {"steps": 9000}}, "cnn": {"model": {"network": "unet", "width": 8}}}
    found = study(cells=cells, training={"steps": 4000, "cycle": True}, effective={"baseline": "long"}).arms
    assert found.summaries == {
        "steps": "digits, residual-mlp, 4,000 steps",
        "long": "digits, residual-mlp, 9,000 steps",
        "cnn": "digits, unet, 4,000 steps",
    }


def test_lists_of_skips_at_one_resolution_are_values_of_their_own():
    kept = {"one": [1], "two": [2], "all-at-8": [1, 2, 3], "at-4": [4, 6], "at-2": [9], "mixed": [3, 4], "none": []}
    cells = {name: {"model": {"skips": skips}} for name, skips in kept.items()}
    model = {"network": "unet", "width": 8, "blocks": 2}
    found = study(cells={"all": {}, **cells}, model=model, effective={"baseline": "all-at-8"}).arms
    values = {arm: factors["skips"] for arm, factors in found.factors.items()}
    assert values["one"] == "1"
    assert values["all-at-8"] == "1, 2, 3"
    assert len(set(values.values())) == len(values)
    same = {"all": None, "mixed": None, "none": None}
    assert found.resolutions == {"one": 8, "two": 8, "all-at-8": 8, "at-4": 4, "at-2": 2, **same}


def test_a_budget_in_epochs_beside_one_in_steps_is_one_factor():
    training = {"steps": 4000, "cycle": True}
    found = study(cells={"steps": {}, "epochs": {"training": {"steps": 0, "epochs": 16_000}}}, training=training)
    assert found.arms.factors == {"steps": {"budget": "4,000 steps"}, "epochs": {"budget": "16,000 epochs"}}


def test_a_sweep_names_its_arms_and_factors():
    found = study(sweep={"training.weight_decay": [0, 0.1]}, effective={"baseline": "weight_decay-0.1"})
    assert found.arms.factors["weight_decay-0.1"] == {"weight_decay": 0.1}
    assert found.arms.baseline == "weight_decay-0.1"


def test_a_baseline_that_is_no_arm_is_refused():
    with pytest.raises(ConfigError, match=r"studies.s.effective.baseline = all: must be one of base"):
        study(effective={"baseline": "all"})


@pytest.mark.parametrize("sizes", [[50, 50], [50, 50, 50.0]])
def test_one_training_size_written_repeatedly_is_refused(sizes):
    words = r"studies.s.effective.sizes = \[50, 50.*\]: must have at least 2 different values"
    with pytest.raises(ConfigError, match=words):
        study(effective={"sizes": sizes, "search": True})


def test_a_training_size_that_is_written_twice_beside_others_counts_once():
    found = study(effective={"sizes": [50, 25, 50], "search": True}).arms.cells["base"]
    assert list(found) == [25, 50]


def test_near_copies_can_be_merged_where_there_are_no_strata_to_mix():
    assert study(measure={"merge": 0.1}).cells["base_n-25"].measure.merge == 0.1


def test_the_section_is_refused_where_the_question_does_not_use_it():
    with pytest.raises(ConfigError, match="the question outliers does not use this key"):
        config.studies({"studies": {"s": {"effective": {"sizes": [25, 50]}}}})


def test_what_the_rules_ask_of_a_study():
    found = config.studies(
        {
            "studies": {
                "s": {
                    "replicates": 7,
                    "shard": 5,
                    "cells": {
                        "plain": {},
                        "held-out": {"data": {"outliers": {"count": 20}}},
                        "not-held-out": {"data": {"outliers": {"count": 20}, "twins": False}},
                        "short": {"training": {"steps": 7, "snapshots": {"count": 2}}, "measure": {"ratio": 2}},
                    },
                }
            }
        }
    )["s"]
    assert found.shards == ("r000-004", "r005-006")
    assert found.stack == 5
    assert found.twinned() == ["plain", "held-out", "short"]
    assert found.with_outliers()
    assert found.tested_cells()[2:4] == [("held-out", 1, True)] * 2
    ratios = {name: cell.measure.ratio for name, cell in found.cells.items()}
    assert ratios == {
        "plain": 1.5,
        "held-out": 1.5,
        "not-held-out": 1.5,
        "short": 2,
    }
    assert found.summaries()["plain"] == "moons, 1000 inliers, 100 epochs"
    assert found.summaries()["short"] == "moons, 1000 inliers, 7 steps"
    assert found.image_cells() == []
    assert found.animated() == ["plain", "held-out", "not-held-out"], "of points in a plane, the first three cells"
    assert found.cells["plain"].functions("model", "sampling") == [
        "diffmem.diffusion.networks:ResidualMLP",
        "diffmem.diffusion.samplers:ddpm",
    ]


@pytest.mark.parametrize(("search", "shown"), [(False, "none_n-50"), (True, "none_n-25")])
def test_what_the_rules_ask_of_arms(search, shown):
    kinds = {"none": {}, "class": {}, "random": {"count": 3}, "unique": {}}
    cells = {kind: {"data": {"labels": {"kind": kind, **more}}} for kind, more in kinds.items()}
    cells["wide"] = {"model": {"width": 9}, "data": {"labels": {"kind": "class"}}}
    found = study(cells=cells, effective={"search": search, "sizes": [25, 50, 100]})
    assert found.arms.true_labels() == ["class"]
    assert found.arms.shown_cell() == shown
    assert found.arms.params()["cells"]["wide_n-100"] == ["wide", 100]
    assert len(found.image_cells()) == len(found.cells)
    assert found.first_cell.arm_summary == "digits, residual-mlp, 100 epochs"


@pytest.mark.parametrize(
    ("cells", "sizes"),
    [
        ({"a": {}, "b": {"data": {"inliers": 50}}, "c": {"data": {"inliers": 70}}}, {"a": 100, "b": 50, "c": 70}),
        ({"a": {}, "b": {"data": {"inliers": 50}}}, {}),
        ({"a": {}, "b": {"data": {"inliers": 50}}, "c": {"data": {"inliers": 70}, "model": {"width": 8}}}, {}),
        ({"a": {}, "b": {"data": {"inliers": 50}}, "c": {"data": {"inliers": 50}}}, {}),
    ],
)
def test_a_study_of_sizes_has_three_cells_or_more_that_differ_in_nothing_else(cells, sizes):
    given = {"replicates": 2, "data": {"inliers": 100}, "sampling": {"count": 200}, "cells": cells}
    assert config.studies({"studies": {"s": given}})["s"].sizes() == sizes
    given["sampling"] = {}  # as many samples as points, so that cells differ in two things
    assert config.studies({"studies": {"s": given}})["s"].sizes() == {}
