"""Mixed tables on one scale, the same for all sets.

Columns are matched by name. With mean and standard deviation of training and held-out rows together,

    numbers, dates      (x - mean) / sd; where values are missing, the mean, and a column that says so
    categories, text    one column per category, 1 / sqrt(2) for it and 0 for the others; a missing value is a category

so that two different categories are at distance 1, and two numbers one standard deviation apart, too. The scale does
not depend on the generated rows, and is symmetric in training and held-out ones. Text of the form 2026-05-01 is a date.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from diffmem.auditing.column_kinds import CATEGORIES, DATES, DURATIONS, NOTHING, NUMBERS, kind_of, numbers_in
from diffmem.data.items import AuditError, Items, checked

MOST_CATEGORIES = 1000
OTHER_UNITS = 20  # times the spread of a column in the training table, from which on its units differ
OTHER_WORDS = 0.05  # share of rows with known categories, below which a column is spelled in another way
MISSING = "(missing)"


def encode(sets: dict[str, Items], *, accept: Sequence[str] = ()) -> dict[str, Items]:
    """The sets, all of them tables, with ``values`` of shape (n, d).

    Raises:
        AuditError: if columns are missing from a set, twice in it, or of another type in it; if they are in other
            units, unless "far" is in ``accept``, or spelled in another way.
    """
    frames = {name: items.frame for name, items in sets.items() if items.frame is not None}
    columns = list(frames["train"].columns)
    for name, frame in frames.items():
        _refuse_columns(frame, columns, f"{name} ({sets[name].source})")
    parts: dict[str, list[np.ndarray]] = {name: [] for name in frames}
    for column in columns:
        series = {name: frame[column] for name, frame in frames.items()}
        for name, block in _column(column, series, sets, accept).items():
            parts[name].append(block)
    return {name: checked(replace(sets[name], values=np.column_stack(parts[name]))) for name in sets}


def _refuse_columns(frame: pd.DataFrame, columns: list, where: str) -> None:
    """Refuse a table whose columns are not the ``columns`` of the training table, once each."""
    if (twice := frame.columns.duplicated()).any():
        raise AuditError(
            f"{where}: has the column {frame.columns[twice][0]} more than once; rename or drop one of them"
        )
    if missing := [column for column in columns if column not in frame]:
        alike = [str(c) for c in frame if str(c).strip().lower() == str(missing[0]).strip().lower()]
        remedy = f"rename {alike[0]!r} to that" if alike else "add it, or leave it out of all sets"
        raise AuditError(f"{where}: lacks the column {missing[0]} of the training table; {remedy}")
    if extra := [column for column in frame if column not in columns]:
        raise AuditError(f"{where}: has the column {extra[0]}, which the training table lacks; leave it out")


def _column(
    column: str, series: dict[str, pd.Series], sets: dict[str, Items], accept: Sequence[str]
) -> dict[str, np.ndarray]:
    """Set -> block of shape (n, columns) for one column of the tables."""
    kinds = {name: kind_of(values) for name, values in series.items()}
    found = set(kinds.values()) - {NOTHING}
    if unknown := found - {NUMBERS, DATES, DURATIONS, CATEGORIES}:
        name = next(name for name, kind in kinds.items() if kind in unknown)
        example = str(series[name].dropna().iloc[0])[:30]
        raise AuditError(
            f"{name} ({sets[name].source}): column {column} holds values such as {example}, which cannot be compared; "
            "turn them into numbers, dates or text, or leave the column out of all sets"
        )
    if len(found) > 1:
        said = ", ".join(f"{name} {kind}" for name, kind in kinds.items())
        raise AuditError(f"column {column}: holds different types ({said}); give it one type in all sets")
    if found == {CATEGORIES}:
        return _categories(column, series)
    numbers = {name: _numbers(column, values, kinds[name], sets[name]) for name, values in series.items()}
    if "far" not in accept:
        _refuse_units(column, numbers)
    return _scaled(numbers)


def _refuse_units(column: str, numbers: dict[str, np.ndarray]) -> None:
    """Refuse a column whose spread differs by so much between two sets that its units do."""
    known = {name: values[np.isfinite(values)] for name, values in numbers.items()}
    spreads = {name: float(np.subtract(*np.quantile(v, [0.95, 0.05]))) for name, v in known.items() if len(v)}
    for name, spread in spreads.items():
        given = spreads.get("train", 0)
        if min(spread, given) > 0 and not 1 / OTHER_UNITS <= spread / given <= OTHER_UNITS:
            raise AuditError(
                f"{name}: column {column} has {spread / given:.2g} times the spread of the training table; bring both "
                "to the same units, or, if the samples are as bad as that, accept it with 'far' (--accept far)"
            )


def _numbers(column: str, values: pd.Series, kind: str, items: Items) -> np.ndarray:
    where = f"{items.name} ({items.source}): column {column}"
    try:
        numbers = numbers_in(values, kind)
    except (ValueError, TypeError) as error:
        reason = str(error).split("\n")[0][:120]
        raise AuditError(f"{where} cannot be read as {kind} ({reason}); correct it, or leave it out") from error
    if np.isinf(numbers).any():
        raise AuditError(f"{where} is infinite in row {int(np.argmax(np.isinf(numbers)))}; remove the row")
    return numbers


def _scaled(numbers: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Set -> standard scores (n, 1), or with a column that says which are missing, (n, 2)."""
    reference = np.concatenate([values for name, values in numbers.items() if name != "generated"])
    known = reference[np.isfinite(reference)]
    mean = known.mean() if len(known) else 0.0
    sd = known.std() if len(known) and np.ptp(known) > 0 else 1.0  # the std of equal numbers may be a rounding error
    any_missing = any(np.isnan(values).any() for values in numbers.values())
    found = {}
    for name, values in numbers.items():
        scaled = np.where(np.isnan(values), 0.0, (values - mean) / sd)
        found[name] = np.column_stack([scaled, np.isnan(values) / np.sqrt(2)]) if any_missing else scaled[:, None]
    return found


def _categories(column: str, series: dict[str, pd.Series]) -> dict[str, np.ndarray]:
    texts = {name: _texts(values) for name, values in series.items()}
    _refuse_spelling(column, texts)
    known = np.unique(np.concatenate(list(texts.values())))
    if len(known) > MOST_CATEGORIES:
        raise AuditError(
            f"column {column}: has {len(known)} different texts; leave it out, or turn it into numbers (an embedding)"
        )
    return {name: (values[:, None] == known) / np.sqrt(2) for name, values in texts.items()}


def _texts(values: pd.Series) -> np.ndarray:
    """Categories as text. Whole numbers in floats, as in a column with missing values, are written as whole numbers."""
    inside = values.dtype.categories if isinstance(values.dtype, pd.CategoricalDtype) else values
    if pd.api.types.is_float_dtype(inside) and (inside.dropna() % 1 == 0).all():
        values = values.astype("Float64").astype("Int64")
    return values.astype("string").fillna(MISSING).to_numpy(dtype=str)


def _refuse_spelling(column: str, texts: dict[str, np.ndarray]) -> None:
    """Refuse a column of categories that repeat in the training table and hardly occur in another set."""
    train = np.unique(texts["train"])
    if 2 * len(train) > len(texts["train"]):
        return  # names, of which nearly each occurs once
    for name, found in texts.items():
        given = found[found != MISSING]
        if len(given) and np.isin(given, train).mean() < OTHER_WORDS:
            raise AuditError(
                f"{name}: column {column} holds categories such as {given[0][:30]!r}, the training table others such "
                f"as {train[0][:30]!r}; spell them alike, or leave the column out of all sets"
            )
