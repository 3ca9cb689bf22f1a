"""Tables as people have them: each kind of column on one scale, or one sentence with set, column and remedy."""

import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from diffmem.auditing.audit import audit
from diffmem.auditing.column_kinds import CATEGORIES, kind_of
from diffmem.auditing.sets import given_sets
from diffmem.auditing.verdict import REFUSED
from diffmem.data.items import AuditError

SETS = ("train", "test", "generated")


def tables(count=60):
    rng = np.random.default_rng(0)
    return {
        name: pd.DataFrame(
            {
                "age": rng.normal(40, 12, count).round(2),
                "visits": rng.integers(0, 30, count),
                "town": rng.choice(["Ulm", "Bonn", "Jena"], count),
                "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 2000, count), unit="D"),
            }
        )
        for name in SETS
    }


def encoded(change=lambda table: table, only=SETS):
    sets = {name: change(table) if name in only else table for name, table in tables().items()}
    return {name: items.values for name, items in given_sets(**sets, labels={}).items()}


@pytest.mark.parametrize("only", [SETS, ("generated",)], ids=["all sets", "one set"])
@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.assign(visits=t.visits.astype("Int64"), age=t.age.astype("Float64")),
        lambda t: t.assign(visits=t.visits.astype(np.uint8), town=t.town.astype("string")),
        lambda t: t.assign(town=t.town.astype("category")),
        lambda t: t.assign(age=t.age.astype(object)),
        lambda t: t.assign(age=[Decimal(str(value)) for value in t.age]),
        lambda t: t.assign(since=t.since.dt.date),
        lambda t: t.assign(since=t.since.dt.strftime("%Y-%m-%d")),
        lambda t: t.assign(since=t.since.dt.tz_localize("UTC")),
        lambda t: t.assign(since=t.since.dt.to_period("D")),
        lambda t: t[["since", "town", "visits", "age"]],
    ],
    ids=[
        "nullable",
        "small",
        "categories",
        "objects",
        "decimals",
        "dates",
        "text",
        "zones",
        "periods",
        "order",
    ],
)
def test_the_same_values_in_another_type_are_the_same_points(change, only):
    order = list(change(tables()["train"]).columns) if "train" in only else list(tables()["train"].columns)
    plain = encoded(lambda table: table[order])
    for name, values in encoded(change, only).items():
        np.testing.assert_allclose(values, plain[name], atol=1e-9, err_msg=name)


def test_missing_values_have_a_column_of_their_own():
    def holes(table, column):
        return table.assign(**{column: table[column].where(table["age"] > 30)})

    width = encoded()["train"].shape[1]
    for column in ("visits", "since", "town"):
        found = encoded(lambda table, column=column: holes(table, column))
        assert found["train"].shape[1] == width + 1
        assert np.isfinite(found["train"]).all()
    assert encoded(lambda table: table.assign(age=None), ["generated"])["generated"].shape[1] == width + 1


def test_durations_are_numbers():
    found = encoded(lambda table: table.assign(since=table.since - pd.Timestamp("2020-01-01")))
    plain = encoded()
    np.testing.assert_allclose(found["train"], plain["train"])


def test_categories_of_whole_numbers_are_the_same_in_whole_numbers_and_in_floats():
    town = {"Ulm": 1, "Bonn": 2, "Jena": 3}
    plain = encoded(lambda t: t.assign(town=t.town.map(town).astype("category")))
    sets = {name: t.assign(town=t.town.map(town).astype("category")) for name, t in tables().items()}
    floats = sets["generated"].town.astype(float).astype("category")
    found = given_sets(**{**sets, "generated": sets["generated"].assign(town=floats)}, labels={})
    np.testing.assert_array_equal(found["generated"].values, plain["generated"])


def test_labels_that_are_given_replace_the_column_of_labels():
    sets = {name: table.assign(label="a") for name, table in tables().items()}
    found = given_sets(**sets, labels={"train": np.arange(60)})
    assert found["train"].labels.tolist() == list(range(60))
    np.testing.assert_allclose(found["train"].values, encoded()["train"])


def test_a_column_in_other_units_is_accepted_on_request():
    sets = tables()
    sets["generated"] = sets["generated"].assign(age=sets["generated"].age / 1000)
    assert given_sets(**sets, labels={}, accept=("far",))["generated"].values.shape == (60, 6)


@pytest.mark.parametrize("name", SETS[1:])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="age"), "lacks the column age of the training table; add it, or leave it out of all"),
        (lambda t: t.rename(columns={"age": " Age"}), "lacks the column age of the training table; rename ' Age' to"),
        (lambda t: t.assign(z=1), "has the column z, which the training table lacks; leave it out"),
        (lambda t: pd.concat([t, t[["age"]]], axis=1), "has the column age more than once; rename or drop one"),
        (lambda t: t.assign(age=[[1, 2]] * len(t)), r"column age holds values such as \[1, 2\].*; turn them into"),
        (lambda t: t.assign(age=t.age + 0j), "column age holds values such as .*, which cannot be compared"),
        (
            lambda t: t.assign(since="2020-02-31"),
            "column since cannot be read as dates .*; correct it, or leave it out",
        ),
        (lambda t: t.assign(age=t.age.where(t.age.index != 3, np.inf)), "column age is infinite in row 3; remove"),
        (
            lambda t: t.assign(age=t.age / 1000),
            "column age has 0.00.* times the spread .*; bring both to the same units",
        ),
        (
            lambda t: t.assign(town=t.town.str.upper()),
            "column town holds categories such as '[A-Z]+', .* 'Bonn'; spell",
        ),
    ],
)
def test_what_does_not_fit_names_set_and_column(name, change, message):
    with pytest.raises(AuditError, match=rf"^{name}( \(table\))?: {message}"):
        encoded(change, [name])


@pytest.mark.parametrize("wrong", ["old", datetime.date(2020, 1, 1), True])
def test_columns_of_different_types_say_which(wrong):
    words = r"column age: holds different types \(train numbers, test numbers, generated (categories|dates)\); give it"
    with pytest.raises(AuditError, match=words):
        encoded(lambda table: table.assign(age=wrong), ["generated"])


def test_row_numbers_that_pandas_wrote_into_a_file_are_no_column(tmp_path):
    sets = tables()
    for name, table in sets.items():
        table.to_csv(tmp_path / f"{name}.csv")
    found = given_sets(**{name: str(tmp_path / f"{name}.csv") for name in SETS}, labels={})
    for name, values in encoded().items():
        np.testing.assert_allclose(found[name].values, values, atol=1e-9)


@pytest.mark.parametrize(("ages", "least"), [(60, 10), (6, 70)], ids=["in years", "in tens"])
def test_coarse_tables_of_which_a_tenth_coincides_get_no_number(ages, least):
    rng = np.random.default_rng(0)

    def rows(count):
        words = {"a": 5, "b": 4, "c": 3}
        columns = {name: rng.choice(list("abcde")[:kinds], count) for name, kinds in words.items()}
        return pd.DataFrame({**columns, "age": rng.integers(0, ages, count)})

    train, test = rows(600), rows(600)
    generated = pd.concat([train.sample(120, random_state=0), rows(280)])
    found = audit(train=train, test=test, generated=generated, permutations=20)
    assert found.copying.word == REFUSED
    assert "held-out items are training items as well" in found.copying.sentence
    share = int(found.copying.sentence.split(": ")[1].split(" %")[0])
    assert share >= least
    assert any("they are left out of both" in warning for warning in found.warnings)


@pytest.mark.parametrize("texts", [["1,234", "987"], ["1,5", "2,25"], ["12 %", "7 %"], ["$3.50", "$12"], ["1 234"]])
def test_numbers_written_as_text_are_no_categories(texts):
    """Categories are 1 apart wherever they differ, so that copies with a little noise would be far away."""
    assert kind_of(pd.Series(texts * 3)) == "numbers as text"


@pytest.mark.parametrize(
    "texts", [["01234", "99"], ["a", "1,5"], ["1.2.3", "2.0.1"], ["10-20", "20-30"], ["1 234,", "1.5"]]
)
def test_codes_and_words_are_categories(texts):
    assert kind_of(pd.Series(texts * 3)) == CATEGORIES
