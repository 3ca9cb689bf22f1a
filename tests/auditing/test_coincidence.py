"""Where distances, rows or columns coincide, nothing is called a copy for that, and no copier is acquitted."""

import numpy as np
import pandas as pd
import pytest

from diffmem.auditing.audit import audit
from diffmem.auditing.verdict import COPIES, NONE_FOUND, REFUSED
from diffmem.data.items import AuditError

FEW = {"permutations": 20}


def categories(*counts, rows, seed):
    """Three draws of ``rows`` rows of columns of categories, one-hot: two different categories are at distance 1."""
    rng = np.random.default_rng(seed)
    codes = [np.column_stack([rng.integers(count, size=size) for count in counts]) for size in rows]
    return [np.hstack([np.eye(n)[c[:, i]] for i, n in enumerate(counts)]) / np.sqrt(2) for c in codes]


def gaussians(*rows, features=8, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal((size, features)) for size in rows]


@pytest.mark.parametrize("exchanged", [False, True])
def test_items_equally_far_from_a_sample_are_no_copies(exchanged):
    """More of them than a list of neighbours holds; the seed is one at which 14 % were called copies."""
    train, test, new = categories(700, 16, rows=(740, 740, 900), seed=5)
    sets = {"train": test, "test": train} if exchanged else {"train": train, "test": test}
    found = audit(**sets, generated=new, **FEW)
    assert found.copying.word != COPIES
    assert found.table["net"].abs().max() < 0.06


def test_equal_distances_call_no_sample_a_copy():
    """Those to training items and those between held-out items come from two searches, with two rounding errors."""
    rng = np.random.default_rng(0)
    code, level = rng.integers(400, size=3900), 4 * rng.integers(45, size=3900)
    train, test, new = np.split(np.hstack([np.eye(400)[code], level[:, None]]).astype(np.float32), 3)
    found = audit(train=train, test=test, generated=new, **FEW)
    exact = (found.samples["train_distance"] == 0).sum()
    assert found.samples["copy"].sum() <= exact < 100
    inauthentic = found.criteria.set_index("criterion").loc["not authentic"]
    assert inauthentic["held_out"] > 0.9, "a tie counts as inauthentic"
    assert inauthentic["generated"] == pytest.approx(inauthentic["held_out"], abs=0.03)


def test_a_held_out_set_that_holds_most_of_the_training_set_is_refused():
    train, other, new = gaussians(400, 4000, 800)
    copies = np.vstack([new, train[:200]])
    found = audit(train=train, test=np.vstack([other, train[:360]]), generated=copies, **FEW)
    assert found.copying.word == REFUSED
    assert "90 % of the training items are held-out items as well" in found.copying.sentence
    assert found.membership_verdict.word == "withheld"
    assert audit(train=train, test=other, generated=copies, **FEW).copying.word == COPIES


@pytest.mark.parametrize("value", [0.1, 0.3, 0.7])
def test_a_column_of_equal_numbers_does_not_count(value):
    """The standard deviation of 1,000 times .1 is 1.4e-17."""
    sets = [pd.DataFrame(points, columns=list("abcd")) for points in gaussians(500, 500, 600, features=4)]
    noise = np.where(np.arange(600) < 200, 1e-6 * np.random.default_rng(1).standard_normal(600), 0)
    train, test, new = (table.assign(e=value) for table in sets)
    found = audit(train=train, test=test, generated=new.assign(e=value + noise), **FEW)
    assert found.copying.word == NONE_FOUND
    assert abs(found.table["net"]).max() < 0.05


@pytest.mark.parametrize("permutations", [0, 1, 19])
def test_too_few_permutations_are_refused(permutations):
    train, test = gaussians(400, 400)
    with pytest.raises(AuditError, match=rf"permutations = {permutations}: must be at least 20"):
        audit(train=train, test=test, generated=train, permutations=permutations)


def test_coincident_rows_in_sets_of_unequal_size_are_warned_of():
    rng, places = np.random.default_rng(0), np.random.default_rng(1).standard_normal((220, 3))
    train, test, new = gaussians(4000, 400, 1000, features=3)
    for points in (train, test, new):
        here = rng.random(len(points)) < 0.08
        points[here] = places[rng.integers(220, size=here.sum())]
    found = audit(train=train, test=test, generated=new, **FEW)
    assert any("one set has 10 times as many items" in text and "too high" in text for text in found.warnings)
    found = audit(train=train, test=np.vstack([test, gaussians(3600, features=3, seed=9)[0]]), generated=new, **FEW)
    assert not any("times as many items" in text for text in found.warnings)


def test_a_small_training_set_is_not_helped_by_held_out_items():
    train, test, new = gaussians(60, 1000, 1000, features=1)
    found = audit(train=train, test=test, generated=new, **FEW)
    assert found.copying.word == REFUSED
    assert "The 60 training items limit it" in found.copying.sentence


def test_what_is_left_of_a_set_is_said_as_it_is():
    train, test, new = gaussians(50, 200, 100, features=3)
    with pytest.raises(AuditError, match=r"^train: all training items are the same"):
        audit(train=np.ones((50, 3)), test=test, generated=new)
    with pytest.raises(AuditError, match=r"^train: every training item is a held-out item, too"):
        audit(train=train, test=np.vstack([train, test]), generated=new)
    with pytest.raises(AuditError, match=r"^test: every held-out item is a training item, too"):
        audit(train=np.vstack([train, test]), test=test, generated=new)


def test_an_item_and_its_copy_in_another_precision_are_equal():
    train, test, new = gaussians(400, 400, 200)
    alone = audit(train=train, generated=train.astype(np.float32))
    assert alone.samples["copy"].all()
    shared = np.vstack([test[:100], train[:300]]).astype(np.float32)
    found = audit(train=train, test=shared, generated=np.vstack([new, train[:200]]), **FEW)
    assert found.copying.word == REFUSED
    assert "75 % of the held-out items are training items as well" in found.copying.sentence
