"""Rows and bars of the table of claims."""

import math

import pandas as pd
import pytest

from diffmem.report.page.claims import GROUPS, rows, tally
from diffmem.studies.claims import CHANCE, FEW, REFUTED, REPRODUCED

QUESTIONS = {"points": "outliers", "places": "onset"}
NAN, INF = math.nan, math.inf


def claim(effect=0.5, low=0.25, high=0.75, *, unit="net copied fraction", verdict=REPRODUCED, study="points", name="M"):
    return {
        "study": study, "cell": "a", "holds_for": "moons", "claim": name, "reference": "matched", "statement": "s",
        "verdict": verdict, "effect": effect, "low": low, "high": high, "unit": unit, "p": 0.01, "replicates": 10,
        "figure": f"{study}/figures/net.png",
    }  # fmt: skip


def table(*records):
    return rows(pd.DataFrame(records), questions=QUESTIONS, words={"points": {"a": "100 points"}})


def test_a_bar_lies_where_its_interval_lies_on_the_common_scale():
    wide, narrow = (row.bar for row in table(claim(1, -1, 3), claim(0.5, 0.25, 0.75)))
    per_unit = (wide.high - wide.low) / 4
    assert narrow.high - narrow.low == pytest.approx(0.5 * per_unit, abs=0.02)
    assert narrow.none == wide.none == pytest.approx(wide.low + per_unit, abs=0.02)
    assert narrow.effect == pytest.approx(narrow.none + 0.5 * per_unit, abs=0.02)


def test_other_units_and_studies_do_not_change_a_bar():
    alone = table(claim())[0].bar
    assert table(claim(), claim(90, 80, 99, unit="epochs"), claim(50, 40, 60, study="places"))[0].bar == alone


def test_ratios_are_logarithmic_around_one_and_open_at_zero_and_infinity():
    half, double, wide = (row.bar for row in table(
        claim(0.5, 0.5, 0.5, unit="n / d"), claim(2, 2, 2, unit="n / d"), claim(INF, 0, INF, unit="n / d")
    ))  # fmt: skip
    assert half.none - half.effect == pytest.approx(double.effect - double.none, abs=0.02)
    assert (wide.low, wide.high, wide.effect) == (0, 100, None)
    assert wide.open_low
    assert wide.open_high


@pytest.mark.parametrize("values", [(0.0, 0.0, 0.0), (0.0, NAN, NAN), (1.0, 1.0, 1.0)])
def test_a_bar_of_no_width_lies_within_the_drawing(values):
    bar = table(claim(*values))[0].bar
    assert 0 <= bar.low <= bar.effect <= bar.high <= 100


def test_what_was_not_estimated_has_no_bar():
    assert table(claim(NAN, NAN, NAN))[0].bar is None


def test_an_effect_that_is_a_lower_bound_says_so_and_its_unit_does_not():
    row = table(claim(1.9, 1.7, INF, unit=">= ratio of EMMs"))[0]
    assert (row.effect, row.unit) == ("≥ 1.9 [1.7, ∞]", "ratio of EMMs")


def test_rows_come_paper_by_paper_and_are_numbered_in_that_order():
    found = table(claim(study="places", name="T1"), claim(name="M"), claim(name="O1"))
    assert [row.claim for row in found] == ["M", "O1", "T1"]
    assert [row.order["claim"] for row in found] == [0, 1, 2]


def test_missing_numbers_sort_last_and_are_numbers_for_the_browser():
    order = table(claim(NAN, NAN, NAN), claim(INF, 1, INF))
    assert order[0].order["effect"] > order[1].order["effect"]
    assert all(math.isfinite(value) for row in order for value in row.order.values())


def test_every_verdict_is_counted_in_its_group():
    counts = tally(table(claim(), claim(verdict=REFUTED), claim(verdict=CHANCE), claim(verdict=FEW), claim()))
    assert counts == {**dict.fromkeys(GROUPS.values(), 0), "reproduced": 2, "not reproduced": 1, "undecided": 1,
                      "too few replicates": 1}  # fmt: skip


def test_a_table_of_another_version_is_refused_by_name():
    with pytest.raises(ValueError, match="lacks the columns unit"):
        rows(pd.DataFrame([claim()]).drop(columns="unit"), questions=QUESTIONS, words={})
    with pytest.raises(ValueError, match="verdict = 'maybe'"):
        table(claim(verdict="maybe"))
