"""Symmetries as an option: mirrored copies are found with them, and a generator that copies nothing stays at 0."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from sklearn.datasets import load_digits
from typer.testing import CliRunner

from diffmem.auditing.audit import audit
from diffmem.auditing.command import app
from diffmem.auditing.verdict import COPIES, NONE_FOUND
from diffmem.data.items import AuditError


def digits(seed=0):
    """Training, held-out and other digits, (n, 8, 8)."""
    images = np.random.default_rng(seed).permutation(load_digits().images)
    return images[:700], images[700:1400], images[1400:]


def read(found):
    return found.table[found.table["read"]].iloc[0]


@pytest.mark.parametrize("features", ["raw", "pca-20"])
def test_mirrored_copies_are_found_with_mirror_only(features):
    train, test, new = digits()
    generated = np.concatenate([train[:100, :, ::-1], new[:300]])
    given = {"train": train, "test": test, "generated": generated, "features": features}
    plain, found = audit(**given), audit(**given, augment="mirror")
    assert plain.copying.word == NONE_FOUND
    assert abs(read(plain)["net"]) < 0.03
    assert found.copying.word == COPIES
    assert read(found)["net_low"] < 0.25 < read(found)["net_high"]
    assert found.membership_verdict.word == "shown"
    assert found.membership.right > plain.membership.right
    assert found.settings["augment"] == ["mirror"]
    called = found.samples[found.samples["copy"]]
    assert called["train_item"].tolist()[:100] == list(range(100)), "the item is named, not its version"
    assert (called["version"][:100] == "mirrored").all()
    assert len(called) <= 106


def test_shifted_and_mirrored_copies_are_found_with_both():
    train, test, new = digits()
    moved = np.roll(train[:80, :, ::-1], 1, axis=2)
    generated = np.concatenate([moved, new[:320]])
    found = audit(train=train, test=test, generated=generated, augment=["mirror", "shift"])
    assert read(found)["net_low"] < 0.2 < read(found)["net_high"]
    assert found.copying.word == COPIES


def test_distances_are_those_of_brute_force():
    train, test, new = (part[:120] for part in digits())
    found = audit(train=train, test=test, generated=new, augment="mirror", permutations=20)
    flat = [part.reshape(len(part), -1) for part in (train, train[:, :, ::-1], test, test[:, :, ::-1], new)]
    to_train, to_test = (np.minimum(cdist(flat[-1], flat[i]), cdist(flat[-1], flat[i + 1])) for i in (0, 2))
    np.testing.assert_allclose(found.samples["train_distance"], to_train.min(1))
    np.testing.assert_allclose(found.samples["test_distance"], to_test.min(1))
    assert np.array_equal(found.samples["train_item"], to_train.argmin(1))
    for row in found.table.itertuples():
        near, far = to_train.min(1), to_test.min(1)
        assert row.raw == pytest.approx(np.mean(row.ratio * near < far))
        assert row.net == pytest.approx(np.mean(row.ratio * near < far) - np.mean(row.ratio * far < near))


@pytest.mark.parametrize(
    ("augment", "held_out"),
    [
        ("mirror", 300),
        pytest.param("shift", 150, marks=pytest.mark.slow),
        pytest.param("mirror,crop", 150, marks=pytest.mark.slow),
    ],
)
def test_a_generator_that_copies_nothing_stays_at_0(augment, held_out):
    """40 audits of new images, some with held-out sets of another size."""
    held, net = [], []
    for seed in range(40):
        images = np.random.default_rng(seed).permutation(load_digits().images)
        train, test, new = images[:300], images[300 : 300 + held_out], images[700:900]
        found = audit(train=train, test=test, generated=new, augment=augment, permutations=60, seed=seed)
        held.append(((found.table["net_low"] <= 0) & (found.table["net_high"] >= 0)).to_numpy())
        net.append(found.table["net"].to_numpy())
    assert (np.mean(held, 0) >= 0.875).all(), "at least 35 of 40, as of a binomial variable with .95"
    error = np.std(net, 0) / np.sqrt(len(net))
    assert (np.abs(np.mean(net, 0)) <= 4 * error + 1e-12).all()


def test_held_out_items_that_are_mirrored_training_items_are_shared():
    train, test, new = digits()
    mixed = np.concatenate([test, train[:20, :, ::-1]])
    found = audit(train=train, test=mixed, generated=new, augment="mirror", permutations=20)
    assert any("20 of 720 held-out items are training items, too, or versions" in text for text in found.warnings)


def test_mirrored_training_images_are_not_the_training_set_and_not_in_another_order():
    train, test, _ = digits()
    found = audit(train=train, test=test, generated=train[:, :, ::-1], augment="mirror", permutations=20)
    assert found.copying.word == COPIES
    assert not any("is the training set" in text for text in found.warnings)


def test_without_held_out_items_exact_copies_of_versions_are_called():
    train, _, new = digits()
    found = audit(train=train, generated=np.concatenate([train[:7, :, ::-1], new]), augment="mirror")
    assert found.copying.word == "not possible"
    assert found.samples["copy"].sum() == 7
    assert found.samples["train_item"].tolist()[:7] == list(range(7))


def test_repeated_training_items_are_one_without_held_out_items():
    train, _, new = digits()
    copies = np.concatenate([train[:50] + 1e-3, new])
    once, twice = (audit(train=part, generated=copies).criteria for part in (train, np.concatenate([train, train])))
    assert once.equals(twice)
    assert once.set_index("criterion").loc["rule of 1/3", "generated"] >= 50 / len(copies)


def test_what_is_no_image_and_own_features_are_refused():
    train, test, new = (part.reshape(len(part), -1) for part in digits())
    with pytest.raises(
        AuditError, match=r"augment = mirror: is for images, and the training items have the shape \(64,\)"
    ):
        audit(train=train, test=test, generated=new, augment="mirror")
    with pytest.raises(AuditError, match="augment: goes with the features raw and pca-K"):
        audit(train=train, test=test, generated=new, features=lambda x: x, augment="mirror")
    table = pd.DataFrame(train).rename(columns=str)
    with pytest.raises(AuditError, match="augment = mirror: is for images"):
        audit(train=table, test=table, generated=table, augment="mirror")


def test_the_command_records_names_and_shows_them(tmp_path):
    train, test, new = digits()
    sets = {"train": train, "test": test, "generated": np.concatenate([train[:60, :, ::-1], new[:240]])}
    for name, values in sets.items():
        np.save(tmp_path / f"{name}.npy", values)
    given = [part for name in sets for part in (f"--{name}", str(tmp_path / f"{name}.npy"))]
    out = tmp_path / "out"
    done = CliRunner().invoke(app, ["audit", *given, "--augment", "mirror", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert json.loads((out / "audit.json").read_text())["settings"]["augment"] == ["mirror"]
    text = (out / "audit.html").read_text()
    assert "--augment mirror" in text
    assert "to the nearest version of an item (mirror)" in text
    assert "<td>mirrored</td>" in text
    assert (out / "figures" / "gallery.png").is_file()
    samples = pd.read_parquet(out / "samples.parquet")
    assert samples["version"][:60].tolist() == ["mirrored"] * 60
    refused = CliRunner().invoke(app, ["audit", *given, "--augment", "turn", "--out", str(tmp_path / "no")])
    assert refused.exit_code == 2
    assert "augment = turn: expected some of mirror" in " ".join(refused.output.split())
