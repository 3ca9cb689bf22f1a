"""Controls have a row each and independent streams; settings exist and can be read without numpy."""

import ast
import itertools
from pathlib import Path

import pandas as pd
import pytest

from diffmem.studies.calibration import settings
from diffmem.studies.calibration.criteria import Result
from diffmem.studies.calibration.generators import CONTROLS, SAMPLERS, Setting
from diffmem.studies.calibration.simulate import simulate
from diffmem.studies.calibration.summary import COLUMNS

SETTING = Setting("moons", train=60, test=50, generated=40, duplicates=6)


def test_controls_do_not_depend_on_what_else_is_run():
    alone = simulate(SETTING, repetitions=[3], permutations=5)
    together = simulate(SETTING, repetitions=[1, 3], permutations=5)
    again = together[together["repetition"] == 3].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, again)


def test_a_table_of_controls_has_a_row_for_each_generator_repetition_and_criterion():
    table = simulate(SETTING, repetitions=range(2), permutations=5)
    expected = set(itertools.product(CONTROLS, range(2), table["criterion"].unique()))
    assert set(zip(table["generator"], table["repetition"], table["criterion"], strict=True)) == expected
    assert len(table) == len(expected)
    assert set(table.columns) | {"setting"} == set(COLUMNS)
    assert set(Result._fields) < set(table.columns)


def test_where_nothing_is_duplicated_there_is_no_copier_of_duplicates():
    setting = Setting("gaussian-1", train=20, test=20, generated=10)
    assert "duplicates" not in set(simulate(setting, repetitions=[0], permutations=3)["generator"])


@pytest.mark.parametrize("name", settings.SETTINGS)
def test_settings_exist_and_the_figure_shows_some_of_them(name):
    known = {key: Setting(**values) for key, values in settings.SETTINGS[name].items()}
    assert {setting.distribution for setting in known.values()} <= set(settings.DISTRIBUTIONS)
    assert set(settings.SHOWN[name]) <= set(known)
    assert all(setting.duplicates <= setting.train for setting in known.values())


def test_the_full_calibration_has_all_distributions_and_sizes_with_and_without_duplicates():
    assert len(settings.FULL) == len(settings.DISTRIBUTIONS) * 2 * 2
    assert {distribution.sampler for distribution in settings.DISTRIBUTIONS.values()} == set(SAMPLERS)
    assert settings.SHARDS["controls-full"][-1] == "r300-399"


def test_the_settings_can_be_read_without_numpy():
    tree = ast.parse(Path(settings.__file__).read_text())
    modules = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert modules == ["typing", "diffmem.settings.shards"]
    assert not any(isinstance(node, ast.Import) for node in ast.walk(tree))
