"""The sentences at the top of the page hold the numbers of the table of claims, for all studies that were tested."""

import math
import re

import numpy as np
import pandas as pd
import pytest

from diffmem.report.page.findings import findings
from diffmem.studies.claims import CHANCE, FEW, REFUTED, REPRODUCED

QUESTIONS = {"points": "outliers", "arms": "effective", "places": "onset"}
WORDS = {"points": {"a": "100 training points", "b": "2,000 training points"}, "places": {"places": "places"}}
NAN = math.nan


def claim(study, cell, name, verdict, effect, low=NAN, high=NAN, p=NAN, replicates=10):
    return {
        "study": study, "cell": cell, "claim": name, "statement": f"statement of {name}", "verdict": verdict,
        "effect": effect, "low": low, "high": high, "unit": "unit", "p": p, "replicates": replicates, "figure": "net",
    }  # fmt: skip


def sentences(*rows):
    return [found.sentence for found in findings(pd.DataFrame(rows), questions=QUESTIONS, words=WORDS)]


def test_three_papers_give_a_sentence_each_in_their_order_with_effect_interval_and_cell():
    found = sentences(
        claim("places", "places", "T1", REFUTED, 3.676, 3.227, 4.471),
        claim("points", "a", "M", REPRODUCED, 0.5251, 0.4679, 0.5823, p=0.002),
        claim("points", "b", "M", CHANCE, 0.0093, -0.003, 0.0154, p=0.2),
        claim("arms", "none", "E1", REPRODUCED, -0.4163, -0.4584, -0.3743, p=0.03),
    )
    assert len(found) == 3
    assert "0.53 [0.47, 0.58] (100 training points) and 0.0093 [−0.0030, 0.015] (2,000 training points)" in found[0]
    assert "−0.42 [−0.46, −0.37] (none)" in found[1]
    assert "3.7 [3.2, 4.5] (places)" in found[2]


def test_the_tally_counts_every_test_of_the_paper_once_and_no_other_papers():
    verdicts = [REPRODUCED] * 3 + [REFUTED] * 2 + [CHANCE, FEW]
    rows = [claim("points", "a", "O1", verdict, 0.1, 0.05, 0.2) for verdict in verdicts]
    text = sentences(*rows, claim("arms", "none", "E1", REPRODUCED, -0.4, -0.5, -0.3))[0]
    assert [int(n) for n in re.findall(r"\d+", text)] == [7, 3, 2, 2]


def test_too_few_replicates_are_named_instead_of_an_interval():
    assert (
        "−0.020 (100 training points, 3 replicates)"
        in sentences(
            claim("points", "a", "M", FEW, -0.02, replicates=3), claim("points", "a", "O1", FEW, 0.1, replicates=3)
        )[0]
    )


@pytest.mark.parametrize("effects", [(0.1, 0.4, -0.2, 0.3), (NAN, 0.4, -0.2, 0.1)])
def test_many_cells_give_the_smallest_and_the_largest_effect(effects):
    rows = [claim("points", f"cell-{i}", "M", CHANCE, e, e - 0.1, e + 0.1) for i, e in enumerate(effects)]
    text = sentences(*rows)[0]
    assert "between −0.20 [−0.30, −0.10] (cell-2) and 0.40 [0.30, 0.50] (cell-1) in 4 cells" in text


def test_one_paper_is_followed_by_its_clearest_claims_of_both_verdicts():
    found = sentences(
        claim("points", "a", "M", REPRODUCED, 0.5, 0.4, 0.6, p=0.01),
        claim("points", "a", "O1-end", REPRODUCED, -0.3, -0.4, -0.2, p=0.002),
        claim("points", "b", "U2", REFUTED, -0.45, -0.53, -0.37, p=0.002),
        claim("points", "b", "T1", REFUTED, 5.0, 4.0, np.inf, p=0.0001),
    )
    assert found[1].startswith("Statement of O1-end (points, 100 training points): −0.30 [−0.40, −0.20]")
    assert found[2].startswith("Not so: statement of U2 (points, 2,000 training points): −0.45 [−0.53, −0.37]")


def test_a_place_that_no_size_reached_is_said_in_words():
    text = sentences(claim("places", "places", "T1", REFUTED, np.inf, 3.7, np.inf))[0]
    assert "is beyond the sizes that were run (places)" in text


def test_a_paper_without_its_leading_claim_is_told_by_its_tally_alone():
    assert sentences(claim("arms", "x", "E2", CHANCE, 1.0, 0.5, 2.0))[0].startswith("The one test of a claim")
