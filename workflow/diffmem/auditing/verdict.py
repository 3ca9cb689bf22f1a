"""The two verdicts of an audit, copying and membership, each a word and a sentence that claims what was measured."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from diffmem.auditing.checks import SHARED
from diffmem.measure.auditing import LARGEST_DETECTABLE
from diffmem.measure.membership import Membership

EXCHANGEABLE = 0.01  # p-value below which no verdict is given
WIDEST = 4 * LARGEST_DETECTABLE  # an interval that holds 0 and is wider than this says nothing
BELOW = " This net copied fraction lies below 0: the samples avoid the training items, or the two sets were exchanged."
COPIES, NONE_FOUND, WITHHELD, REFUSED = "copies", "no copies found", "withheld", "refused"


@dataclass(frozen=True)
class Verdict:
    """A word (one of the constants, or "not possible") and a sentence."""

    word: str
    sentence: str


def judge_copying(
    table: pd.DataFrame, *, lost: dict[str, float], p_value: float, wider: float, sizes: tuple[int, int, int]
) -> Verdict:
    """Verdict on copying.

    Args:
        table: a row per ratio, with the one to read.
        lost: set, "training" or "held-out" -> share of its items that are in the other set, too.
        p_value, wider: of the test whether training and held-out items are exchangeable.
        sizes: numbers of training, held-out and generated items.
    """
    row = table[table["read"]].iloc[0]
    if max(lost.values()) > SHARED:
        name, other = ("held-out", "training") if lost["held-out"] > SHARED else ("training", "held-out")
        sentence = (
            f"No share of copies is given: {percent(lost[name])} of the {name} items are {other} items as well, so "
            "that a sample at such a place may be a copy or a coincidence."
        )
        return Verdict(REFUSED, sentence)
    if p_value < EXCHANGEABLE:
        width = "wider" if wider > 0 else "narrower"
        sentence = (
            "No share of copies is given: the held-out items differ in distribution from the training items "
            f"(p = {p_value:.3g}; their distances are {percent(abs(wider))} {width}), which alone can look like "
            "copying. Give held-out items of the same source."
        )
        return Verdict(WITHHELD, sentence)
    interval = f"{percent(row['net_low'])} to {percent(row['net_high'])}"
    told = row["net_low"] > 0 or row["net_high"] < 0 or row["net_high"] - row["net_low"] <= WIDEST
    if not told and not LARGEST_DETECTABLE < row["detectable"] < 1:
        sentence = (
            f"No verdict: the interval of the net copied fraction, {interval}, is too wide to tell copies from none. "
            "Nearly all samples may have the same few nearest items; give samples that differ from each other."
        )
        return Verdict(REFUSED, sentence)
    if row["detectable"] > LARGEST_DETECTABLE:
        sentence = (
            f"No verdict: with these numbers of items only a share of {percent(row['detectable'])} or more would be "
            f"found (with 80 % probability). {_enough(row['detectable'], sizes)}"
        )
        if row["net_high"] < 0:
            sentence += f" The net copied fraction is {percent(row['net'])} ({interval}).{BELOW}"
        return Verdict(REFUSED, sentence)
    if row["net_low"] > 0:
        sentence = (
            f"About {percent(row['net'])} ({interval}) of these samples are copies, closer to a training item than "
            "chance allows; a model that copies nothing would show 0."
        )
        return Verdict(COPIES, sentence)
    sentence = (
        f"No copies were found: the net copied fraction is {percent(row['net'])} ({interval}). A share of "
        f"{percent(row['detectable'])} or more would have been found with 80 % probability."
    )
    if row["net_high"] < 0:
        sentence += BELOW
    return Verdict(NONE_FOUND, sentence)


def _enough(detectable: float, sizes: tuple[int, int, int]) -> str:
    """How many items would do, where more of them can be had: not of the training set."""
    train, *others = sizes
    if train < others[0]:
        return f"The {train:,} training items limit it, and more held-out items than these would not help."
    factor = (detectable / LARGEST_DETECTABLE) ** 2
    held_out, generated = (int(np.ceil(factor * size / 10) * 10) for size in others)
    limit = f", if there were as many training items, of which there are {train:,}" if held_out > train else ""
    return f"About {held_out:,} and {generated:,} held-out and generated items would do for 5 %{limit}."


def judge_membership(found: Membership, *, lost: dict[str, float], p_value: float) -> Verdict:
    """Verdict on membership: whether it can be guessed from the samples which items were trained on."""
    if max(lost.values()) > SHARED or p_value < EXCHANGEABLE:
        return Verdict(WITHHELD, "Membership is not tested, for the same reason.")
    rate = f"{found.right} of {found.guesses} guesses" if found.guesses else "no guesses"
    if found.epsilon_low > 0:
        sentence = (
            f"Which of two items was trained on can be guessed from the samples: {rate} were right, which shows an "
            f"epsilon of at least {found.epsilon_low:.2f} (95 %; the most that so many pairs could show is "
            f"{found.largest_possible:.2f})."
        )
        return Verdict("shown", sentence)
    sentence = (
        f"This attack did not find out which items were trained on ({rate} were right; up to "
        f"{found.largest_possible:.2f} could have been shown). Other attacks may."
    )
    return Verdict("not shown", sentence)


def percent(share: float) -> str:
    """A share in percent, with a decimal below ten."""
    value = 100 * share
    value = 0.0 if abs(value) < 0.05 else value  # no -0.0
    return f"{value:.1f} %" if abs(value) < 9.95 else f"{value:.0f} %"
