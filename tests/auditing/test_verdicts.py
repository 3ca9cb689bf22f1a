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
