"""Figures name cells by what sets them apart."""

from diffmem.settings.cell_names import name_cells


def cells(*changes):
    base = {"data": {"inliers": 100, "outliers": {"count": 5}}, "training": {"epochs": 10, "steps": None}, "seed": 1}
    return {f"c-{i}": {**base, **change} for i, change in enumerate(changes)}


def test_a_single_cell_goes_by_the_name_of_its_study():
    assert name_cells("outliers", cells({})) == {"c-0": "outliers"}


def test_cells_are_called_by_the_settings_in_which_they_differ():
    named = name_cells("s", cells({}, {"data": {"inliers": 2000, "outliers": {"count": 5}}}))
    assert named == {"c-0": "100 inliers", "c-1": "2,000 inliers"}
    assert name_cells("s", cells({"seed": 1}, {"seed": 2})) == {"c-0": "seed 1", "c-1": "seed 2"}


def test_one_setting_that_tells_all_apart_is_enough_where_many_differ():
    other = {"data": {"inliers": 2000, "outliers": {"count": 50}}, "training": {"epochs": 3, "steps": None}}
    assert list(name_cells("s", cells({}, other)).values()) == ["100 inliers", "2,000 inliers"]


def test_a_cell_that_nothing_tells_apart_keeps_its_own_name():
    changes = [{f"a{i}": i * j for i in range(1, 4)} for j in range(2)]
    assert name_cells("s", cells(*changes)) == {"c-0": "c 0", "c-1": "c 1"}
