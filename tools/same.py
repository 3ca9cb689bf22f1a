"""Compare the artefacts of two runs value by value: do two versions of the code give the same numbers?

    python tools/same.py OLD NEW [--renamed tools/renamed.yaml]

OLD and NEW are folders of results. Every table (parquet, csv) and array (npz, npy) of OLD is looked up in NEW and must
hold the same columns and values, missing ones included. Rows may stand in another order. Columns that NEW adds are
counted, not refused. Costs (``benchmarks``) and logs are left out, since they hold times.

``--renamed`` names a YAML file that says what is called differently in NEW:

    paths:   [[regular expression, replacement], ...]   applied in turn to the path of an old file within its folder
    columns: {old: new}                                 of every table, and arrays of every npz
    values:  {new column: {old: new}}
    texts:   {new column: [[regular expression, replacement], ...]}   applied in turn to old values
    dropped: [regular expression, ...]                  old files, ``FILE`` or ``FILE:COLUMN``, without a counterpart

Exits with 1 if anything differs.
"""

import argparse
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

KINDS = (".parquet", ".csv", ".npz", ".npy")
TIMED = re.compile(r"(^|/)(benchmarks|logs|bench)(/|$)")


def compare(old: Path, new: Path, *, renamed: dict) -> tuple[list[str], list[str]]:
    """Paths of the old artefacts that were compared, and one sentence for each difference."""
    compared, differences = [], []
    for path in sorted(old.rglob("*")):
        name = path.relative_to(old).as_posix()
        if path.suffix not in KINDS or TIMED.search(name):
            continue
        target = new / _renamed(name, renamed.get("paths", []))
        if any(re.search(pattern, name) for pattern in renamed.get("dropped", [])):
            continue
        compared.append(name)
        if not target.is_file():
            differences.append(f"{name}: {target.relative_to(new)} is missing")
        elif problem := _difference(read(path), read(target), name, renamed):
            differences.append(f"{name}: {problem}")
    return compared, differences


def read(path: Path) -> dict[str, np.ndarray]:
    """Columns of a table or members of an archive by name; a single array is called ``array``."""
    if path.suffix == ".npy":
        return {"array": np.load(path, mmap_mode="r")}
    if path.suffix == ".npz":
        with np.load(path) as archive:
            return dict(archive)
    table = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    return {str(name): table[name].to_numpy() for name in table}


def _renamed(name: str, rules: list[list[str]]) -> str:
    for pattern, replacement in rules:
        name = re.sub(pattern, replacement, name)
    return name


def _difference(old: dict, new: dict, name: str, renamed: dict) -> str | None:
    """The first difference between two sets of arrays, or None."""
    dropped, values, texts = (renamed.get(key, {}) for key in ("dropped", "values", "texts"))
    columns = {key: renamed.get("columns", {}).get(key, key) for key in old}
    columns = {key: to for key, to in columns.items() if not any(re.search(p, f"{name}:{key}") for p in dropped)}
    if missing := [to for to in columns.values() if to not in new]:
        return f"lacks {', '.join(missing)}"
    before = {to: _mapped(old[key], values.get(to, {}), texts.get(to, [])) for key, to in columns.items()}
    after = {to: new[to] for to in before}
    if all(_equal(before[key], after[key]) for key in before):
        return None
    for key, array in before.items():
        if array.shape != after[key].shape:
            return f"{key} has shape {after[key].shape} and had {array.shape}"
    if name.endswith((".parquet", ".csv")):  # rows may stand in another order
        before, after = _ordered(before), _ordered(after)
    wrong = next((key for key in before if not _equal(before[key], after[key])), None)
    return None if wrong is None else _worst(before[wrong], after[wrong], wrong)


def _mapped(array: np.ndarray, values: dict, texts: list[list[str]]) -> np.ndarray:
    if not values and not texts:
        return array
    mapped = (values.get(value, value) for value in array)
    return np.array([_renamed(value, texts) if isinstance(value, str) else value for value in mapped], dtype=object)


def _equal(one: np.ndarray, other: np.ndarray) -> bool:
    if one.shape != other.shape:
        return False
    if one.dtype.names:
        return one.dtype.names == other.dtype.names and all(_equal(one[f], other[f]) for f in one.dtype.names)
    missing = pd.isna(one)
    return bool(np.array_equal(missing, pd.isna(other)) and np.all((one == other) | missing))


def _ordered(columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    table = pd.DataFrame({key: columns[key] for key in sorted(columns)})
    keys = [key for key in table if not pd.api.types.is_float_dtype(table[key])]
    others = [key for key in table if key not in keys]
    text = table.assign(**{key: table[key].astype(str) for key in keys}).sort_values([*keys, *others], kind="stable")
    return {key: table.loc[text.index, key].to_numpy() for key in table}


def _worst(one: np.ndarray, other: np.ndarray, key: str) -> str:
    if one.dtype.names:
        field = next(name for name in one.dtype.names if not _equal(one[name], other[name]))
        return _worst(one[field], other[field], f"{key}.{field}")
    differs = ~((one == other) | (pd.isna(one) & pd.isna(other)))
    first = tuple(int(i) for i in np.argwhere(differs)[0]) if differs.ndim else ()
    return f"{key}: {differs.sum():,} of {differs.size:,} values differ, as {one[first]!r} and now {other[first]!r}"


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--renamed", type=Path, help="YAML file that maps old names to new ones")
    given = parser.parse_args()
    renamed = yaml.safe_load(given.renamed.read_text()) if given.renamed else {}
    compared, differences = compare(given.old, given.new, renamed=renamed or {})
    for line in differences:
        print(line)
    print(f"{len(compared) - len(differences)} of {len(compared)} artefacts are equal, value by value")
    return 1 if differences or not compared else 0


if __name__ == "__main__":
    sys.exit(main())
