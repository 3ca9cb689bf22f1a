"""Mixed tables on one scale, the same for all sets.

Columns are matched by name. With mean and standard deviation of training and held-out rows together,

    numbers, dates      (x - mean) / sd; where values are missing, the mean, and a column that says so
    categories, text    one column per category, 1 / sqrt(2) for it and 0 for the others; a missing value is a category

so that two different categories are at distance 1, and two numbers one standard deviation apart, too. The scale does
not depend on the generated rows, and is symmetric in training and held-out ones.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from diffmem.data.items import AuditError, Items, checked

MOST_CATEGORIES = 1000


def encode(sets: dict[str, Items]) -> dict[str, Items]:
    """The sets, all of them tables, with ``values`` of shape (n, d) and the columns' names as notes.

    Raises:
        AuditError: if columns are missing from a set, or of another type in it.
    """
    frames = {name: items.frame for name, items in sets.items() if items.frame is not None}
    columns = list(frames["train"].columns)
    for name, frame in frames.items():
        if missing := [str(c) for c in columns if c not in frame]:
            raise AuditError(f"{name} ({sets[name].source}): lacks the column {missing[0]} of the training table")
        if extra := [str(c) for c in frame if c not in columns]:
            raise AuditError(f"{name} ({sets[name].source}): has the column {extra[0]}, which the training table lacks")
    parts: dict[str, list[np.ndarray]] = {name: [] for name in frames}
    for column in columns:
        series = {name: frame[column] for name, frame in frames.items()}
        for name, block in _column(column, series, sets).items():
            parts[name].append(block)
    return {name: checked(replace(sets[name], values=np.column_stack(parts[name]))) for name in sets}


def _column(column: str, series: dict[str, pd.Series], sets: dict[str, Items]) -> dict[str, np.ndarray]:
    kinds = {name: _kind(values) for name, values in series.items()}
    if len(set(kinds.values())) > 1:
        said = ", ".join(f"{name} {kind}" for name, kind in kinds.items())
        raise AuditError(f"column {column}: holds different types ({said}); give it one type in all sets")
    if kinds["train"] == "categories":
        return _categories(column, series)
    numbers = {name: _numbers(values) for name, values in series.items()}
    reference = np.concatenate([numbers[name] for name in numbers if name != "generated"])
    known = reference[np.isfinite(reference)]
    mean, sd = (known.mean(), known.std()) if len(known) else (0.0, 0.0)
    any_missing = any(np.isnan(values).any() for values in numbers.values())
    found = {}
    for name, values in numbers.items():
        if np.isinf(values).any():
            row = int(np.argmax(np.isinf(values)))
            raise AuditError(f"{name} ({sets[name].source}): column {column} is infinite in row {row}; remove the row")
        scaled = np.where(np.isnan(values), 0.0, (values - mean) / (sd if sd > 0 else 1.0))
        found[name] = np.column_stack([scaled, np.isnan(values) / np.sqrt(2)]) if any_missing else scaled[:, None]
    return found


def _categories(column: str, series: dict[str, pd.Series]) -> dict[str, np.ndarray]:
    texts = {name: values.astype("string").fillna("(missing)").to_numpy(dtype=str) for name, values in series.items()}
    known = np.unique(np.concatenate(list(texts.values())))
    if len(known) > MOST_CATEGORIES:
        raise AuditError(
            f"column {column}: has {len(known)} different texts; leave it out, or turn it into numbers (an embedding)"
        )
    return {name: (values[:, None] == known) / np.sqrt(2) for name, values in texts.items()}


def _kind(values: pd.Series) -> str:
    number = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    return "numbers" if number or pd.api.types.is_datetime64_any_dtype(values) else "categories"


def _numbers(values: pd.Series) -> np.ndarray:
    """Floats of shape (n,), dates in days; missing values are NaN."""
    if pd.api.types.is_datetime64_any_dtype(values):
        days = (pd.to_datetime(values, utc=True) - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)
        return days.to_numpy(dtype=float, na_value=np.nan)
    return values.astype("Float64").to_numpy(dtype=float, na_value=np.nan)
