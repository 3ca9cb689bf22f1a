"""From what the user gives to sets of points: files or arrays, tables on one scale, and features of the items."""

import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from diffmem.auditing.checks import refuse_small
from diffmem.auditing.tables import encode
from diffmem.auditing.versions import Project
from diffmem.data.in_memory import from_values
from diffmem.data.items import AuditError, Items, aligned
from diffmem.data.read import read
from diffmem.own_code import OwnError, load_own


def given_sets(
    *, train: Any, test: Any, generated: Any, labels: dict[str, Any], accept: Sequence[str] = ()
) -> dict[str, Items]:
    """The sets that were given, as arrays or as files, in one order of columns and on one scale.

    Raises:
        AuditError: if one cannot be read, or the sets do not fit each other.
    """
    given = {"train": train, "test": test, "generated": generated}
    sets = {
        name: read(values, name=name)
        if isinstance(values, str | Path)
        else from_values(name, values, labels=labels.get(name))
        for name, values in given.items()
        if name != "test" or values is not None
    }
    tables = [name for name, items in sets.items() if items.frame is not None]
    if not tables:
        return refuse_small(aligned(sets), accept=accept)
    if len(tables) < len(sets):
        raise AuditError(f"{tables[0]} is a table and another set is not; give all sets as tables, or all as arrays")
    return encode(sets, accept=accept)


def features_of(
    sets: dict[str, Items], features: str | Callable[[np.ndarray], np.ndarray], *, compact: bool
) -> tuple[dict[str, np.ndarray], Project | None]:
    """Set -> its points (n, d) in the ``features``, and what computes them from flat items, None where they are these.

    Points are of float64, or raw ones of float32 if they are ``compact`` and float32 holds all values of all sets. If
    one set is float32, all are rounded to it, so that an item and its copy in another precision are equal.

    Raises:
        AuditError: if the features are unknown, or not finite numbers of that shape.
    """
    if isinstance(features, str) and ":" in features:
        features = _own(features) if ".py:" in features else _imported(features)
    if callable(features):
        return {name: _computed(features, items) for name, items in sets.items()}, None
    kinds = [items.values.dtype for items in sets.values()]
    rounded = np.dtype(np.float32) in kinds
    if features == "raw" and compact and (rounded or all(np.can_cast(kind, np.float32) for kind in kinds)):
        return {name: items.flat(np.float32) for name, items in sets.items()}, None
    given = np.float32 if rounded else np.float64
    flat = {name: items.flat(given).astype(np.float64, copy=False) for name, items in sets.items()}
    if features == "raw":
        return flat, None
    if features.startswith("pca-") and features[4:].isdigit():
        project = _components(flat, int(features[4:]))
        return {name: project(points) for name, points in flat.items()}, project
    raise AuditError(f"features = {features}: expected raw, pca-K such as pca-64, or a function, as my.py:features")


def _own(name: str) -> Callable[[np.ndarray], np.ndarray]:
    """The function FILE.py:NAME of the user."""
    try:
        return load_own(name)
    except OwnError as error:
        raise AuditError(f"features = {name}: {error}") from error


def _imported(name: str) -> Callable[[np.ndarray], np.ndarray]:
    """The function MODULE:NAME, of a module that is installed or lies in the working directory."""
    module, function = name.split(":", 1)
    sys.path.insert(0, str(Path.cwd()))
    try:
        return getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise AuditError(f"features = {name}: {error}; expected MODULE:FUNCTION that can be imported") from error


def _computed(function: Callable[[np.ndarray], np.ndarray], items: Items) -> np.ndarray:
    try:
        found = np.asarray(function(items.values), dtype=np.float64)
    except OwnError as error:
        raise AuditError(f"features of {items.name}: {error}") from error
    if found.ndim != 2 or len(found) != len(items) or not np.isfinite(found).all():
        raise AuditError(
            f"features of {items.name}: expected finite numbers of shape ({len(items)}, d), found {found.shape}"
        )
    return found


def _components(flat: dict[str, np.ndarray], count: int) -> Project:
    """Principal components of training and held-out items together, which treats both alike."""
    pooled = np.vstack([points for name, points in flat.items() if name != "generated"])
    most = min(pooled.shape)
    if not 1 <= count <= most:
        raise AuditError(f"features = pca-{count}: the sets have {most} components at most")
    centre = pooled.mean(0)
    axes = np.linalg.svd(pooled - centre, full_matrices=False)[2][:count]
    return lambda points: (points - centre) @ axes.T
