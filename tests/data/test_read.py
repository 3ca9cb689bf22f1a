"""Every format gives the same items; what cannot be read is one sentence with the file's name."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from diffmem.auditing.audit import audit
from diffmem.data.in_memory import from_values
from diffmem.data.items import AuditError
from diffmem.data.read import read

VALUES = np.random.default_rng(0).standard_normal((20, 3)).astype(np.float32)


def saved(folder, kind):
    import torch
    from safetensors.torch import save_file

    path = folder / f"items.{kind}"
    frame = pd.DataFrame(VALUES, columns=list("abc"))
    {
        "npy": lambda: np.save(path, VALUES),
        "npz": lambda: np.savez(path, VALUES),
        "parquet": lambda: frame.to_parquet(path),
        "csv": lambda: frame.to_csv(path, index=False),
        "pt": lambda: torch.save(torch.from_numpy(VALUES), path),
        "safetensors": lambda: save_file({"samples": torch.from_numpy(VALUES)}, path),
    }[kind]()
    return path


@pytest.mark.parametrize("kind", ["npy", "npz", "pt", "safetensors"])
def test_arrays_come_back_as_they_were_saved(tmp_path, kind):
    found = read(saved(tmp_path, kind), name="train")
    np.testing.assert_array_equal(found.values, VALUES)
    assert len(found.sha256) == 64


@pytest.mark.parametrize("kind", ["float64", "float16", "bfloat16", "int64", "uint8", "bool"])
def test_every_type_of_safetensors_is_read_as_torch_reads_it(tmp_path, kind):
    import torch
    from safetensors.torch import save_file

    values = (torch.from_numpy(VALUES).abs() * 20).to(getattr(torch, kind))
    path = tmp_path / "items.safetensors"
    save_file({"samples": values, "labels": torch.arange(20)}, path)
    found = read(path, name="train")
    np.testing.assert_array_equal(found.values, values.double().numpy())
    np.testing.assert_array_equal(found.labels, np.arange(20))


def test_samples_and_classes_without_names_are_told_apart(tmp_path):
    np.savez(tmp_path / "x.npz", VALUES, np.arange(20))
    np.testing.assert_array_equal(read(tmp_path / "x.npz", name="train").labels, np.arange(20))
    np.savez(tmp_path / "x.npz", VALUES, VALUES)
    assert read(tmp_path / "x.npz", name="train").labels is None


def test_suffixes_in_capitals_are_read(tmp_path):
    saved(tmp_path, "npy").rename(tmp_path / "ITEMS.NPY")
    assert len(read(tmp_path / "ITEMS.NPY", name="train")) == 20


def test_safetensors_of_another_type_are_refused_with_the_remedy(tmp_path):
    import torch
    from safetensors.torch import save_file

    save_file({"samples": torch.zeros(20, 3, dtype=torch.float8_e4m3fn)}, tmp_path / "x.safetensors")
    with pytest.raises(AuditError, match="values of the type F8_E4M3; save float32"):
        read(tmp_path / "x.safetensors", name="train")


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_tables_come_back_as_they_were_saved(tmp_path, kind):
    found = read(saved(tmp_path, kind), name="train")
    np.testing.assert_allclose(found.frame.to_numpy(), VALUES, rtol=1e-6)


def test_tensors_with_gradient_and_in_bfloat16_are_taken():
    import torch

    given = torch.from_numpy(VALUES).requires_grad_()
    np.testing.assert_array_equal(from_values("train", given).values, VALUES)
    np.testing.assert_allclose(from_values("train", given.to(torch.bfloat16)).values, VALUES, rtol=1e-2)


def picture(size=(6, 4), mode="RGB", value=100):
    return Image.fromarray(np.full((size[1], size[0], 3), value, dtype=np.uint8)).convert(mode)


def test_a_folder_of_images_with_sub_folders_as_classes(tmp_path):
    for name in ("cat", "dog", "__MACOSX"):
        (tmp_path / name).mkdir()
        for number in range(2):
            picture(value=50 * number).save(tmp_path / name / f"{number}.png")
    (tmp_path / "cat" / "._0.png").write_bytes(b"resource fork")
    found = read(tmp_path, name="train")
    assert found.values.shape == (4, 3, 4, 6)
    assert found.values.dtype == np.uint8
    assert found.labels.tolist() == ["cat", "cat", "dog", "dog"]


def test_transparency_palettes_and_cmyk_become_colours_and_are_counted(tmp_path):
    clear = picture(mode="RGBA")
    clear.putalpha(0)
    clear.save(tmp_path / "a.png")
    picture(mode="P").save(tmp_path / "b.png")
    picture(mode="CMYK").save(tmp_path / "c.jpg")
    found = read(tmp_path, name="train")
    assert (found.values[0] == 255).all(), "rubbish under transparency is not seen"
    assert (np.abs(found.values[1].astype(int) - 100) <= 5).all()
    assert len(found.notes) == 2


def test_exif_turns_an_image(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    picture(size=(6, 4)).save(tmp_path / "a.jpg", exif=exif)
    picture(size=(4, 6)).save(tmp_path / "b.jpg")
    assert read(tmp_path, name="train").values.shape == (2, 3, 6, 4)


def sixteen_bits(path):
    Image.fromarray(np.full((4, 6), 40000, dtype=np.uint16)).save(path / "b.png")


def animated(path):
    picture().save(path / "b.gif", save_all=True, append_images=[picture(value=1), picture(value=9)])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: picture(size=(5, 5)).save(path / "b.png"), "b.png: is 5 x 5 pixels, a.png is 4 x 6"),
        (lambda path: (path / "b.png").write_bytes(b"no image"), "b.png: truncated, or not an image"),
        (sixteen_bits, "b.png: has more than 256 shades.*8 bits"),
        (animated, "b.gif: has 3 frames"),
    ],
)
def test_a_folder_with_a_wrong_image_names_it(tmp_path, make, message):
    picture().save(tmp_path / "a.png")
    make(tmp_path)
    with pytest.raises(AuditError, match=message):
        read(tmp_path, name="train")


def test_a_link_to_nothing_is_not_left_out_silently(tmp_path):
    picture().save(tmp_path / "a.png")
    (tmp_path / "b.png").symlink_to(tmp_path / "missing.png")
    with pytest.raises(AuditError, match=r"b.png: truncated, or not an image.*No such file"):
        read(tmp_path, name="train")


def test_an_empty_folder_and_one_level_too_high(tmp_path):
    with pytest.raises(AuditError, match="holds no image"):
        read(tmp_path, name="train")
    (tmp_path / "a" / "b").mkdir(parents=True)
    picture().save(tmp_path / "a" / "b" / "1.png")
    with pytest.raises(AuditError, match=r"holds sub-folders with images: give .*/a$"):
        read(tmp_path, name="train")


def saved_by_torch(path, content):
    import torch

    torch.save(content, path)


def objects(path):
    np.save(path, np.array([{"a": 1}, None], dtype=object), allow_pickle=True)


@pytest.mark.parametrize(
    ("name", "make", "message"),
    [
        ("x.npy", lambda path: None, "no such file"),
        ("x.txt", lambda path: path.write_text("1"), "ends in .npy"),
        ("x.npy", lambda path: path.write_bytes(b""), "is not a .npy file"),
        ("x.npy", lambda path: path.write_bytes(b"\x93NUMPY junk"), "cannot be read as .npy"),
        ("x.npz", lambda path: path.write_bytes(b"junk"), "cannot be read as .npz"),
        ("x.parquet", lambda path: path.write_bytes(b"junk"), "cannot be read as .parquet"),
        ("x.pt", lambda path: path.write_bytes(b"junk"), "cannot be read as .pt"),
        ("x.safetensors", lambda path: path.write_bytes(b"junk"), "cannot be read as .safetensors"),
        ("x.npy", objects, "Python objects"),
        ("x.npz", lambda path: np.savez(path, a=VALUES, b=VALUES), "holds a, b; name the array of items points"),
        ("x.npz", lambda path: np.savez(path), "holds nothing; name the array"),
        ("x.npz", lambda path: np.savez(path, np.array([{}, None])), "holds Python objects, which are not read"),
        (
            "x.pt",
            lambda path: saved_by_torch(path, {"state": {"w": 1}}),
            "holds state and no tensor of items; save one",
        ),
        ("x.pt", lambda path: saved_by_torch(path, [1, 2]), "holds a list and no tensor of items; save one"),
        ("x.pth", lambda path: saved_by_torch(path, AuditError("x")), "holds Python objects.*save a tensor"),
        ("x.npy", lambda path: np.save(path, np.array(["a", "b"])), "expected numbers"),
        ("x.npy", lambda path: np.save(path, VALUES[:1]), "at least two items"),
        ("x.npy", lambda path: np.save(path, VALUES[:, 0]), "expected a row for every item"),
        ("x.npy", lambda path: np.save(path, np.where(np.arange(60).reshape(20, 3) == 31, np.nan, VALUES)), "row 10"),
        ("x.npz", lambda path: np.savez(path, points=VALUES, labels=np.arange(3)), "give one per item"),
        ("x.csv", lambda path: path.write_text("a,b\n1,2\n"), "two rows are needed"),
        ("x.csv", lambda path: path.write_text("a;b\n0,1;2,5\n0,7;3,5\n"), "more values than its header has names"),
        ("x.csv", lambda path: path.write_text("a;b\n0.1;2.5\n0.7;3.5\n"), "separated by ';'"),
        ("x.csv", lambda path: path.write_text("a,b\n1,2,\n3,4,\n"), "end no row with a comma"),
        ("x.csv", lambda path: np.savetxt(path, VALUES, delimiter=","), "first line holds numbers"),
        ("x.csv", lambda path: path.write_text("3,1\n3,1\n2,5\n"), "first line holds numbers"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(tmp_path, name, make, message):
    make(tmp_path / name)
    with pytest.raises(AuditError, match=message) as caught:
        read(tmp_path / name, name="train")
    assert len(str(caught.value)) <= 300 + len(str(tmp_path))
    assert "\n" not in str(caught.value)


def test_columns_may_be_named_by_their_numbers(tmp_path):
    pd.DataFrame(VALUES).to_csv(tmp_path / "x.csv")
    frame = read(tmp_path / "x.csv", name="train").frame
    assert frame.columns.tolist() == ["0", "1", "2"]
    assert np.allclose(frame.to_numpy(), VALUES)


def test_channels_last_are_turned_and_other_widths_are_refused():
    rng = np.random.default_rng(0)
    train, test = rng.random((2, 300, 3, 4, 4))
    found = audit(train=train, test=test, generated=np.moveaxis(train[:50], 1, -1))
    assert found.samples["copy"].all()
    with pytest.raises(AuditError, match="items of different sizes"):
        audit(train=train, test=test[:, :2], generated=train)


def mixed(count, rng):
    """Age, an amount with missing values, a town, a date."""
    amount = rng.lognormal(10, 1, count)
    amount[rng.random(count) < 0.1] = np.nan
    dates = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 2000, count), unit="D")
    town = rng.choice(["Ulm", "Bonn", "Jena"], count)
    return pd.DataFrame({"age": rng.normal(40, 12, count), "amount": amount, "town": town, "since": dates})


def test_mixed_tables_are_compared_on_one_scale_with_columns_matched_by_name():
    rng = np.random.default_rng(0)
    train, test, new = (mixed(1500, rng) for _ in range(3))
    copies = pd.concat([train[:300], new[:1200]])[["town", "since", "age", "amount"]]
    found = audit(train=train, test=test, generated=copies)
    row = found.table[found.table["read"]].iloc[0]
    assert row["net_low"] < 0.2 < row["net_high"]
    assert audit(train=train, test=test, generated=new).table["net_low"].max() <= 0
    values = found.sets["train"].values
    assert values.shape[1] == 1 + 2 + 3 + 1
    assert np.std(values[:, 0]) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.drop(columns="age"), "generated.*lacks the column age"),
        (lambda table: table.assign(extra=1), "generated.*has the column extra"),
        (lambda table: table.assign(age="old"), "column age: holds different types"),
        (lambda table: table.assign(age=np.inf), "column age is infinite in row 0"),
        (lambda table: table[["age"]].to_numpy(), "train is a table and another set is not"),
    ],
)
def test_tables_that_do_not_fit_name_set_and_column(change, message):
    rng = np.random.default_rng(0)
    train, test, new = (mixed(100, rng) for _ in range(3))
    with pytest.raises(AuditError, match=message):
        audit(train=train, test=test, generated=change(new))
