"""An audit as rows of a table; features by a function in a file of the user's own."""

import numpy as np
import pytest

from diffmem.auditing.audit import audit
from diffmem.auditing.summary import summarise
from diffmem.data.items import AuditError


@pytest.fixture(scope="module")
def sets():
    rng = np.random.default_rng(0)
    points = rng.standard_normal((900, 3))
    return {"train": points[:300], "test": points[300:600], "generated": points[600:]}


def test_there_is_a_row_per_ratio_with_both_verdicts(sets):
    found = audit(**sets, permutations=20)
    table = summarise(found)
    assert list(table["net"]) == list(found.table["net"])
    assert set(table["copying_sentence"]) == {found.copying.sentence}
    assert table["read"].sum() == 1


def test_without_held_out_items_one_row_says_that_there_is_no_number(sets):
    table = summarise(audit(train=sets["train"], generated=sets["generated"]))
    assert len(table) == 1
    assert table["read"].all()
    assert table["net"].isna().all()
    assert table["copying"].item() == "not possible"


def test_features_come_from_a_function_in_a_file(sets, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(
        "def first(items):\n    return items[:, :1]\n\n\ndef broken(items):\n    return items[:, 9]\n"
    )
    named = audit(**sets, permutations=20, features="mine.py:first")
    cut = {name: values[:, :1] for name, values in sets.items()}
    assert summarise(named)["net"].equals(summarise(audit(**cut, permutations=20))["net"])
    assert named.settings["features"] == "mine.py:first"
    imported = audit(**sets, permutations=20, features="mine:first")
    assert summarise(imported)["net"].equals(summarise(named)["net"])
    assert imported.settings["features"] == "mine:first", "which the command that is shown names"
    with pytest.raises(AuditError, match=r"features of train: mine.py, line 6: raised IndexError"):
        audit(**sets, features="mine.py:broken")
    with pytest.raises(AuditError, match=r"mine.py: defines no other; it defines broken, first"):
        audit(**sets, features="mine.py:other")
