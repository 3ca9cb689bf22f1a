"""A set that is already in memory: an array, a torch tensor, a table, or named arrays, as an audit takes them."""

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from diffmem.data.image_set import DataError
from diffmem.data.items import AuditError, Items, checked
from diffmem.data.named_arrays import items_of

CLASS = "label"  # column of a table that holds classes


def from_values(name: str, values: Any, *, labels: Any = None) -> Items:
    """The set called ``name``: an array, a tensor (on any device, with gradient, in bfloat16), a list of them, a table.

    Of named arrays, such as an open .npz, the one of items is chosen as in files.

    Raises:
        AuditError: if it holds no numbers.
    """
    if values is None:
        raise AuditError(f"{name}: is missing; give an array (items, ...), a table, or the path of a file or folder")
    if isinstance(values, pd.DataFrame):
        return from_table(name, values, source="table", labels=labels)
    if isinstance(values, Mapping):
        try:
            values, found = items_of(values, where=name)
        except DataError as error:
            raise AuditError(str(error)) from error
        labels = found if labels is None else labels
    array = _array(name, values)
    return checked(Items(name, "array", array, labels=None if labels is None else np.asarray(labels)))


def from_table(name: str, frame: pd.DataFrame, *, source: str, labels: Any = None, sha256: str = "") -> Items:
    """A table; a column ``label`` beside others holds classes, which ``labels`` that are given replace."""
    if CLASS in frame and frame.shape[1] > 1:
        labels, frame = (frame[CLASS].to_numpy() if labels is None else labels), frame.drop(columns=CLASS)
    labels = None if labels is None else np.asarray(labels)
    return Items(name, source, np.empty((0, 0)), frame=frame, labels=labels, sha256=sha256)


def _array(name: str, values: Any) -> np.ndarray:
    """An array of what is an array, a tensor, or a list of them.

    Raises:
        AuditError: if it is none.
    """
    if np.ma.is_masked(values):
        raise AuditError(f"{name}: has masked values; fill them in, or leave out their items")
    try:
        if isinstance(values, list | tuple):
            values = [_untracked(value) for value in values]
        array = np.asarray(_untracked(values))
    except Exception as error:  # torch and array libraries raise errors of their own
        reason = str(error).split("\n")[0][:120]
        raise AuditError(
            f"{name}: a {type(values).__name__} is no array of numbers ({reason}); give a dense array (items, ...)"
        ) from error
    if array.dtype == object and array.ndim == 0:
        raise AuditError(
            f"{name}: a {type(values).__name__} is no array; give an array (items, ...), a table or a path"
        )
    return array


def _untracked(values: Any) -> Any:
    """A tensor as an array, without gradient and in a type that NumPy has; anything else as it is."""
    torch = sys.modules.get("torch")  # who has a tensor has imported it
    if torch is None or not isinstance(values, torch.Tensor):
        return values
    values = values.detach().cpu()
    return (values.float() if values.is_floating_point() else values).numpy()
