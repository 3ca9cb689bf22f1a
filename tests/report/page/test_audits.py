"""What the page says of audits: their sentences, and at most three of them at the top."""

import pandas as pd

from diffmem import files
from diffmem.report.page.audits import findings, tell


def told(folder, count):
    cells = {f"c-{i}": f"c {i}" for i in range(count)}
    rows = [
        {"cell": cell, "ratio": ratio, "copying_sentence": f"Copying {cell}.", "membership_sentence": f"Guess {cell}."}
        for cell in cells
        for ratio in (1.0, 2.0)
    ]
    files.save_table(folder / "audits.parquet", pd.DataFrame(rows))
    return tell(folder, cells)


def test_every_audit_is_told_once_with_both_verdicts(tmp_path):
    found = told(tmp_path, 2)
    assert [(audit.cell, audit.copying, audit.membership) for audit in found] == [
        ("c 0", "Copying c-0.", "Guess c-0."),
        ("c 1", "Copying c-1.", "Guess c-1."),
    ]
    assert found[0].file == f"{tmp_path.name}/c-0/audit/audit.html"


def test_at_most_three_are_findings_and_the_rest_is_counted(tmp_path):
    assert [finding.sentence for finding in findings("mine", told(tmp_path, 5))] == [
        "Copying c-0.",
        "Copying c-1.",
        "Copying c-2.",
        "2 more audits are below.",
    ]
    assert [finding.about for finding in findings("mine", told(tmp_path, 1))] == ["Audit mine, c 0"]
