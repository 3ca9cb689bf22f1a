"""Columns of a table as numbers, for studies, which train on numbers only. The audit compares all kinds of columns."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from diffmem.data.image_set import DataError


def numbers_of(table: pd.DataFrame, *, where: str) -> np.ndarray:
    """The values of shape (rows, columns), of one numeric type.

    Raises:
        DataError: if a column holds something else, or lacks a value where its type has no NaN; names the column.
    """
    types = {values.dtype for _, values in table.items()}
    if all(isinstance(kind, np.dtype) and kind.kind in "uif" for kind in types):
        return table.to_numpy()
    columns = [_numbers(values, f"{where}: column {name}") for name, values in table.items()]
    return np.column_stack(columns) if columns else table.to_numpy()


def whole_numbers(values: pd.Series, *, where: str) -> np.ndarray:
    """A column of classes, one whole number per row.

    Raises:
        DataError: if it holds something else.
    """
    if not pd.api.types.is_integer_dtype(values) or values.isna().any():
        raise DataError(f"{where}: column {values.name} holds {_held(values)}; expected a whole number for every row")
    return values.to_numpy(dtype=np.int64)


def refuse_other_columns(path: str, *, train: str) -> None:
    """Refuse a table whose columns are not those of the ``train`` table in their order; arrays have no names.

    Raises:
        DataError: if so.
    """
    ours, theirs = _names(train), _names(path)
    if ours and theirs and ours != theirs:
        found, expected = (", ".join(names[:6]) + (", ..." if len(names) > 6 else "") for names in (theirs, ours))
        raise DataError(f"{path}: has the columns {found}, {train} has {expected}; write the same in one order")


@cache  # the training table is compared with every snapshot
def _names(path: str) -> list[str]:
    """Names of the columns of a table, without that of classes and row numbers; none of what is no table."""
    suffix = Path(path).suffix.lower()
    if suffix not in (".parquet", ".csv"):
        return []
    columns = (pd.read_parquet(path) if suffix == ".parquet" else pd.read_csv(path, nrows=1)).columns
    return [name for name in map(str, columns) if name != "label" and not name.startswith("Unnamed: ")]


def _numbers(values: pd.Series, where: str) -> np.ndarray:
    if pd.api.types.is_complex_dtype(values) or not pd.api.types.is_numeric_dtype(values):
        raise DataError(f"{where} holds {_held(values)}; turn it into numbers, or leave it out")
    if not isinstance(values.dtype, np.dtype) and values.isna().any():
        raise DataError(
            f"{where} lacks a value in row {int(values.isna().to_numpy().argmax())}; fill it in, or leave out the row"
        )
    return values.to_numpy(dtype=float)


def _held(values: pd.Series) -> str:
    """What a column holds, in a word, with an example."""
    if pd.api.types.is_datetime64_any_dtype(values):
        return "dates"
    known = values.dropna()
    example = f", such as {str(known.iloc[0])[:30]!r}" if len(known) else ""
    return f"{'categories' if isinstance(values.dtype, pd.CategoricalDtype) else 'no numbers'}{example}"
