"""Which of the named arrays of an archive are the items, and which their classes."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from diffmem.data.image_set import DataError

POINTS = ("points", "samples", "images", "data", "x", "arr_0")
LABELS = ("labels", "label", "y")
UNNAMED = ("arr_0", "arr_1")  # as numpy.savez(path, samples, classes) calls them


def items_of(arrays: Mapping[str, Any], *, where: str) -> tuple[Any, Any]:
    """The array of items, and that of their classes or None.

    Items are the array with one of the names ``POINTS``, or the only one. ``arrays`` may read them on demand.

    Raises:
        DataError: if there are several arrays and none has such a name; names them.
    """
    labels = next((arrays[key] for key in LABELS if key in arrays), None)
    keys = [key for key in arrays if key not in LABELS]
    chosen = next((key for key in POINTS if key in keys), keys[0] if len(keys) == 1 else None)
    if chosen is None:
        raise DataError(f"{where}: holds {', '.join(map(str, arrays)) or 'nothing'}; name the array of items points")
    items = arrays[chosen]
    if labels is None and chosen == UNNAMED[0] and UNNAMED[1] in keys:
        labels = _classes(arrays[UNNAMED[1]], items)
    return items, labels


def _classes(values: np.ndarray, items: np.ndarray) -> np.ndarray | None:
    """``values`` if they are one whole number per item, else None."""
    return values if values.dtype.kind in "ui" and values.shape == items.shape[:1] else None
