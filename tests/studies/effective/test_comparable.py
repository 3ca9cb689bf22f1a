"""Arms are compared with the baseline by what leaves the units of a measure as they are, and by nothing else."""

from pathlib import Path

import pandas as pd
import pytest

from diffmem.settings import read as config
from diffmem.studies.effective.comparable import by_loss, by_loss_at_a_level, by_quality, comparable

CHANGES = {
    "base": {},
    "labels": {"data": {"labels": {"kind": "unique"}}},
    "copies": {"data": {"duplicates": {"count": 20, "copies": 4}}},
    "near": {"data": {"near_duplicates": {"count": 20}}},
    "pixels": {"data": {"pixels": 7}},
    "classes": {"data": {"classes": 2}},
    "diversity": {"data": {"diversity": 0.5}},
    "shape": {"data": {"dataset": "digits"}},
    "levels": {"schedule": {"p_mean": 0.2}},
    "scale": {"schedule": {"sigma_data": 1.0}},
    "linear": {"schedule": {"name": "linear"}},
    "width": {"model": {"width": 64}},
    "decay": {"training": {"weight_decay": 0.5}},
    "count": {"sampling": {"count": 500}},
}
EXPECTED = {
    by_quality: {*CHANGES} - {"pixels", "classes", "diversity", "shape"},
    by_loss: {"base", "width", "decay", "count"},
    by_loss_at_a_level: {"base", "width", "decay", "count", "levels"},
}


@pytest.fixture(scope="module")
def differs():
    study = {
        "question": "effective",
        "data": {"dataset": "mnist", "test": 100},
        "schedule": {"name": "edm"},
        "model": {"network": "image-mlp"},
        "effective": {"sizes": [25, 50]},
        "cells": CHANGES,
    }
    return config.studies({"studies": {"s": study}})["s"].arms.differs


@pytest.mark.parametrize("rule", EXPECTED)
def test_arms_are_compared_where_units_and_law_are_the_baselines(differs, rule):
    assert set(rule(differs)) == EXPECTED[rule]


def test_measures_that_cannot_be_compared_are_left_out_and_copies_stay(differs):
    measures = ("r_mem", "frechet_beyond_fresh", "coverage", "held_out_loss")
    rows = [(arm, measure) for arm in CHANGES for measure in measures]
    curves = pd.DataFrame(rows, columns=["arm", "measure"])
    kept = comparable(curves, differs=differs, quality=measures[1:]).groupby("measure")["arm"].agg(set).to_dict()
    assert kept == {
        "r_mem": {*CHANGES},
        "frechet_beyond_fresh": EXPECTED[by_quality],
        "coverage": EXPECTED[by_quality],
        "held_out_loss": EXPECTED[by_loss],
    }


def test_the_study_of_data_draws_the_quality_of_duplicates_only():
    """What a reader of the config expects: classes and diversity change what samples are judged against."""
    path = Path(__file__).parents[3] / "config" / "effective-memorization.yaml"
    found = config.studies(config.read(path))
    assert by_quality(found["data"].arms.differs) == ["base", "duplicates"]
    assert by_quality(found["dimension"].arms.differs) == ["pixels-28"]
    assert by_loss(found["labels"].arms.differs) == ["none"]
    losses = by_loss(found["training"].arms.differs)
    assert "ema-0" in losses
    assert not {"noise-edm", "noise-high"} & set(losses)
