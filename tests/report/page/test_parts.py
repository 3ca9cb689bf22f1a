"""Costs, cautions and definitions of the page."""

import math
import re
from pathlib import Path

import pandas as pd
import pytest

from diffmem.measure.noise import MEASURES
from diffmem.report.page import cautions, costs, numbers
from diffmem.report.page.papers import DEFINITIONS, definition
from diffmem.studies import claims

HEAD = "s\th:m:s\tmax_rss\tmax_vms\n"
STUDIES = Path(claims.__file__).parent


def test_costs_add_up_by_study_and_rule(tmp_path):
    for path, seconds, rss in (
        ("points/a/r000-001/train.tsv", 10, 300), ("points/b/r000-001/train.tsv", 30, "-"),
        ("points/a/r000-001/sample.tsv", 50, 200), ("controls/plane/r000-059.tsv", 5, 100),
        ("onset/base/onset.tsv", 7, 1),
    ):  # fmt: skip
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(f"{HEAD}{seconds}\t0:00:10\t{rss}\t1\n")
    (tmp_path / "points/a/broken.tsv").write_text("nothing of the kind")
    found = costs.costs(costs.measured(tmp_path))
    assert [(c.study, c.rule, c.jobs, c.seconds, c.longest, c.memory) for c in found] == [
        ("controls", "control", 1, 5, 5, 100), ("onset", "onset", 1, 7, 7, 1),
        ("points", "sample", 1, 50, 50, 200), ("points", "train", 2, 40, 30, 300),
    ]  # fmt: skip


def test_no_measured_jobs_cost_nothing(tmp_path):
    assert costs.costs(costs.measured(tmp_path)) == []


def quality(**coverage):
    """Coverage, and as much density: of the untrained model none, of the last snapshot what is given."""
    return pd.DataFrame([
        {"study": "points", "cell": cell, "epoch": epoch, "measure": measure, "mean": value, "floor": 0.96}
        for cell, last in coverage.items() for epoch, value in ((0, 0.0), (9, last)) for measure in MEASURES
    ])  # fmt: skip


def test_copies_of_few_points_are_no_noise_although_they_cover_little():
    table = quality(copies=0.05, noise=0.05)
    table.loc[(table["cell"] == "copies") & (table["measure"] == "density"), "mean"] = 1.1
    (text,) = cautions.of_quality(table)
    assert "Study points, noise:" in text


def test_samples_that_cover_little_at_the_last_snapshot_are_called_noise():
    text = cautions.of_quality(quality(good=0.8, bad=0.05, worse=0.01))
    assert len(text) == 1
    assert "bad, worse" in text[0]
    assert "good" not in text[0]
    assert "at most 5.0 % of the true distribution, fresh points 96 %" in text[0]


def test_good_samples_of_the_last_snapshot_need_no_caution():
    assert cautions.of_quality(quality(a=0.5, b=0.9)) == []


def test_noise_is_seen_in_the_runs_of_arms_too():
    runs = pd.DataFrame({
        "study": "arms", "cell": ["x", "x", "y", "y"], "step": [0, 5, 0, 5], "coverage": [0, 0.9, 0, 0.1],
        "coverage_floor": 0.98, "density": [0, 0.9, 0, 0.1], "density_floor": 1,
    })  # fmt: skip
    assert "Study arms, y:" in cautions.of_runs(runs)[0]


def test_too_few_replicates_and_withheld_verdicts_are_counted():
    verdicts = [claims.FEW] * 2 + [claims.WITHHELD, claims.REPRODUCED]
    few, withheld = cautions.of_claims(pd.DataFrame({"study": "s", "verdict": verdicts, "replicates": [3, 2, 9, 9]}))
    assert "2 of 4 tests have at most 3 replicates" in few
    assert "1 of 4 verdicts are withheld" in withheld


def test_every_claim_that_a_study_makes_is_defined():
    text = "".join(path.read_text() for path in STUDIES.rglob("*.py"))
    made = set(re.findall(r'"((?:M|O|R|U|E|T)\d*(?:-[a-z0-9]+)?)"', text))
    assert {"M", "O1", "E11", "T6-copying", "M1"} <= made
    assert not {name for name in made if definition(name) is None}
    assert all(text.endswith(".") for text in DEFINITIONS.values())


@pytest.mark.parametrize("value", [math.nan, 0.0, -0.0, 1e-7, -123456.0, 99.96, math.inf])
def test_numbers_have_no_plain_hyphen_and_no_exponent_above_one(value):
    text = numbers.number(value)
    assert "-" not in text
    assert "e+" not in text
