"""Configs: read strictly, checked against the schema, completed, and expanded to cells.

This module runs while Snakemake reads the Snakefile, in whatever Python Snakemake has, so it needs nothing beyond what
Snakemake itself depends on (jsonschema, yaml).
"""

import copy
import difflib
import itertools
import math
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from diffmem import registry
from diffmem.settings import arms, checks
from diffmem.settings.study import Study, shards

# question -> the sections that its cells are made of, and whether it counts replicates and shards
TRAINED = ("data", "model", "schedule", "training", "sampling", "neighbours", "compute", "measure")
SECTIONS = {"outliers": TRAINED, "effective": TRAINED, "onset": ("law", "generator", "onset")}
STACKED = {"outliers": ("replicates", "shard"), "effective": ("replicates", "shard", "effective"), "onset": ()}
SCHEMA = Path(__file__).parents[2] / "schemas" / "config.schema.yaml"


class ConfigError(ValueError):
    """A config that cannot be run; the message is one sentence with key, value and what would be allowed."""


class _Loader(yaml.SafeLoader):
    """YAML in which a key may stand once only; plain YAML keeps the last and drops the others silently."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict:
    keys = [loader.construct_object(key) for key, _ in node.value]
    for key in keys:
        if keys.count(key) > 1:
            mark = node.start_mark
            raise ConfigError(
                f"{mark.name}: {key!r} is named twice in the block at line {mark.line + 1}; keep one of them"
            )
    return yaml.SafeLoader.construct_mapping(loader, node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read(path: str | Path) -> dict[str, Any]:
    """Read a YAML config and refuse keys that are named twice.

    Raises:
        ConfigError: if the file is no YAML mapping, or names a key twice.
    """
    try:
        with open(path, encoding="utf-8") as file:
            content = yaml.load(file, _Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        where = getattr(error, "problem_mark", None)
        line = f" (line {where.line + 1})" if where else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise ConfigError(f"{path}: is not YAML{line}: {problem}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: expected keys at top level, found {content!r}")
    return content


def studies(config: dict[str, Any]) -> dict[str, Study]:
    """Check a config, fill in every default and expand its studies to cells.

    Raises:
        ConfigError: at the first thing that cannot be run.
    """
    schema = load_schema()
    _walk(config, "")
    _validate(config, schema, "")
    complete = _complete(config, schema)
    return {
        name: _study(name, settings, config["studies"][name], complete["seed"])
        for name, settings in complete["studies"].items()
    }


def _study(name: str, settings: dict[str, Any], given: dict[str, Any], seed: int) -> Study:
    """Expand a study from its completed ``settings``; ``given`` are those that the config itself names."""
    schema = load_schema()["properties"]["studies"]["additionalProperties"]
    question = settings["question"]
    sections = SECTIONS[question]
    _refuse_others(name, question, given)
    common = {section: settings[section] for section in sections}
    cells, of_arm = {}, {}
    named = expanded = _cells(settings["cells"], settings["sweep"])
    if question == "effective":
        expanded, of_arm = arms.at_every_size(named, settings["effective"]["sizes"])
        if (baseline := settings["effective"]["baseline"]) and baseline not in of_arm:
            raise ConfigError(f"studies.{name}.effective.baseline = {baseline}: must be one of {', '.join(of_arm)}")
    for cell, changes in expanded:
        where = f"studies.{name}" + ("" if cell == "base" else f" (cell {cell})")
        if cell in cells:
            raise ConfigError(f"{where}: two cells have this name; rename one of them")
        if other := [key for key in changes if key not in sections]:
            raise ConfigError(f"{where}.{other[0]}: unknown key; a cell may change {', '.join(sections)}")
        chosen = _merge(common, changes)
        _validate(chosen, schema, where)
        complete = checks.resolve(chosen)
        if problem := checks.unused([complete], changes) or checks.problem(complete, question):
            raise ConfigError(f"{where}.{problem}")
        cells[cell] = {**complete, "seed": seed}
    if problem := checks.unused(list(cells.values()), given):
        raise ConfigError(f"studies.{name}.{problem}")
    total = settings["replicates"]
    found = arms.arms(named, of_arm, cells, settings["effective"]) if of_arm else None
    return Study(name, question, total, cells, shards(replicates=total, size=settings["shard"]), found)


def _refuse_others(name: str, question: str, given: dict[str, Any]) -> None:
    """Refuse what belongs to another question only."""
    own = {*SECTIONS[question], *STACKED[question]}
    every = {key for part in (SECTIONS, STACKED) for keys in part.values() for key in keys}
    if unused := [key for key in given if key in every - own]:
        raise ConfigError(
            f"studies.{name}.{unused[0]}: the question {question} does not use it; its sections are "
            f"{', '.join(SECTIONS[question])}"
        )


def _cells(named: dict[str, dict], sweep: dict[str, list]) -> list[tuple[str, dict[str, Any]]]:
    """Name and changes of every combination of a named cell and the values of a sweep."""
    cells = []
    for (name, base), values in itertools.product(named.items() or [("", {})], itertools.product(*sweep.values())):
        parts, changes = [name] if name else [], copy.deepcopy(base)
        for key, value in zip(sweep, values, strict=True):
            parts.append(f"{key.split('.')[-1]}-{value}")
            nested: Any = value
            for part in reversed(key.split(".")):
                nested = {part: nested}
            changes = _merge(changes, nested)
        cells.append(("_".join(parts) or "base", changes))
    return cells


@cache
def load_schema() -> dict[str, Any]:
    """The schema, with the names of the registries filled in."""
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))

    def fill(node: Any) -> None:
        if isinstance(node, dict):
            if "x-registry" in node:
                node["enum"] = list(getattr(registry, node["x-registry"]))
            for child in node.values():
                fill(child)

    fill(schema)
    return schema


def _merge(base: Any, changes: Any) -> Any:
    """Mappings merge key by key; everything else is replaced."""
    if not (isinstance(base, dict) and isinstance(changes, dict)):
        return copy.deepcopy(changes)
    merged = {**base, **changes}
    both = base.keys() & changes.keys()
    return {key: _merge(base[key], changes[key]) if key in both else copy.deepcopy(merged[key]) for key in merged}


def _complete(value: Any, schema: dict[str, Any]) -> Any:
    """``value`` with the schema's defaults, keys in the order of the schema."""
    if isinstance(value, float) and value.is_integer() and "integer" in schema.get("type", ()):
        return int(value)
    if not isinstance(value, dict) or ("properties" not in schema and "additionalProperties" not in schema):
        return value
    known = schema.get("properties", {})
    filled = {
        key: _complete(value.get(key, copy.deepcopy(part.get("default"))), part)
        for key, part in known.items()
        if key in value or "default" in part
    }
    others = schema.get("additionalProperties")
    rest = {
        key: _complete(value[key], others) if isinstance(others, dict) else value[key]
        for key in value
        if key not in known
    }
    return {**filled, **rest}


def _walk(value: Any, where: str) -> None:
    """Refuse what YAML can say and no schema sees: keys that are not text, numbers that are not finite."""
    if isinstance(value, dict):
        for key, part in value.items():
            if not isinstance(key, str):
                raise ConfigError(
                    f"{where}{key!r}: a name must be text; write it in quotes, and begin it with a letter"
                )
            _walk(part, f"{where}{key}.")
    elif isinstance(value, list):
        for part in value:
            _walk(part, where)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"{where.removesuffix('.')} = {value}: must be a finite number")


def _validate(value: Any, schema: dict[str, Any], where: str) -> None:
    errors = sorted(
        Draft202012Validator(schema).iter_errors(value), key=lambda error: list(map(str, error.absolute_path))
    )
    if errors:
        raise ConfigError(_sentence(errors[0], where))


def _sentence(error, where: str) -> str:
    """One sentence for a jsonschema error: the key, its value and what would be allowed."""
    path = ".".join([where, *map(str, error.absolute_path)] if where else map(str, error.absolute_path))
    rule, value, schema = error.validator, error.instance, error.schema
    if rule == "additionalProperties":
        known = list(schema["properties"])
        unknown = next(key for key in value if key not in known)
        near = difflib.get_close_matches(str(unknown), known, 1)
        guess = f" (did you mean {near[0]}?)" if near else ""
        return f"{path + '.' if path else ''}{unknown}: unknown key{guess}; allowed here: {', '.join(known)}"
    if rule == "required":
        return f"{path or 'config'}: lacks the key {error.validator_value[0]}"
    allowed = {
        "type": lambda: f"must be {_words(error.validator_value)}{_hint(value)}",
        "enum": lambda: f"must be one of {', '.join(map(str, error.validator_value))}",
        "minimum": lambda: f"must be at least {error.validator_value}",
        "exclusiveMinimum": lambda: f"must be greater than {error.validator_value}",
        "maximum": lambda: f"must be at most {error.validator_value}",
        "exclusiveMaximum": lambda: f"must be less than {error.validator_value}",
        "multipleOf": lambda: f"must be a multiple of {error.validator_value}",
        "minItems": lambda: f"must hold at least {'one value' if (n := error.validator_value) == 1 else f'{n} values'}",
        "minProperties": lambda: "must name at least one",
        "pattern": lambda: "a name here is made of letters, digits, dots and dashes, and begins with a letter or digit",
    }[rule]()
    return f"{path} = {value!r}: {allowed}" + (f" ({schema['description']})" if "description" in schema else "")


def _words(types: str | list[str]) -> str:
    names = {"integer": "a whole number", "number": "a number", "object": "a mapping", "array": "a list",
             "boolean": "true or false", "null": "null", "string": "text"}  # fmt: skip
    return " or ".join(names[t] for t in ([types] if isinstance(types, str) else types))


def _hint(value: Any) -> str:
    """YAML reads 1e-3 as text; a person who wrote it means the number."""
    try:
        return f"; YAML reads {value} as text, write {float(value)!r}" if isinstance(value, str) else ""
    except ValueError:
        return ""
