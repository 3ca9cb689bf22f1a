"""docs/claims.md has a row for every claim that the report page defines, and no other."""

import re
from pathlib import Path

from diffmem.report.page.papers import DEFINITIONS

PAGE = Path(__file__).parents[1] / "docs/claims.md"


def test_the_page_of_the_claims_has_a_row_for_each():
    codes = [
        code for code in re.findall(r"^\| ([^|]+?) \|", PAGE.read_text(), re.MULTILINE) if code not in ("code", "---")
    ]
    assert len(codes) == len(set(codes))
    assert set(codes) == set(DEFINITIONS)
