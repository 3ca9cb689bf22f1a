"""What people hold in memory is taken where there is one way to read it, else refused in one sentence with the set."""

import numpy as np
import pandas as pd
import pytest
import torch

from diffmem.data.in_memory import from_values
from diffmem.data.items import AuditError

VALUES = np.random.default_rng(0).standard_normal((20, 3)).astype(np.float32)
TENSOR = torch.from_numpy(VALUES)


@pytest.mark.parametrize(
    "given",
    [
        TENSOR.clone().requires_grad_(),
        [row.clone().requires_grad_() for row in TENSOR],
        list(VALUES),
        VALUES.tolist(),
        {"samples": VALUES},
        {"anything": TENSOR},
        np.ma.masked_array(VALUES),
    ],
    ids=["gradient", "tensors", "arrays", "lists", "named", "one name", "nothing masked"],
)
def test_one_way_to_read_is_taken(given):
    np.testing.assert_array_equal(from_values("train", given).values, VALUES)


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16, torch.float64])
def test_every_precision_of_torch_is_taken(kind):
    np.testing.assert_allclose(from_values("train", TENSOR.to(kind)).values, VALUES, rtol=1e-2)


def test_an_open_archive_is_read_with_its_classes(tmp_path):
    np.savez(tmp_path / "x.npz", VALUES, np.arange(20))
    with np.load(tmp_path / "x.npz") as archive:
        found = from_values("train", archive)
    np.testing.assert_array_equal(found.values, VALUES)
    np.testing.assert_array_equal(found.labels, np.arange(20))


def test_the_column_label_holds_classes_as_in_files():
    frame = pd.DataFrame(VALUES, columns=list("abc"))
    found = from_values("train", frame.assign(label=np.arange(20)))
    assert list(found.frame) == ["a", "b", "c"]
    assert found.labels.tolist() == list(range(20))
    assert list(from_values("train", pd.DataFrame({"label": [1.0, 2.0]})).frame) == ["label"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, "train: is missing; give an array"),
        (TENSOR.to_sparse(), "train: a Tensor is no array of numbers .*; give a dense array"),
        (TENSOR.to("meta"), "train: a Tensor is no array of numbers"),
        ([[1, 2], [1]], "train: a list is no array of numbers"),
        ((row for row in VALUES), "train: a generator is no array; give an array"),
        ({"mu": VALUES, "sigma": VALUES}, "train: holds mu, sigma; name the array of items points"),
        ({}, "train: holds nothing"),
        (np.ma.masked_array(VALUES, VALUES > 1), "train: has masked values; fill them in"),
        (b"train.npy", "holds values of type .S9; expected numbers"),
        (np.array([{}, None]), "holds values of type object; expected numbers"),
        (VALUES + 0j, "holds values of type complex64; expected numbers"),
        (np.where(np.arange(60).reshape(20, 3) == 31, np.nan, VALUES), "an item holds NaN .*, row 10; remove it"),
        (np.where(VALUES > 1, np.inf, VALUES), r"\d+ items hold NaN .*, the first is row \d+; remove them"),
    ],
)
def test_anything_else_is_one_sentence(given, message):
    with pytest.raises(AuditError, match=message) as caught:
        from_values("train", given)
    assert "\n" not in str(caught.value)
