"""No verdict claims more than its interval, and a file of another format is named as such."""

import numpy as np
import pytest

from diffmem.auditing.audit import audit
from diffmem.data.items import AuditError


def gaussians(*sizes: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.normal(size=(size, 5)) for size in sizes]


def test_samples_that_are_nearly_one_point_are_not_said_to_hold_no_copies():
    train, test, noise = gaussians(600, 600, 800)
    found = audit(train=train, test=test, generated=0.3 + 1e-6 * noise)
    assert (found.copying.word, "too wide" in found.copying.sentence) == ("refused", True), found.copying
    assert any("nearly one point" in warning for warning in found.warnings)
    assert found.table[["net", "net_low", "net_high"]].abs().to_numpy().max() <= 1


@pytest.mark.parametrize("copies", [0.1, 0.3])
def test_exchanged_sets_are_pointed_out(copies):
    train, test, new = gaussians(600, 600, 600)
    held = round(600 * copies)
    found = audit(train=test, test=train, generated=np.concatenate([train[:held], new[held:]]))
    assert "the two sets were exchanged" in found.copying.sentence, found.copying


def test_a_file_that_is_not_npy_is_not_said_to_hold_objects(tmp_path):
    path = tmp_path / "x.npy"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(AuditError, match=r"is not a \.npy file"):
        audit(train=path, generated=path)
    np.save(path, np.array([{}, {}], dtype=object))
    with pytest.raises(AuditError, match="Python objects"):
        audit(train=path, generated=path)
    path.write_bytes(b"")
    with pytest.raises(AuditError, match=r"is not a \.npy file|empty"):
        audit(train=path, generated=path)


def test_the_spread_of_samples_that_are_nearly_one_point_is_theirs():
    """Not that of their coordinates, which differ from each other."""
    train, test, noise = gaussians(600, 600, 800)
    centre = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
    found = audit(train=train, test=test, generated=centre + 1e-3 * noise, permutations=20)
    (said,) = (text for text in found.warnings if "nearly one point" in text)
    assert "their spread is 0.001 times that of the training items" in said


def test_few_held_out_items_say_which_ratios_are_blind_and_what_could_be_seen():
    train, test, new = gaussians(3000, 25, 500)
    found = audit(train=train, test=test, generated=new, permutations=60)
    assert found.copying.word == "refused"
    assert "only a share of" in found.copying.sentence
    (said,) = (text for text in found.warnings if "too few" in text)
    assert said.startswith("25 held-out items beside 3,000 training items are too few for r = 1")
    blind = found.table.loc[found.table["detectable"] >= 1, "ratio"]
    assert said.split("r = ")[1].split(":")[0] == ", ".join(f"{ratio:g}" for ratio in blind)
    alike = audit(train=train, test=train[::-1] + 1e-3, generated=new, permutations=20, accept=("far",))
    assert not any("too few" in text for text in alike.warnings)


def test_one_of_a_kind_is_said_in_the_singular():
    train, test, new = gaussians(300, 300, 300)
    train[:, 0] = test[:, 0] = 0
    found = audit(train=train, test=test, generated=new, permutations=20, accept=("far",))
    assert any(
        text.startswith("A feature is constant in the training set and varies in the samples;")
        for text in found.warnings
    )
    new[7, 3] = np.nan
    with pytest.raises(AuditError, match=r"generated \(array\): an item holds NaN or infinite values, row 7"):
        audit(train=train, test=test, generated=new)


def test_a_part_of_the_training_set_finds_that_part_of_the_copies():
    train, test, new = gaussians(2000, 2000, 2000)
    generated = np.concatenate([train[:600], new[600:]])
    whole, tenth = (
        audit(train=part, test=test, generated=generated, permutations=60).table for part in (train, train[:200])
    )
    net = [table.loc[table["read"], "net"].item() for table in (whole, tenth)]
    assert net[0] == pytest.approx(0.3, abs=0.04)
    assert net[1] == pytest.approx(0.1, abs=0.04)


@pytest.mark.slow
@pytest.mark.parametrize(("train", "test", "share"), [(450, 50, 0.0), (450, 50, 0.2), (600, 12, 0.0)])
def test_nine_to_one_splits_hold_the_share_and_stay_in_range(train, test, share):
    """Of 120 audits at the ratio to read."""
    held, shares = [], []
    for seed in range(120):
        rng = np.random.default_rng(seed)
        items, held_out, new = (rng.normal(size=(count, 6)) for count in (train, test, 200))
        copies = round(share * 200)
        new[:copies] = items[rng.integers(0, train, copies)]
        table = audit(train=items, test=held_out, generated=new, permutations=100, seed=seed).table
        row = table[table["read"]].iloc[0]
        held.append(row["net_low"] <= share <= row["net_high"])
        shares.append(table[["raw", "chance", "net", "net_low", "net_high"]].to_numpy())
    print(f"{train} : {test}, share {share}: coverage {np.mean(held):.3f} of {len(held)}")
    assert np.abs(shares).max() <= 1
    assert np.mean(held) >= 0.89, "three standard errors below .95"
