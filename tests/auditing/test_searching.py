"""Searches of an audit: float32 files as float64 arrays, approximate searches with their recall, and how far it is."""

import json
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from diffmem.auditing.audit import audit
from diffmem.auditing.command import app
from diffmem.auditing.searching import Searches, backend_of, pairs_of, recall_table
from diffmem.auditing.sets import features_of, given_sets
from diffmem.data.items import AuditError
from diffmem.neighbours.index import Index


def sets(train=600, test=300, generated=200, *, features=12, copies=60, dtype=np.float32, seed=0):
    """Normal points, of which the first samples are training items with a little noise."""
    rng = np.random.default_rng(seed)
    made = [rng.standard_normal((n, features)).astype(dtype) for n in (train, test, generated)]
    made[2][:copies] = made[0][:copies] + dtype(0.01) * rng.standard_normal((copies, features)).astype(dtype)
    return dict(zip(("train", "test", "generated"), made, strict=True))


def saved(given, folder):
    for name, points in given.items():
        np.save(folder / f"{name}.npy", points)
    return {name: str(folder / f"{name}.npy") for name in given}


@pytest.mark.parametrize("features", [3, 12, 600])
def test_files_in_float32_give_the_numbers_of_arrays_in_float64(tmp_path, features):
    given = sets(features=features)
    mapped = audit(**saved(given, tmp_path))
    whole = audit(**{name: points.astype(np.float64) for name, points in given.items()})
    for name in ("table", "samples", "training", "criteria"):
        pd.testing.assert_frame_equal(getattr(mapped, name), getattr(whole, name), check_exact=True)
    assert np.array_equal(mapped.null, whole.null)
    assert mapped.exchangeability_p == whole.exchangeability_p
    assert mapped.membership == whole.membership


def test_files_in_float32_are_mapped_and_not_copied(tmp_path):
    read = given_sets(**saved(sets(), tmp_path), labels={})
    points, _ = features_of(read, "raw", compact=True)
    assert all(p.dtype == np.float32 and np.shares_memory(p, read[name].values) for name, p in points.items())
    fine = given_sets(**sets(dtype=np.float64), labels={})
    for given, name in ((fine, "float64"), (read | {"generated": fine["generated"]}, "float32")):
        assert {p.dtype.name for p in features_of(given, "raw", compact=True)[0].values()} == {name}
    assert {p.dtype.name for p in features_of(read, "raw", compact=False)[0].values()} == {"float64"}


def test_memory_is_a_few_times_that_of_the_files(tmp_path):
    """In float64 the three sets alone would take twice the memory of the files, and each search a copy more."""
    files = saved(sets(2500, 500, 2500, features=1500), tmp_path)
    audit(**saved(sets(), tmp_path / ".."), permutations=20)  # libraries are loaded
    size = 4 * 1500 * 5500
    tracemalloc.start()
    audit(**files, permutations=20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3.5 * size + 50e6


def test_searches_of_all_kinds_are_named_and_others_refused():
    assert backend_of("exact") is Index
    for name, expected in {"ivf": "16 of", "ivf-5": "5 of", "hnsw": "breadth 64", "hnsw-99": "breadth 99"}.items():
        assert expected in backend_of(name)(np.random.default_rng(0).random((900, 3))).backend.name
    for name in ("flat", "ivf-", "ivf-0", "hnsw-x", "exact-3", ""):
        with pytest.raises(AuditError, match="index = "):
            backend_of(name)
    with pytest.raises(AuditError, match="goes without augment"):
        audit(**sets(), index="ivf", augment="mirror")


def test_an_approximate_audit_that_misses_nothing_is_the_exact_one():
    given = sets()
    exact, approximate = audit(**given), audit(**given, index="ivf-1000")
    pd.testing.assert_frame_equal(exact.table, approximate.table)
    pd.testing.assert_frame_equal(exact.samples, approximate.samples)
    assert exact.recall.empty
    assert (approximate.recall[["nearest", "all"]] == 1).all(axis=None)
    assert approximate.recall["of"].tolist() == ["training items", "held-out items", "items of both sets", "samples"]


def test_the_recall_of_a_narrow_search_is_that_of_brute_force():
    given = sets(generated=200)
    search = Searches(backend_of("ivf-1"), total=10, worked=lambda _: None, seed=0, step=64)
    found = search("training items")(given["train"]).nearest(given["generated"], 5)
    exact = Index(given["train"]).nearest(given["generated"], 5)
    (row,) = recall_table(search).to_dict("records")
    shared = [len({*a} & {*b}) for a, b in zip(found.location, exact.location, strict=True)]
    assert (row["queries"], row["neighbours"]) == (200, 5)
    assert row["all"] == pytest.approx(np.mean(shared) / 5)
    assert row["nearest"] == pytest.approx(np.mean(found.location[:, 0] == exact.location[:, 0]))
    assert row["all"] < 0.9


def test_recall_is_written_and_said(tmp_path):
    files = [word for name, path in saved(sets(), tmp_path).items() for word in (f"--{name}", path)]
    result = CliRunner().invoke(app, ["audit", *files, "--index", "ivf-2", "--out", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    record = json.loads((tmp_path / "out/audit.json").read_text())
    assert [row["of"] for row in record["recall"]][:2] == ["training items", "held-out items"]
    assert any("Neighbours were searched by ivf-2" in warning for warning in record["warnings"])
    page = (tmp_path / "out/audit.html").read_text()
    assert "--index ivf-2" in page
    assert "nearest found" in page


@pytest.mark.parametrize("sizes", [(600, 300, 200), (300, 300, 200)])
def test_the_share_of_the_search_rises_to_one(sizes):
    shares = []
    audit(**sets(*sizes), worked=shares.append)
    assert np.all(np.diff(shares) > 0)
    assert 0.7 < shares[-1] <= 1
    train, test, generated = sizes
    assert pairs_of(train=train, test=test, generated=generated) > generated * (train + test)


def test_steps_change_no_neighbour():
    given = sets()
    done = []
    search = Searches(Index, total=600 * 200, worked=done.append, seed=0, step=33)
    found = search("x")(given["train"]).nearest(given["generated"], 3)
    whole = Index(given["train"]).nearest(given["generated"], 3)
    assert np.array_equal(found.distance, whole.distance)
    assert np.array_equal(found.location, whole.location)
    assert len(done) == 7
    assert done[-1] == 1
    assert recall_table(search).empty
