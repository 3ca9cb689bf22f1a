"""What a column of a table holds, and its values as numbers: numbers, dates and durations in days."""

from collections.abc import Callable

import numpy as np
import pandas as pd

NUMBERS, DATES, DURATIONS, CATEGORIES, NOTHING = "numbers", "dates", "durations", "categories", "nothing"
# what pandas infers of a column of Python objects or text
INFERRED = {
    **dict.fromkeys(("integer", "floating", "mixed-integer-float", "decimal"), NUMBERS),
    **dict.fromkeys(("datetime", "datetime64", "date"), DATES),
    **dict.fromkeys(("timedelta", "timedelta64"), DURATIONS),
    **dict.fromkeys(("boolean", "string", "categorical", "mixed-integer", "interval", "time"), CATEGORIES),
    "empty": NOTHING,
}
ISO = r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?"  # a date written as text
# numbers written as text: thousands, decimal commas, percent, currencies
SPELLED = r"[$€£]?[-+]?(?:\d{1,3}(?:[,'’\s]\d{3})+(?:\.\d+)?|\d+,\d+|\d+(?:\.\d+)?)\s?[%$€£]?"
DAY = pd.Timedelta(days=1)


def kind_of(values: pd.Series) -> str:
    """One of the constants, or pandas' name of a type that cannot be compared, such as mixed (lists, for example).

    ``NOTHING`` is a column whose values are all missing, which fits every kind.
    """
    types = pd.api.types
    if values.isna().all():
        return NOTHING
    if types.is_complex_dtype(values):
        return "complex numbers"
    if types.is_numeric_dtype(values) and not types.is_bool_dtype(values):
        return NUMBERS
    if types.is_datetime64_any_dtype(values) or isinstance(values.dtype, pd.PeriodDtype):
        return DATES
    if types.is_timedelta64_dtype(values):
        return DURATIONS
    inferred = types.infer_dtype(values, skipna=True)
    if inferred == "string" and values.dropna().astype("string").str.fullmatch(ISO).all():
        return DATES
    if inferred == "string" and _spelled(values.dropna().astype("string")):
        return "numbers as text"
    return INFERRED.get(inferred, inferred)


def _spelled(texts: pd.Series) -> bool:
    """Whether all texts are numbers, and not all of them digits alone, as codes are."""
    return bool(texts.str.fullmatch(SPELLED).all() and not texts.str.fullmatch(r"\d+").all())


def numbers_in(values: pd.Series, kind: str) -> np.ndarray:
    """Floats of shape (n,) of a column of numbers, dates or durations, the latter two in days; missing ones are NaN.

    Raises:
        ValueError: if a text or object is no such date or number.
    """
    return _CONVERTED[kind](values)


def _numbers(values: pd.Series) -> np.ndarray:
    if values.dtype == object:
        values = values.map(float, na_action="ignore")
    return values.astype("Float64").to_numpy(dtype=float, na_value=np.nan)


def _dates(values: pd.Series) -> np.ndarray:
    if isinstance(values.dtype, pd.PeriodDtype):
        values = values.dt.to_timestamp()
    elif not pd.api.types.is_datetime64_any_dtype(values):
        values = values.astype(object)
    days = (pd.to_datetime(values, utc=True, format="ISO8601") - pd.Timestamp(0, tz="UTC")) / DAY
    return days.to_numpy(dtype=float, na_value=np.nan)


def _durations(values: pd.Series) -> np.ndarray:
    return (pd.to_timedelta(values) / DAY).to_numpy(dtype=float, na_value=np.nan)


_CONVERTED: dict[str, Callable[[pd.Series], np.ndarray]] = {
    NUMBERS: _numbers,
    DATES: _dates,
    DURATIONS: _durations,
    NOTHING: lambda values: np.full(len(values), np.nan),
}
