"""Sizes of the onset study are the nearest whole numbers to its ratios."""

from diffmem.settings.onset_sizes import training_sizes


def test_sizes_are_rounded_sorted_and_distinct():
    assert training_sizes([2, 0.5, 0.26, 0.25], dimension=16) == [4, 8, 32]
    assert training_sizes([0.35, 1.25], dimension=10) == [4, 12]  # halves go to the even number
