"""The comparison of two runs notices each kind of difference, and none where only names or the order of rows differ."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

spec = importlib.util.spec_from_file_location("same", Path(__file__).parents[2] / "tools" / "same.py")
same = importlib.util.module_from_spec(spec)
spec.loader.exec_module(same)

TABLE = pd.DataFrame({"cell": ["a", "b", None], "n": [1, 2, 3], "value": [0.1, np.nan, 0.3]})


@pytest.fixture
def runs(tmp_path):
    """Two folders of the same artefacts: a table, a csv, an archive and an array of rows with fields."""
    for side in ("old", "new"):
        folder = tmp_path / side / "study"
        folder.mkdir(parents=True)
        TABLE.to_parquet(folder / "rates.parquet")
        TABLE.to_csv(folder / "claims.csv", index=False)
        np.savez(folder / "data.npz", train=np.arange(6.0).reshape(2, 3), label=np.array([0, 1]))
        np.save(
            folder / "generated.npy", np.array([(1, 0.5), (2, np.nan)], dtype=[("location", "i4"), ("distance", "f4")])
        )
        (tmp_path / side / "benchmarks").mkdir()
        TABLE.to_csv(tmp_path / side / "benchmarks" / "train.csv")
    return tmp_path / "old", tmp_path / "new"


def test_equal_runs_have_no_difference(runs):
    compared, differences = same.compare(*runs, renamed={})
    assert compared == ["study/claims.csv", "study/data.npz", "study/generated.npy", "study/rates.parquet"]
    assert differences == []


def test_rows_in_another_order_and_more_columns_are_no_difference(runs):
    TABLE.iloc[[2, 0, 1]].assign(headline=True).to_parquet(runs[1] / "study" / "rates.parquet")
    assert same.compare(*runs, renamed={})[1] == []


def test_renamed_files_columns_and_values_are_followed(runs):
    (runs[1] / "run").mkdir()
    (runs[1] / "study").rename(runs[1] / "run" / "study")
    table = TABLE.rename(columns={"cell": "arm"}).replace({"arm": {"a": "first"}})
    table.to_parquet(runs[1] / "run" / "study" / "rates.parquet")
    table.to_csv(runs[1] / "run" / "study" / "claims.csv", index=False)
    renamed = {"paths": [["^", "run/"]], "columns": {"cell": "arm"}, "values": {"arm": {"a": "first"}}}
    assert same.compare(*runs, renamed=renamed)[1] == []
    assert len(same.compare(*runs, renamed={"paths": [["^", "run/"]]})[1]) == 2


def test_parts_of_texts_are_replaced(runs):
    named = TABLE.assign(figure=["results/a.png", "results/b.png", None])
    named.to_parquet(runs[0] / "study" / "rates.parquet")
    named.assign(figure=["a.png", "b.png", None]).to_parquet(runs[1] / "study" / "rates.parquet")
    assert same.compare(*runs, renamed={"texts": {"figure": [["^results/", ""]]}})[1] == []
    assert len(same.compare(*runs, renamed={"texts": {"figure": [["^other/", ""]]}})[1]) == 1


def _smallest_change(folder):
    TABLE.assign(value=[np.nextafter(0.1, 1), np.nan, 0.3]).to_parquet(folder / "rates.parquet")


def _missing_value(folder):
    TABLE.assign(value=[0.1, 0.2, 0.3]).to_parquet(folder / "rates.parquet")


def _row_more(folder):
    pd.concat([TABLE, TABLE]).to_parquet(folder / "rates.parquet")


def _column_less(folder):
    TABLE.drop(columns="n").to_csv(folder / "claims.csv", index=False)


def _array_changed(folder):
    np.savez(folder / "data.npz", train=np.arange(1.0, 7.0).reshape(2, 3), label=np.array([0, 1]))


def _field_changed(folder):
    np.save(folder / "generated.npy", np.array([(1, 0.5), (3, np.nan)], dtype=[("location", "i4"), ("distance", "f4")]))


def _file_missing(folder):
    (folder / "claims.csv").unlink()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_smallest_change, "value: 1 of 3 values differ"),
        (_missing_value, "value: 1 of 3 values differ"),
        (_row_more, "has shape"),
        (_column_less, "lacks n"),
        (_array_changed, "train: 6 of 6 values differ"),
        (_field_changed, "array.location: 1 of 2 values differ"),
        (_file_missing, "is missing"),
    ],
)
def test_every_difference_is_one_sentence_that_names_it(runs, change, words):
    change(runs[1] / "study")
    _compared, differences = same.compare(*runs, renamed={})
    assert len(differences) == 1
    assert words in differences[0]
