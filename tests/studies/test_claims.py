"""One verdict rule for the claims of all papers, and the table that holds them."""

import numpy as np
import pandas as pd
import pytest

from diffmem.studies.claims import (
    CHANCE,
    COLUMNS,
    EVERY,
    FEW,
    LEAST,
    NEGATIVE,
    POSITIVE,
    REFUTED,
    REPRODUCED,
    UNDECIDED,
    WITHHELD,
    Claim,
    Finding,
    between,
    collect,
    decide,
    judge_interval,
    judge_mean,
    seen_in,
    shared_words,
    tabulate,
    withhold,
    within_factor,
)  # fmt: skip


def claim(**changes):
    words = dict(claim="O1", statement="later", unit="fraction", cell="c", reference="plain", figure="net")
    return Claim(**{**words, "finding": Finding(REPRODUCED, 0.2, 0.1, 0.3, 0.01, 8), **changes})


def test_a_direction_is_decided_by_the_side_of_zero_on_which_the_interval_lies():
    assert decide(0.1, 0.3, POSITIVE, replicates=6) == REPRODUCED
    assert decide(0.1, 0.3, NEGATIVE, replicates=6) == REFUTED
    assert decide(-np.inf, -0.1, NEGATIVE, replicates=6) == REPRODUCED
    assert decide(-0.1, 0.3, POSITIVE, replicates=9) == CHANCE
    assert decide(0, 0, POSITIVE, replicates=9) == decide(0, 0, NEGATIVE, replicates=9) == CHANCE, (
        "no difference at all"
    )
    assert decide(0.1, 0.3, POSITIVE, replicates=5) == decide(np.nan, np.nan, POSITIVE, replicates=5) == FEW


def test_an_interval_that_is_not_known_decides_nothing_but_is_no_lack_of_replicates():
    assert decide(np.nan, np.nan, POSITIVE, replicates=9) == CHANCE
    assert decide(np.nan, 0.3, between(0.5, 2), replicates=9) == UNDECIDED


@pytest.mark.parametrize(
    ("known", "replicates", "verdict", "reason"),
    [
        (3, 5, FEW, ""),
        (3, 8, UNDECIDED, "known in 3 of 8 replicates, and a verdict needs 6"),
        (0, 8, UNDECIDED, "known in none of 8 replicates, and a verdict needs 6"),
    ],
)
def test_a_mean_that_few_of_enough_replicates_know_is_undecided(known, replicates, verdict, reason):
    values = np.where(np.arange(replicates) < known, 0.2, np.nan)
    found = judge_mean(values, between(-1, 1))
    assert (found.verdict, found.reason, found.replicates) == (verdict, reason, known)
    assert np.isnan(found.effect) if not known else found.effect == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(0.6, 1.9, REPRODUCED), (0.5, 2, REPRODUCED), (2.1, 3, REFUTED), (0.1, 0.4, REFUTED), (np.inf, np.inf, REFUTED),
     (1.8, 2.2, UNDECIDED)],
)  # fmt: skip
def test_a_place_is_reproduced_within_its_bounds_and_refuted_outside(low, high, verdict):
    assert decide(low, high, between(0.5, 2), replicates=6) == verdict


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(-0.05, 0.1, REPRODUCED), (0.05, 0.1, REPRODUCED), (0.05, 0.5, REFUTED), (-1, 1, UNDECIDED)],
)
def test_equality_is_reproduced_by_an_interval_near_one_and_refuted_by_one_that_excludes_it(low, high, verdict):
    assert decide(low, high, within_factor(1.25), replicates=6) == verdict


def test_intervals_and_flipped_signs_ask_for_the_same_number_of_replicates_the_least_that_can_reject():
    values = np.linspace(1, 1.1, 9)
    for count in range(1, 9):
        by_signs = judge_mean(values[:count], POSITIVE).verdict
        by_interval = decide(0.1, 0.3, POSITIVE, replicates=count)
        assert by_interval == by_signs == (REPRODUCED if count >= LEAST else FEW)
    assert 2 / 2**LEAST < 0.05 < 2 / 2 ** (LEAST - 1)


def test_where_interval_and_sign_flip_test_disagree_the_row_says_which_withheld_the_verdict():
    five_of_six = np.array([1.0, 1.0, 1.0, 1.0, 1.0, -0.05])
    found = judge_mean(five_of_six, POSITIVE)
    assert (found.verdict, found.low > 0, found.p) == (CHANCE, True, 0.0625)
    assert found.reason == "the interval excludes zero, but the sign-flip p is not below 0.05"
    found = judge_mean(np.array([0.1, 0.1, 0.1, 0.1, 0.1, 2.0]), POSITIVE)
    assert (found.verdict, found.low < 0, found.p) == (CHANCE, True, 0.03125)
    assert found.reason == "the sign-flip p is below 0.05, but the interval includes zero"
    assert judge_mean(np.linspace(1, 2, 6), POSITIVE).reason == "", "both agree: reproduced"
    assert judge_mean(np.array([-1.0, 1.0, -1.0, 1.0, -1.0, 1.0]), POSITIVE).reason == "", "both agree: chance"


def test_where_nothing_can_be_compared_a_difference_is_no_verdict():
    values = np.linspace(1, 1.1, 9)
    assert judge_mean(values, POSITIVE, comparable=False).verdict == CHANCE
    assert "nothing to compare" in judge_mean(values, POSITIVE, comparable=False).reason
    assert judge_mean(np.array([np.nan, 2.0]), POSITIVE) == Finding(FEW, effect=2.0, replicates=1)


def test_an_interval_alone_decides_once_enough_replicates_know_the_number():
    numbers = (1.0, 0.8, 1.2)
    assert judge_interval(numbers, between(0.5, 2), known=6, replicates=8) == Finding(
        REPRODUCED, *numbers, replicates=6
    )
    found = judge_interval(numbers, between(0.5, 2), known=5, replicates=8)
    assert (found.verdict, found.effect, found.low, found.high) == (UNDECIDED, *numbers)
    assert found.reason == "known in 5 of 8 replicates, and a verdict needs 6"
    assert judge_interval(numbers, between(0.5, 2), known=5, replicates=5).verdict == FEW


def test_a_statement_says_how_many_replicates_see_its_event_if_not_all_do():
    assert seen_in("copies begin", 8, replicates=8) == "copies begin"
    assert seen_in("copies begin", 5, replicates=8) == "copies begin (seen in 5 of 8 replicates)"


def test_the_words_of_all_cells_are_those_that_every_cell_has():
    assert shared_words(["a, 50 inliers, 9 steps", "a, 800 inliers, 9 steps"]) == "a, 9 steps"
    assert shared_words(["a, 50 inliers"]) == "a, 50 inliers"


def test_noise_is_called_a_finding_in_one_case_of_twenty():
    rng = np.random.default_rng(0)
    wrong = [judge_mean(rng.standard_normal(10), POSITIVE).verdict != CHANCE for _ in range(400)]
    assert 0.02 < np.mean(wrong) < 0.08


def test_a_table_has_a_row_per_claim_and_the_same_columns_for_none():
    table = tabulate([claim(), claim(claim="E1", paper="1.38k")])
    assert table.columns.tolist() == tabulate([]).columns.tolist() == COLUMNS
    assert table[["claim", "verdict", "effect", "low", "high", "p", "replicates"]].to_numpy().tolist() == [
        [name, REPRODUCED, 0.2, 0.1, 0.3, 0.01, 8] for name in ("O1", "E1")
    ]
    assert table["paper"].isna().tolist() == [True, False]


def test_claims_of_studies_without_a_test_of_their_halves_keep_their_verdicts():
    part = pd.DataFrame({"study": ["labels"], "cell": ["none"], "reference": [""], "verdict": ["reproduced"]})
    assert collect([part, part], [])["verdict"].tolist() == ["reproduced"] * 2
    tested = pd.DataFrame({"study": ["labels"], "cell": ["none"], "reference": [""], "p_value": [1e-9]})
    assert "reproduced" not in collect([part], [tested])["verdict"].tolist()


def test_verdicts_are_withheld_where_and_only_where_held_out_points_differ():
    rows = [claim(study="s", cell="c", reference=reference) for reference in ("plain", "matched")]
    found = tabulate(rows)
    p = {"plain": [0.5] * 8, "matched": [0.02] * 8}
    tested = pd.DataFrame([dict(study="s", cell="c", reference=k, p_value=v) for k, vs in p.items() for v in vs])
    result = withhold(found, tested)
    assert set(result.loc[result["reference"] == "matched", "verdict"]) == {WITHHELD}
    assert WITHHELD not in set(result.loc[result["reference"] == "plain", "verdict"])
    assert result.drop(columns="verdict").equals(found.drop(columns="verdict"))
    alone = tested[tested["reference"] == "matched"]  # no other half of the cell was tested
    assert set(withhold(found, alone)["verdict"]) == {WITHHELD}
    both = pd.concat([tested.assign(p_value=0.5), alone.assign(cell="another size")])
    of_all = tabulate([claim(study="s", reference=EVERY), claim(study="s")])
    assert withhold(of_all, both)["verdict"].tolist() == [WITHHELD, REPRODUCED]
    uniform = tested.assign(p_value=np.tile((np.arange(8) + 0.5) / 8, 2))
    assert withhold(found, uniform).equals(found)
