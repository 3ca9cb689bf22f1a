"""Sets of items as they come, for an audit or a study: what was read, from where, and the error that this raises."""

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from diffmem.data.image_set import DataError


class AuditError(DataError):
    """Why these sets cannot be read or audited: one sentence with the set, the place and the remedy."""


@dataclass(frozen=True)
class Items:
    """One set: training, held-out or generated items.

    Attributes:
        name: train, test or generated.
        source: the file or folder it was read from, or "array".
        values: of shape (n, ...), numbers; empty for a table that is not encoded yet.
        frame: the table, where it was one.
        labels: class of every item, of shape (n,), if known.
        sha256: of the file, or of the names and files of a folder.
        notes: what was changed in reading, one sentence each.
    """

    name: str
    source: str
    values: np.ndarray
    frame: pd.DataFrame | None = None
    labels: np.ndarray | None = None
    sha256: str = ""
    notes: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.values if self.frame is None else self.frame)

    def flat(self, dtype: type[np.floating] = np.float64) -> np.ndarray:
        """The items as points (n, d); a file in memory that holds this ``dtype`` is not copied."""
        return np.asarray(self.values.reshape(len(self.values), -1), dtype=dtype)


def checked(items: Items) -> Items:
    """``items``, if they are a set of at least two items of finite numbers with one label each.

    Raises:
        AuditError: if not.
    """
    values, where = items.values, f"{items.name} ({items.source})"
    if values.dtype.kind not in "uifb":
        raise AuditError(f"{where}: holds values of type {values.dtype}; expected numbers")
    if values.ndim < 2:
        raise AuditError(f"{where}: has the shape {values.shape}; expected a row for every item, (items, features)")
    if len(values) < 2 or 0 in values.shape:
        raise AuditError(f"{where}: has the shape {values.shape}; an audit needs at least two items of each set")
    if values.dtype.kind == "f":
        finite = np.isfinite(values.reshape(len(values), -1)).all(1)
        if not finite.all():
            row = int(np.argmin(finite))
            count = int(np.count_nonzero(~finite))
            hold = f"{count} items hold NaN or infinite values, the first is row {row}; remove them"
            one = f"an item holds NaN or infinite values, row {row}; remove it"
            raise AuditError(f"{where}: {one if count == 1 else hold}")
    if items.labels is not None and items.labels.shape != (len(values),):
        raise AuditError(
            f"{where}: has {len(values)} items and labels of shape {items.labels.shape}; give one per item"
        )
    return items


def aligned(sets: dict[str, Items]) -> dict[str, Items]:
    """The sets with items of one shape: channels last becomes channels first where only that fits.

    Shapes may differ in axes of length 1. Flat items fit images of one channel.

    Raises:
        AuditError: if the items have different numbers of features, or an order that their shapes do not tell.
    """
    wanted = sets["train"].values.shape[1:]
    found = {}
    for name, items in sets.items():
        shape = items.values.shape[1:]
        if shape != wanted and len(shape) == len(wanted) == 3:
            for source, target in ((-1, 1), (1, -1)):
                if np.moveaxis(items.values, source, target).shape[1:] == wanted:
                    note = f"{name}: items of shape {shape} were turned to {wanted}, the shape of the training items"
                    items = replace(items, values=np.moveaxis(items.values, source, target), notes=(*items.notes, note))
                    break
        if np.prod(items.values.shape[1:]) != np.prod(wanted):
            shapes = ", ".join(f"{n} {i.values.shape[1:]}" for n, i in sets.items())
            raise AuditError(f"the sets have items of different sizes ({shapes}); give all in one format")
        one, other = ([side for side in s if side > 1] for s in (items.values.shape[1:], wanted))
        if one != other and sorted(map(len, (one, other))) != [1, 2]:
            raise AuditError(
                f"{name} ({items.source}): items of shape {shape} beside training items of shape {wanted} may hold "
                "their values in another order; save both with the same shape"
            )
        found[name] = items
    return found
