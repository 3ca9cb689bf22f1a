"""Samples that the user's own training saved."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from diffmem.data.image_set import DataError
from diffmem.data.saved import collected, from_files, from_function
from diffmem.own_code import OwnError

RNG = np.random.default_rng(0)
TRAIN = RNG.uniform(-1, 1, (40, 16))


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def taken(snapshots, count=None, point=(1, 4, 4)):
    generators = [np.random.default_rng(i) for i in range(len(snapshots))]
    return collected(snapshots, point=point, train=TRAIN, count=count, generators=generators)


def test_files_are_ordered_by_their_numbers_and_every_run_has_its_own(here):
    for run in (0, 1):
        for epoch in (2, 10, 100):
            np.save(here / f"run-{run}-epoch-{epoch}.npy", np.full((3, 16), -run - epoch / 1000))
    np.save(here / "run-0-epoch-last.npy", np.zeros((3, 16)))
    snapshots = from_files(1, path="run-{replicate}-epoch-{epoch}.npy")
    assert [snapshot.number for snapshot in snapshots] == [2, 10, 100]
    np.testing.assert_allclose(taken(snapshots)[:, 0, 0], [-1.002, -1.01, -1.1], rtol=1e-6)


def test_images_tables_and_arrays_of_bytes_are_read_alike(here):
    import torch

    pixels = RNG.integers(0, 256, (5, 4, 4), dtype=np.uint8)
    for epoch in (1, 2):
        (here / f"images-{epoch}").mkdir()
        for i, image in enumerate(pixels if epoch == 1 else pixels[::-1]):
            Image.fromarray(image).save(here / f"images-{epoch}/{i}.png")
        ordered = pixels if epoch == 1 else pixels[::-1]
        np.save(here / f"bytes-{epoch}.npy", ordered)
        pd.DataFrame(ordered.reshape(5, 16)).rename(columns=str).to_parquet(here / f"byte-table-{epoch}.parquet")
        floats = (ordered / 127.5 - 1).astype(np.float32)
        torch.save(torch.from_numpy(floats.copy()), here / f"tensor-{epoch}.pt")
        np.savez(here / f"archive-{epoch}.npz", samples=floats)
        pd.DataFrame(floats.reshape(5, 16)).rename(columns=str).to_parquet(here / f"table-{epoch}.parquet")
    arrays = ("bytes-{epoch}.npy", "tensor-{epoch}.pt", "archive-{epoch}.npz")
    paths = ("images-{epoch}", *arrays, "table-{epoch}.parquet", "byte-table-{epoch}.parquet")
    expected = np.stack([pixels, pixels[::-1]]).reshape(2, 5, 16) / 127.5 - 1
    for path in paths:
        np.testing.assert_allclose(taken(from_files(0, path=path)), expected, atol=1e-6, err_msg=path)


def test_a_column_without_numbers_in_saved_samples_is_named(here):
    for epoch in (1, 2):
        pd.DataFrame({"x": [1.0, 2.0], "town": ["Ulm", "Bonn"]}).to_parquet(here / f"table-{epoch}.parquet")
    with pytest.raises(DataError, match=r"table-1.parquet: column town holds no numbers, such as 'Ulm'"):
        taken(from_files(0, path="table-{epoch}.parquet"), point=(2,))


def test_a_function_draws_at_every_epoch(here):
    (here / "my_model.py").write_text(
        "def sample(n, snapshot, generator):\n    return generator.normal(size=(n, 16)) / (1 + snapshot)\n"
    )
    found = taken(from_function(0, module="my_model.py:sample", epochs=(0, 9)), count=500)
    np.testing.assert_allclose(found.std((1, 2)), [1, 0.1], rtol=0.05)


def test_a_function_that_returns_other_points_is_refused_with_line_and_snapshot(here):
    (here / "my_model.py").write_text("\ndef sample(n, s, generator):\n    return generator.normal(size=(n, 9)) + s\n")
    words = r"^my_model.py, line 2, at snapshot 3: returned the shape \(20, 9\)"
    with pytest.raises(OwnError, match=words):
        taken(from_function(0, module="my_model.py:sample", epochs=(3, 4)), count=20)


@pytest.mark.parametrize("names", [[], ["epoch-1.npy"], ["epoch-x.npy", "epoch-y.npy"]])
def test_a_pattern_that_matches_less_than_two_files_is_refused(here, names):
    for name in names:
        np.save(here / name, np.zeros((3, 16)))
    with pytest.raises(DataError, match=r"samples = epoch-\{epoch\}.npy: matches (no file|only epoch-1.npy)"):
        from_files(0, path="epoch-{epoch}.npy")


def test_two_files_of_one_number_are_refused(here):
    for name in ("epoch-1.npy", "epoch-5.npy", "epoch-05.npy"):
        np.save(here / name, np.zeros((3, 16)))
    with pytest.raises(DataError, match=r"epoch-0?5.npy and epoch-0?5.npy have one number"):
        from_files(0, path="epoch-{epoch}.npy")


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (RNG.normal(size=(9, 16)), "holds 9 samples, epoch-1.npy 8; save as many"),
        (RNG.normal(size=(8, 15)), r"one point has the shape \(15,\), but data.size says \(1, 4, 4\)"),
        (None, "holds the same samples as epoch-1.npy"),
        (RNG.uniform(0, 1, (8, 16)), "samples lie from 0.* to .*, training points from -.*; bring both"),
        (RNG.uniform(-0.01, 1, (8, 16)), "samples lie from -.*; bring both"),
        (RNG.uniform(0, 255, (8, 16)), "bring both to the same units"),
        (RNG.uniform(-0.004, 0.004, (8, 16)), "bring both to the same units"),
        (np.full((8, 16), np.nan), "NaN"),
    ],
)
def test_snapshots_that_do_not_fit_each_other_are_refused(here, second, words):
    first = RNG.normal(size=(8, 16))
    np.save(here / "epoch-1.npy", first)
    np.save(here / "epoch-2.npy", first if second is None else second)
    with pytest.raises(DataError, match=words) as caught:
        taken(from_files(0, path="epoch-{epoch}.npy"))
    assert "epoch-2.npy" in str(caught.value)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("return generator.normal(size=(n, 16))", "line 2: returns the same samples at snapshot 0 and 9"),
        ("import torch; return torch.randn(n, 16)", "line 2: returns the same samples at snapshot 0 and 9"),
        ("return [snapshot] * n", "line 2, at snapshot 0: returned a list; must return an array"),
        ("return None if snapshot else 0", "line 2, at snapshot 0: returned a int; must return an array"),
        ("return generator.normal(size=(n, 16)) * (float('nan') if snapshot else 1)", "NaN or infinite"),
        ("import sys; sys.exit(3)", "line 2: raised SystemExit: 3"),
    ],
)
def test_a_function_that_is_no_sampler_is_refused_with_its_line(here, source, words):
    body = source.replace("; ", "\n    ")
    (here / "my_model.py").write_text(f"# mine\ndef sample(n, snapshot, generator):\n    {body}\n")
    with pytest.raises(OwnError) as refused:
        taken(from_function(0, module="my_model.py:sample", epochs=(0, 9)), count=20)
    assert str(refused.value).startswith("my_model.py, line ")
    assert words.removeprefix("line 2: raised") in str(refused.value)


def test_a_function_with_too_few_parameters_is_refused_with_its_line(here):
    (here / "my_model.py").write_text("\n\ndef sample(n, snapshot):\n    return n\n")
    with pytest.raises(OwnError, match=r"^my_model.py, line 3: raised TypeError: sample\(\) takes 2 positional"):
        from_function(0, module="my_model.py:sample", epochs=(0, 9))


def test_what_is_no_function_is_refused_with_its_line(here):
    (here / "my_model.py").write_text("\nsample = 3\n")
    with pytest.raises(OwnError, match=r"^my_model.py, line 2: sample is a int; must be a function or class"):
        from_function(0, module="my_model.py:sample", epochs=(0, 9))


def test_a_function_of_torch_can_be_repeated_and_may_return_half_precision(here):
    (here / "my_model.py").write_text(
        "import torch\ndef sample(n, snapshot, generator):\n"
        "    return (torch.randn(n, 16) / (1 + snapshot)).bfloat16().requires_grad_()\n"
    )
    one, other = (taken(from_function(0, module="my_model.py:sample", epochs=(0, 9)), count=20) for _ in range(2))
    assert np.array_equal(one, other)
    assert one.std((1, 2))[0] > 5 * one.std((1, 2))[1]


def test_a_function_is_one_run_unless_it_takes_the_number_of_the_run(here):
    (here / "my_model.py").write_text(
        "def sample(n, snapshot, generator):\n    return generator.normal(size=(n, 16)) / (1 + snapshot)\n"
    )
    with pytest.raises(OwnError, match=r"line 1: is one training run, .*; write replicates: 1, or add it"):
        from_function(1, module="my_model.py:sample", epochs=(0, 9))
    (here / "my_model.py").write_text(
        "import numpy as np\ndef sample(n, snapshot, generator, replicate):\n"
        "    return np.full((n, 16), 0.1 * replicate - snapshot)\n"
    )
    for replicate in (0, 3):
        found = taken(from_function(replicate, module="my_model.py:sample", epochs=(0, 9)), count=4)
        assert found[0, 0, 0] == pytest.approx(0.1 * replicate)


def test_centred_samples_of_points_that_are_not_negative_are_refused_at_the_last_snapshot(here):
    train = RNG.uniform(0, 1, (30, 16))
    for name, scale in {"1": 3.0, "2": 1.0}.items():
        np.save(here / f"epoch-{name}.npy", RNG.uniform(-scale, scale, (8, 16)))
    with pytest.raises(DataError, match=r"epoch-2.npy: samples lie from -.*; bring both to the same units"):
        collected(
            from_files(0, path="epoch-{epoch}.npy"),
            point=(1, 4, 4),
            train=train,
            count=None,
            generators=[np.random.default_rng(0)] * 2,
        )
