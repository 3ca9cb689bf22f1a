"""The figure of the calibration draws what its tables say, also where that is little or nothing."""

import itertools

import numpy as np
import pandas as pd
from matplotlib.colors import same_color

from diffmem.report import calibration as controls
from diffmem.report import style
from diffmem.studies.calibration.criteria import apply_criteria
from diffmem.studies.calibration.summary import summarise_criteria, summarise_generators

rng = np.random.default_rng(0)
CRITERIA = tuple(apply_criteria(**{name: rng.random((9, 2)) for name in ("train", "test", "generated")},
                                permutations=2, rng=rng))  # fmt: skip
PIS = (0.01, 0.2, 0.7)
BANDWIDTHS = (0.1, 1.6)


def planted(settings=("one", "two_x"), criteria=CRITERIA):
    """Levels and calibration of controls in which estimates fall from criterion to criterion."""
    generators = [(f"pi-{pi:g}", pi, np.nan) for pi in PIS] + [(f"kde-{h:g}", np.nan, h) for h in BANDWIDTHS]
    generators += [(name, 0.0, np.nan) for name in controls.NOTHING]
    rows = []
    for setting, (i, criterion), (name, pi, h), repetition in itertools.product(
        settings, enumerate(criteria), generators, range(3)
    ):
        estimate = (0.9 if np.isnan(pi) else pi) * (1 - 0.02 * i) + 0.001 * repetition
        columns = {"setting": setting, "criterion": criterion, "generator": name, "pi": pi, "bandwidth": h}
        verdict = {"estimate": estimate, "copies": (repetition + i) % 3 == 0, "low": 0.0, "high": 1.0, "p_value": 0.5}
        rows.append({**columns, "repetition": repetition, **verdict})
    table = pd.DataFrame(rows)
    return summarise_generators(table), summarise_criteria(table)


def test_it_has_a_row_for_every_setting_shown_and_no_other():
    levels, found = planted()
    assert len(controls.controls(levels, found, shown=["two_x", "absent"]).axes) == 3
    figure = controls.controls(levels, found, shown=["one", "two_x"])
    assert [axes.get_title() for axes in figure.axes[1::3]] == ["one", "two, x"]


def test_estimates_stand_at_their_means_beside_the_true_share():
    levels, found = planted(settings=("one",))
    left = controls.controls(levels, found, shown=["one"]).axes[0]
    lines = {line.get_label(): line for line in left.lines if not line.get_label().startswith("_")}
    names = [name for name in CRITERIA if not name.startswith("net-score")]
    assert list(lines) == [controls.label(name) for name in names]
    for name in names:
        part = levels[(levels["criterion"] == name) & levels["generator"].str.startswith("pi-")]
        x, y = lines[controls.label(name)].get_data()
        np.testing.assert_allclose(y, part["mean"])
        assert (np.abs(np.log(x / PIS)) < np.log(controls.SPAN) / 2).all()
    diagonal = left.lines[-1].get_xydata()
    np.testing.assert_array_equal(diagonal[:, 0], diagonal[:, 1])


def test_a_dose_response_has_a_point_for_every_bandwidth():
    levels, found = planted(settings=("one",))
    middle = controls.controls(levels, found, shown=["one"]).axes[1]
    drawn = [line for line in middle.lines if len(line.get_xdata()) == len(BANDWIDTHS) and line.get_marker() != "None"]
    assert len(drawn) == len(CRITERIA) - 4
    for line in drawn:
        np.testing.assert_array_equal(line.get_xdata(), BANDWIDTHS)


def test_every_criterion_has_its_false_alarms_with_their_interval_and_the_nominal_line():
    levels, found = planted(settings=("one",))
    right = controls.controls(levels, found, shown=["one"]).axes[2]
    points = [line for line in right.lines if len(line.get_xdata()) == 1]
    np.testing.assert_allclose([line.get_xdata()[0] for line in points], found["false_alarm"])
    ends = [line.get_xdata() for line in right.lines if len(line.get_xdata()) == 2][: len(found)]
    np.testing.assert_allclose(ends, found[["false_alarm_low", "false_alarm_high"]])
    assert [list(line.get_xdata()) for line in right.lines[-2:]] == [[0.05, 0.05], [0.025, 0.025]]
    assert [text.get_text() for text in right.get_yticklabels()] == [controls.label(n) for n in CRITERIA]


def test_a_kind_of_criterion_has_one_colour_and_a_ratio_one_marker():
    assert set(controls.COLOR) == {name.split()[0] for name in CRITERIA}
    looks = {name: controls._look(name) for name in CRITERIA}
    assert same_color(looks["net 1"]["color"], looks["net 3"]["color"])
    assert looks["net 2"]["marker"] == looks["raw 2"]["marker"]
    assert len({(look["color"], look["marker"]) for look in looks.values()}) == len(looks)


def test_a_criterion_with_hardly_any_estimate_is_left_out():
    levels, found = planted(settings=("one",))
    levels.loc[levels["criterion"] == "local", "replicates"] = 1
    left = controls.controls(levels, found, shown=["one"]).axes[0]
    assert "local" not in [line.get_label() for line in left.lines]


def test_nothing_and_a_single_row_can_be_drawn_and_saved(tmp_path):
    levels, found = planted(settings=("one",))
    style.save(controls.controls(levels[:0], found[:0], shown=[]), png=tmp_path / "a.png", svg=tmp_path / "a.svg")
    for row in (0, 3, len(levels) - 1):
        figure = controls.controls(levels[row : row + 1], found[:1], shown=["one"])
        style.save(figure, png=tmp_path / "b.png", svg=tmp_path / "b.svg")
    assert (tmp_path / "b.png").stat().st_size > 1000


def test_the_same_tables_give_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        figure = controls.controls(*planted(settings=("one",)), shown=["one"])
        style.save(figure, png=tmp_path / f"{name}.png", svg=tmp_path / f"{name}.svg")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
