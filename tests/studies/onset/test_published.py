"""The artefacts of the published code come out, and the corrected quantities do not have them."""

import numpy as np
import pandas as pd
import pytest
import torch

from diffmem.studies.onset import published


def test_the_float32_overlap_is_what_the_published_expression_gives_in_torch():
    for count, d in ((75, 100), (100, 100), (10_000, 100), (20, 16)):
        width = torch.tensor((1 / count) ** (1 / d))
        expected = 1 / (torch.sqrt(torch.tensor(2 * torch.pi)) * (2 * width**2) ** (d / 2) * count**2) * count
        found = published.compute_self_overlap(count, d, pairs=count)
        assert found == pytest.approx(float(expected), rel=2e-6)
        exact = 1 / (np.sqrt(2 * np.pi) * 2 ** (d / 2))
        assert found == pytest.approx(exact, rel=1e-4)


def test_in_a_hundred_dimensions_rounding_decides_and_says_generalizing():
    """Both overlaps are equal but for 1e-14 of them; float32 makes them differ by 1e-6, the same in every draw."""
    table = published.simulate_linear(dimension=100, repetitions=3, seed=1)
    share = published.tabulate_shares(table, by=["variant", "n"]).set_index(["variant", "n"])["share"]
    assert share["float32"].loc[[75, 100]].tolist() == [1, 1]
    assert share["correct"].loc[[75, 100]].tolist() == [0, 0]


def test_the_transposed_covariance_brings_the_transition_forward():
    table = published.simulate_linear(dimension=16, repetitions=40, seed=1)
    share = published.tabulate_shares(table, by=["variant", "ratio"]).set_index(["variant", "ratio"])["share"]
    assert share["transposed"].loc[0.75] > 0.5
    assert share["correct"].loc[0.75] < 0.2
    assert share["correct"].loc[3.0] > 0.85


def test_mixed_units_call_everything_generalizing_and_consistent_ones_hardly_anything():
    table = published.simulate_pixels(repetitions=40, seed=1)
    share = published.tabulate_shares(table, by=["units", "generator"]).set_index(["units", "generator"])["share"]
    assert share["published", "truth"] == share["published", "copies"] == 1
    assert share["consistent", "truth"] < 0.4
    assert share["consistent", "copies"] < 0.2


def test_shares_are_counts_over_counts_with_their_interval():
    table = pd.DataFrame({"variant": "a", "positive": [True, False, False, True]})
    row = published.tabulate_shares(table, by=["variant"]).iloc[0]
    assert (row["share"], row["repetitions"]) == (0.5, 4)
    assert row["low"] < 0.5 < row["high"]
