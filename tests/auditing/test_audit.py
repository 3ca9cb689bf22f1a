"""Inputs that people have: copies are found, coincidence is not, and what cannot be answered is refused or withheld."""

import re

import numpy as np
import pytest
from sklearn.datasets import load_digits

from diffmem.auditing.audit import audit
from diffmem.auditing.samples import p_values
from diffmem.auditing.verdict import COPIES, NONE_FOUND, REFUSED, WITHHELD
from diffmem.auditing.write import write
from diffmem.data.items import AuditError


def digits(seed=0):
    images = np.random.default_rng(seed).permutation(load_digits().data * (255 / 16))
    return images[:750], images[750:1500], images[1500:]


def plane(train=2000, test=2000, new=2000, seed=0):
    draw = np.random.default_rng(seed).standard_normal((train + test + new, 2))
    return np.split(draw, [train, train + test])


def test_real_digits_split_in_three_show_no_copies():
    train, test, new = digits()
    found = audit(train=train, test=test, generated=new)
    assert found.copying.word == NONE_FOUND
    assert found.membership_verdict.word == "not shown"
    assert not found.samples["copy"].any()
    assert found.exchangeability_p > 0.01


def test_a_copier_is_found_with_its_items():
    train, test, _ = digits()
    copies = train[:300] + np.random.default_rng(1).normal(0, 2, (300, 64))
    found = audit(train=train, test=test, generated=copies)
    assert found.copying.word == COPIES
    assert found.membership_verdict.word == "shown"
    assert found.samples["copy"].all()
    assert np.array_equal(found.samples["train_item"], np.arange(300))
    assert found.training["copied"].tolist() == [1] * 300 + [0] * 450


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x / 127.5 - 1,
        lambda x: x / 255,
        lambda x: (x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True),
        lambda x: 255 - x,
    ],
    ids=["-1 to 1", "0 to 1", "one by one", "inverted"],
)
def test_a_copier_in_other_units_is_refused_not_acquitted(change):
    train, test, _ = digits()
    with pytest.raises(AuditError, match="same units"):
        audit(train=train, test=test, generated=change(train[:300]))
    found = audit(train=train, test=test, generated=change(train[:300]), accept=("far",))
    assert any("Accepted" in warning for warning in found.warnings)


@pytest.mark.parametrize("change", [lambda x: x / 127.5 - 1, lambda x: x / 255], ids=["-1 to 1", "0 to 1"])
def test_a_copier_in_other_units_is_refused_where_images_are_mostly_black(change):
    rng = np.random.default_rng(0)
    black = rng.random((900, 196)) < rng.uniform(0.5, 0.999, (900, 1))  # some nearly all black: near what is small
    images = np.where(black, 0.0, rng.integers(1, 256, (900, 196)))
    train, test = images[:450], images[450:]
    with pytest.raises(AuditError, match=r"all values are small beside those of the training items.*same units"):
        audit(train=train, test=test, generated=change(train[:200]))
    with pytest.raises(AuditError, match=r"all values are small"):
        audit(train=train, test=test, generated=change(train[:200]), features="pca-9")
    with pytest.raises(AuditError, match=r"all values are small"):
        audit(train=train, generated=change(train[:200]))
    found = audit(train=train, test=test, generated=change(train[:200]), accept=("far",))
    assert any("Accepted: generated: all values are small" in warning for warning in found.warnings)


@pytest.mark.parametrize(
    ("train", "samples"),
    [((3, 8, 8), (192,)), ((192,), (8, 8, 3)), ((3, 6, 8), (3, 8, 6)), ((6, 8), (8, 6)), ((4, 12), (6, 8))],
)
def test_items_whose_values_may_lie_in_another_order_are_refused(train, samples):
    draw = np.random.default_rng(0).normal(size=(300, *train))
    given = {"train": draw[:100], "test": draw[100:200], "generated": draw[:50].reshape(50, *samples)}
    with pytest.raises(AuditError, match="may hold their values in another order; save both with the same shape"):
        audit(**given)


@pytest.mark.parametrize("shape", [(64,), (8, 8), (1, 8, 8), (8, 8, 1)])
def test_images_of_one_channel_may_be_flat(shape):
    train, test, _ = digits()
    found = audit(train=train.reshape(-1, 1, 8, 8), test=test, generated=train[:300].reshape(-1, *shape))
    assert found.copying.word == COPIES


@pytest.mark.parametrize("shape", [(1, 64), (64, 1), (1, 1, 64)])
def test_series_of_one_channel_are_no_pictures(shape, tmp_path):
    train, test, _ = (part.reshape(-1, *shape) for part in digits())
    write(audit(train=train, test=test, generated=train[:100]), tmp_path / "out")
    assert not (tmp_path / "out" / "figures" / "gallery.png").exists()


def test_columns_in_another_order_are_refused():
    rng = np.random.default_rng(0)
    train, test, new = (rng.standard_normal((1000, 4)) * [1, 2, 1, 3] + [0, 3, 6, 0] for _ in range(3))
    order = [1, 0, 2, 3]
    for name, sets in {"generated": (test, new[:, order]), "test": (test[:, order], new)}.items():
        with pytest.raises(AuditError, match=f"{name}.*another order.*column"):
            audit(train=train, test=sets[0], generated=sets[1])
    assert audit(train=train, test=test, generated=new, accept=("far",)).copying.word == NONE_FOUND


def test_a_share_of_copies_is_estimated_and_the_list_holds_few_others():
    train, test, new = plane()
    found = audit(train=train, test=test, generated=np.vstack([train[:200], new[:1800]]))
    row = found.table[found.table["read"]].iloc[0]
    assert found.copying.word == COPIES
    assert row["net_low"] < 0.1 < row["net_high"]
    called = found.samples[found.samples["copy"]]
    assert (called["sample"] < 200).mean() >= 0.93
    assert len(called) >= 200


def test_shared_items_are_left_out_and_counted():
    train, test, new = plane()
    found = audit(train=train, test=np.vstack([test, train[:20]]), generated=new)
    assert any("20 of 2020 held-out items" in warning for warning in found.warnings)
    assert found.copying.word == NONE_FOUND
    assert audit(train=train, test=np.vstack([test[:500], train[:500]]), generated=new).copying.word == REFUSED
    with pytest.raises(AuditError, match="every held-out item is a training item"):
        audit(train=train, test=train, generated=new)


def test_coarse_tables_get_no_number():
    rng = np.random.default_rng(0)
    train, test, new = (rng.integers(0, 12, (400, 3)).astype(float) for _ in range(3))
    found = audit(train=train, test=test, generated=np.vstack([train[:120], new[:280]]))
    assert found.copying.word == REFUSED
    assert "coincidence" in found.copying.sentence


def test_held_out_items_of_another_law_withhold_the_sentence():
    train, test, new = plane()
    found = audit(train=train, test=1.1 * test, generated=new)
    assert found.copying.word == WITHHELD
    assert found.membership_verdict.word == WITHHELD


def test_too_few_items_are_refused_with_the_number_that_would_do():
    train, test, new = plane(train=200, test=50, new=100)
    found = audit(train=train, test=test, generated=new)
    assert found.copying.word == REFUSED
    assert "would do" in found.copying.sentence
    row = found.table[found.table["read"]].iloc[0]
    assert row["detectable"] > 0.05
    needed = int(re.search(r"About ([\d,]+) and", found.copying.sentence)[1].replace(",", ""))
    limited = "if there were as many training items, of which there are 200" in found.copying.sentence
    assert limited == (needed > 200)


def test_samples_that_are_nearly_one_point_are_pointed_out_and_shares_stay_in_range():
    train, test, new = plane()
    found = audit(train=train, test=test, generated=0.001 * new + 0.3)
    assert any("nearly one point" in warning for warning in found.warnings)
    shares = found.table[["raw", "chance", "net", "net_low", "net_high"]].to_numpy()
    assert (np.abs(shares) <= 1).all()


def test_samples_that_are_the_training_set_are_pointed_out():
    train, test, _ = plane()
    assert any("is the training set" in warning for warning in audit(train=train, test=test, generated=train).warnings)


def test_exchanged_sets_show_below_zero():
    train, test, new = plane(train=6000, test=6000, new=10)
    found = audit(train=train, test=test, generated=np.vstack([test[:3000], new]))
    assert found.table["net_high"].max() < 0
    assert "below 0" in found.copying.sentence


def test_without_held_out_items_only_exact_copies_are_called():
    train, _, new = plane()
    found = audit(train=train, generated=np.vstack([train[:7], new]))
    assert found.copying.word == "not possible"
    assert found.samples["copy"].sum() == 7
    assert found.membership is None


def test_the_same_seed_gives_the_same_numbers():
    train, test, new = plane(train=500, test=500, new=500)
    one, same, other = (audit(train=train, test=test, generated=new, seed=seed).table for seed in (1, 1, 2))
    assert one.equals(same)
    assert not one.equals(other)


def test_features_are_components_or_a_function():
    train, test, new = digits()
    few = audit(train=train, test=test, generated=new, features="pca-8")
    own = audit(train=train, test=test, generated=new, features=lambda x: x[:, :30])
    assert few.copying.word != COPIES
    assert own.copying.word != COPIES
    for wrong in ("pca-65", "vgg", lambda x: x[:1]):
        with pytest.raises(AuditError, match="features"):
            audit(train=train, test=test, generated=new, features=wrong)


def test_p_values_of_the_null_are_not_too_small():
    """t is exponential with rate 2 beyond 0, as of the plane: p of fresh scores is at or above uniform."""
    rng = np.random.default_rng(0)
    small = []
    for _ in range(200):
        null, fresh = (rng.laplace(0, 0.5, size) for size in (500, 5000))
        p = p_values(fresh, null)
        small.append([(p <= level).mean() for level in (0.1, 0.01, 0.001)])
    assert (np.mean(small, 0) <= [0.105, 0.0105, 0.00105]).all()
    assert np.mean(small, 0)[2] > 0.0001
    assert p_values(np.array([np.inf]), null)[0] == 0


@pytest.mark.slow
def test_planted_shares_are_covered_and_lists_are_pure():
    """500 audits of Gaussians and digits, exact and near copies, equal and unequal sizes."""
    rng = np.random.default_rng(2026)
    images = load_digits().data * (255 / 16)
    covered, pure = [], []
    for number in range(500):
        share, near = (0.0, 0.01, 0.05, 0.2)[number % 4], bool(number // 4 % 2)
        if number // 8 % 2:
            train, test, new = np.split(rng.permutation(images), [700, 1400])
        else:
            sizes = ((800, 800), (800, 400))[number // 16 % 2]
            train, test, new = np.split(rng.standard_normal((sum(sizes) + 600, 5)), [sizes[0], sum(sizes)])
        count = round(share * len(new))
        copies = train[rng.choice(len(train), count)]
        copies = copies + near * 0.005 * train.std() * rng.standard_normal(copies.shape)
        found = audit(train=train, test=test, generated=np.vstack([copies, new[count:]]), seed=number)
        row = found.table[found.table["read"]].iloc[0]
        covered.append(row["net_low"] <= count / len(new) <= row["net_high"])
        pure.extend(found.samples.loc[found.samples["copy"], "sample"] < count)
    print(
        f"coverage {np.mean(covered):.3f} of {len(covered)} audits; planted: {np.mean(pure):.3f} of {len(pure)} listed"
    )
    assert 0.93 <= np.mean(covered) <= 0.98
    assert np.mean(pure) >= 0.95
