"""The README's numbers are those of the results: planted ones are filled in, and an unknown mark is refused."""

import importlib.util
import re
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
spec = importlib.util.spec_from_file_location("readme", ROOT / "tools/readme.py")
readme = importlib.util.module_from_spec(spec)
spec.loader.exec_module(readme)


@pytest.fixture
def results(tmp_path):
    (tmp_path / "outliers").mkdir()
    claims = pd.DataFrame(
        {"study": "outliers", "cell": ["n-100", "n-2000"], "claim": "M", "reference": ["matched", None],
         "verdict": ["reproduced", "undecided"], "effect": [0.525, -0.0041], "low": [0.468, -0.2], "high": [0.6, 1.0]}
    )  # fmt: skip
    claims.to_csv(tmp_path / "claims.csv", index=False)
    curves = pd.DataFrame(
        {"cell": "n-100", "stratum": "all", "reference": "plain", "criterion": "raw", "normalisation": "stratum",
         "epoch": [0, 10, 10], "headline": [True, True, False], "mean": [0.1, 0.642, 0.9], "floor": [0.3, 0.31, 0.4]}
    )  # fmt: skip
    curves.to_parquet(tmp_path / "outliers/curves.parquet")
    shares = pd.DataFrame({"arm": "none", "n": [50, 100, 100], "snapshot": ["last", "last", "best"], "measure": "r_mem",
                           "mean": [0.5, 0.092, 0.3]})  # fmt: skip
    shares.to_parquet(tmp_path / "outliers/effective_curves.parquet")
    return tmp_path


@pytest.mark.parametrize(
    ("what", "number"),
    [
        ("claim outliers n-100 M matched", ".53 [.47, .60]"),
        ("claim outliers n-2000 M -", "-.004 [-.20, 1.00]"),
        ("verdict outliers n-2000 M -", "undecided"),
        ("curve outliers n-100 all plain raw stratum", "64"),
        ("curve outliers n-100 all plain raw stratum floor", "31"),
        ("share outliers none 100", "9"),
    ],
)
def test_a_marked_number_is_that_of_the_results(results, what, number):
    text = f"before <!--={what}-->an old number<!--=--> after"
    filled = readme.fill(text, results)
    assert filled == f"before <!--={what}-->{number}<!--=--> after"
    assert readme.fill(filled, results) == filled


UNKNOWN = ("claim outliers n-7 M matched", "claim outliers", "mean n-100", "curve outliers x all plain raw stratum")


@pytest.mark.parametrize("what", UNKNOWN)
def test_a_mark_that_names_no_number_is_refused(results, what):
    with pytest.raises(ValueError, match=re.escape(what)):
        readme.fill(f"<!--={what}-->1<!--=-->", results)


def test_check_says_which_numbers_differ(results, tmp_path, monkeypatch, capsys):
    page = tmp_path / "page.md"
    page.write_text("<!--=claim outliers n-100 M matched-->.99<!--=-->")
    monkeypatch.setattr("sys.argv", ["readme.py", str(page), "--results", str(results), "--check"])
    assert readme.main() == 1
    assert ".53 [.47, .60]" in capsys.readouterr().out
    assert ".99" in page.read_text()


def test_every_result_in_the_readme_is_marked():
    """An interval or a percentage outside of a mark would not be filled."""
    text = readme.MARK.sub("", (ROOT / "README.md").read_text())
    assert len(readme.MARK.findall((ROOT / "README.md").read_text())) >= 10
    assert re.findall(r"\[-?\.\d+, -?\.\d+\]", text) == []
