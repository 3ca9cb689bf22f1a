"""Losses by noise level are drawn as they are, also where there are none."""

import itertools

import numpy as np
import pandas as pd
import pytest

from diffmem.report import style
from diffmem.report.effective_noise import LINE, noise

COLORS = dict(zip(("base", "random", "decay"), style.COLORS, strict=False))
GROUPS = {"labels": ["base", "random"], "weight_decay": ["base", "decay"]}


def panels(groups):
    rows = [dict(factor=factor, arm=arm, comparable=True) for factor, arms in groups.items() for arm in arms]
    return pd.DataFrame(rows)


def planted():
    keys = itertools.product([(f, arm) for f, arms in GROUPS.items() for arm in arms], LINE, (0.1, 0.5, 2.0))
    table = pd.DataFrame([(*pair, *rest) for pair, *rest in keys], columns=["factor", "arm", "set", "sigma"])
    mean = np.random.default_rng(0).uniform(0.1, 0.5, len(table))
    table = table.assign(n=1600, mean=mean, low=mean - 0.05, high=mean + 0.05, replicates=4)
    other = (table["arm"] == "random") & (table["set"] == "held-out")
    return table[~other].sample(frac=1, random_state=1)


def test_every_arm_has_a_line_for_each_set_that_it_has():
    table, figure = planted(), noise(planted(), panels=panels(GROUPS))
    for axes, (factor, arms) in zip(figure.axes, GROUPS.items(), strict=True):
        assert axes.get_title() == f"{factor.replace('_', ' ')}, n = 1,600"
        for arm, (name, line) in itertools.product(arms, LINE.items()):
            rows = table[(table["factor"] == factor) & (table["arm"] == arm) & (table["set"] == name)]
            lines = [x for x in axes.lines if (x.get_color(), x.get_linestyle()) == (COLORS[arm], line)]
            drawn = np.concatenate([line.get_xydata() for line in lines])
            np.testing.assert_allclose(drawn, rows.sort_values("sigma")[["sigma", "mean"]])
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [*COLORS, "held-out points", "training points"]


@pytest.mark.parametrize("rows", [slice(0), slice(1)])
@pytest.mark.parametrize("groups", [GROUPS, {"": ["base"]}])
def test_it_can_be_drawn_of_nothing_and_of_one_row(rows, groups):
    noise(planted()[rows], panels=panels(groups)).draw_without_rendering()
