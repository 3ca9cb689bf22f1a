"""The reference of every config key, made from the schema: python -m diffmem.settings.docs > config/README.md."""

import json
from typing import Any

from diffmem.settings.read import load_schema

HEAD = """\
# Every key of a config

Made from `workflow/schemas/config.schema.yaml` by `make docs`; do not edit.

A config stands alone: `snakemake --configfile mine.yaml` does not mix it with `config.yaml`, and every key that it
leaves out has the default below. A cell of `cells` may change any section of its study (`data`, `model`, `schedule`,
`training`, `sampling`, `neighbours`, `measure`; `law`, `generator`, `onset` where the question is onset), key by key;
lists are replaced whole. An option that the chosen shape, network, schedule, sampler or index does not take is refused.

| config | what it is | time on two cores |
|---|---|---|
| `config.yaml` | the quick study | minutes: `make plan` |
| `paper.yaml` | the figures of *Outliers memorized last*, as printed | hours: `make plan CONFIG=config/paper.yaml` |
| `onset.yaml` | the onset study at full size, a study per question | `make plan CONFIG=config/onset.yaml` |
| `test.yaml` | every stage once, its numbers mean nothing | half a minute |

| key | value | default | meaning |
|---|---|---|---|
"""


def markdown() -> str:
    """The whole page."""
    schema = load_schema()
    study = schema["properties"]["studies"]["additionalProperties"]
    top = {"properties": schema["properties"]}
    return HEAD + "\n".join([*_rows(top, ""), *_rows(study, "studies.NAME.")]) + "\n"


def _rows(schema: dict[str, Any], prefix: str) -> list[str]:
    """Table rows of all keys below ``schema``, sections before their keys."""
    rows = []
    for key, part in schema["properties"].items():
        section = "properties" in part
        default = "" if section or "default" not in part else f"`{json.dumps(part['default'])}`"
        rows.append(f"| `{prefix}{key}` | {_value(part)} | {default} | {part['description']} |")
        if section:
            rows += _rows(part, f"{prefix}{key}.")
    return rows


def _value(part: dict[str, Any]) -> str:
    """What a key may be, in words."""
    if "enum" in part:
        return ", ".join(f"`{name}`" for name in part["enum"])
    types = [part["type"]] if isinstance(part["type"], str) else part["type"]
    names = {"object": "section", "array": "list of numbers", "boolean": "true or false", "integer": "whole number"}
    words = " or ".join(names.get(name, name) for name in types)
    signs = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
    bounds = [f"{sign} {part[rule]}" for rule, sign in signs.items() if rule in part]
    return " ".join([words, ", ".join(bounds)]).strip()


if __name__ == "__main__":
    print(markdown(), end="")
