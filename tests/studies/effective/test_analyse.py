"""Panels of the figures hold the arms that differ in one factor, the baseline first."""

from diffmem.studies.effective.analyse import panels


def test_panels_name_the_baseline_first_and_say_which_arms_can_be_compared_by_quality():
    arms = {"base": {"width": 64, "depth": 2}, "wide": {"width": 128, "depth": 2}, "deep": {"width": 64, "depth": 4}}
    table = panels(arms=arms, baseline="base", fair=["base", "wide"])
    assert table.to_numpy().tolist() == [
        ["width", "base", True], ["width", "wide", True], ["depth", "base", True], ["depth", "deep", False],
    ]  # fmt: skip
