"""Reference of every key of a config (config/README.md) and JSON schema for editors, generated from the records.

python -m diffmem.settings.docs config      writes config/README.md and config/schema.json
"""

import json
import sys
import types
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MultipleOf
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from diffmem.settings.questions import CELL, NAME, QUESTIONS, Config
from diffmem.settings.records import LARGEST, Choice, Record, alternatives, choices

HEAD = """\
# Every key of a config

Generated from the records in `workflow/diffmem/settings/` by `make docs`; do not edit.

`snakemake --configfile mine.yaml` does not read `config.yaml`: a key that is missing in `mine.yaml` has the default in
the table. An entry of `cells` may change single keys of any section of its study (`data`, `model`, `schedule`,
`training`, `sampling`, `neighbours`, `compute`, `measure`; for the question onset `law`, `generator`, `onset`; for the
question audit `audit`); a list is replaced as a whole. An option that the selected dataset, network, schedule, sampler
or index does not have is an error. Editors with support for YAML schemas complete and check the keys with
`schema.json`, which the first line of each config names.

| config | what it is | time on two cores |
|---|---|---|
| `config.yaml` | the quick study | five to ten minutes |
| `paper.yaml` | the figures of *Outliers memorized last*, as printed | hours: `make plan CONFIG=config/paper.yaml` |
| `paper-lean.yaml` | the same with 2,500 generated points per snapshot | a third of that |
| `onset.yaml` | the onset study at full size, with one study per question | `make plan CONFIG=config/onset.yaml` |
| `onset-unet.yaml` | that experiment with U-Nets of 12.5 and 1.3 million parameters | hours: `make plan` |
| `effective-memorization.yaml` | *On Memorization in Diffusion Models*, on digits | hours: `make plan` |
| `cifar10.yaml` | the same on CIFAR-10 | a GPU: `make plan` |
| `my-images.yaml` | your own images: edit path, size and numbers | ten minutes |
| `density.yaml`, `density-elsewhere.yaml` | outlying or crowded; and elsewhere | a quarter of an hour, half an hour |
| `schedule.yaml` | the quick study's outliers under three schedules, two of which end in noise | ten minutes |
| `stopping.yaml`, `clocks.yaml` | when to stop, and four clocks | six minutes, twenty minutes |
| `bridge.yaml` | the three papers' definitions of memorization on the same runs | twenty minutes |
| `examples/` | saved samples, own functions and networks, audits as a study | minutes |
| `test.yaml` | a test of every stage; its results have no meaning | half a minute |

| key | value | default | meaning |
|---|---|---|---|
"""
SIGNS = {
    Ge: ("ge", ">="),
    Gt: ("gt", ">"),
    Le: ("le", "<="),
    Lt: ("lt", "<"),
    MultipleOf: ("multiple_of", "multiple of"),
}
TYPES = {int: "whole number", float: "number", bool: "true or false", str: "text", dict: "section", tuple: "list"}

# a section of a config: its possible records
Section = tuple[type[Record], ...]


def markdown() -> str:
    """The page config/README.md."""
    rows = [*_rows((Config,), "")]
    done: list[str] = []
    for question in QUESTIONS:
        rows += [row for row in _rows((question,), "studies.NAME.") if row not in done and not _is_tag(row, done)]
        for section, records in question.cell.sections().items():
            if section not in done:
                rows += [_heading(f"studies.NAME.{section}", records[0]), *_rows(records, f"studies.NAME.{section}.")]
                done.append(section)
        done += [row for row in rows if row not in done]
    return HEAD + "\n".join(rows) + "\n"


def _is_tag(row: str, done: list[str]) -> bool:
    """Whether there is already a row for the same key."""
    return any(row.split(" | ")[0] == other.split(" | ")[0] for other in done)


def _heading(key: str, record: type[Record]) -> str:
    section = [base for base in record.__mro__ if issubclass(base, Record) and base not in (Record, Choice)][-1]
    return f"| `{key}` | section |  | {section.__doc__} |"


def _rows(records: Section, prefix: str) -> Iterator[str]:
    """Table rows of all keys of a section, including those of nested records."""
    for key, takers in keys(records).items():
        field = takers[0].model_fields[key]
        if inner := _record(field.annotation):
            yield _heading(f"{prefix}{key}", inner)
            yield from _rows((inner,), f"{prefix}{key}.")
            continue
        only = [choice.choice_name() for choice in choices(takers)] if len(takers) < len(records) else []
        meaning = _description(records, field) + (f" ({', '.join(only)})" if only else "")
        default = "" if _defaults_differ(takers, key) else _default(field)
        yield f"| `{prefix}{key}` | {_value(records, key)} | {default} | {meaning} |"


def keys(records: Section) -> dict[str, list[type[Record]]]:
    """Key of a section -> the records that have this key."""
    found: dict[str, list[type[Record]]] = {}
    for record in records:
        for key in record.model_fields:
            found.setdefault(key, []).append(record)
    return found


def _description(records: Section, field: FieldInfo) -> str:
    if field.description:
        return field.description
    first = choices(records)[0]
    tags = (base.model_fields.get(first.tag) for base in first.__mro__[1:] if issubclass(base, Record))
    return next(tag.description for tag in tags if tag and tag.description)


def _defaults_differ(takers: Sequence[type[Record]], key: str) -> bool:
    """Whether the records that have a key differ in its default."""
    first, *others = [taker.model_fields[key].default for taker in takers]
    return any(other != first for other in others)


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return ""
    value = field.default
    if isinstance(value, Record):
        return ""
    return f"`{json.dumps(value)}`"


def _value(records: Section, key: str) -> str:
    """The allowed values of a key, in words."""
    record = next(record for record in records if key in record.model_fields)
    field = record.model_fields[key]
    if issubclass(record, Choice) and key == record.tag:
        every = QUESTIONS if record.tag == "question" else records
        return ", ".join(f"`{choice.choice_name()}`" for choice in choices(every))
    parts = alternatives(field.annotation)
    if get_origin(field.annotation) is Literal:
        return ", ".join(f"`{name}`" for name in get_args(field.annotation))
    words = [_type(part) for part in parts if part is not types.NoneType]
    words += ["null"] if types.NoneType in parts else []
    return " ".join([" or ".join(words), _bounds(field)]).strip()


def _type(part: Any) -> str:
    origin = get_origin(part)
    if origin is tuple:
        inner = get_args(part)[0]
        if get_origin(inner) is Literal:
            return f"list of {' and '.join(f'`{name}`' for name in get_args(inner))}"
        return "list" if inner is Any else f"list of {_type(inner)}s"
    if origin is dict:
        return "section"
    return TYPES[part] if origin is None else _type(get_args(part)[0])


def _bounds(field: FieldInfo) -> str:
    found = []
    for rule in field.metadata:
        for kind, (name, sign) in SIGNS.items():
            if isinstance(rule, kind) and getattr(rule, name) != LARGEST:
                found.append(f"{sign} {getattr(rule, name)}")
    return ", ".join(found)


def _record(annotation: Any) -> type[Record] | None:
    return annotation if isinstance(annotation, type) and issubclass(annotation, Record) else None


# --- the schema of editors --------------------------------------------------------------------------------------------


def schema() -> dict[str, Any]:
    """JSON schema of a config. A section with several possible records has the keys of all of them."""
    top = Config.model_json_schema()
    study: dict[str, Any] = {}
    sections: dict[str, Any] = {}
    for question in QUESTIONS:
        sections |= {key: _merged(records) for key, records in question.cell.sections().items()}
        study |= {key: value for key, value in _inlined(question).items() if key != "question"}
    referred = {key: {"$ref": f"#/$defs/{key}"} for key in sections}
    changes = {"type": "object", "additionalProperties": False, "properties": referred}
    study |= {"question": _merged(QUESTIONS)["properties"]["question"], **referred}
    study["cells"] |= {"patternProperties": {CELL: changes}}
    whole = {"type": "object", "additionalProperties": False, "properties": study}
    top["properties"]["studies"] |= {"patternProperties": {NAME: whole}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **top,
        "title": "diffmem config",
        "$defs": sections,
    }


def _merged(records: Section) -> dict[str, Any]:
    """The keys of all records of a section."""
    properties: dict[str, Any] = {}
    for record in records:
        for key, value in _inlined(record).items():
            properties.setdefault(key, value)
    for key, takers in keys(records).items():
        if _defaults_differ(takers, key):
            properties[key] = {name: value for name, value in properties[key].items() if name != "default"}
    first = records[0]
    if issubclass(first, Choice):
        names = [choice.choice_name() for choice in choices(records)]
        about = _description(records, first.model_fields[first.tag])
        properties[first.tag] = {"enum": names, "default": names[0], "description": about}
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _inlined(record: type[Record]) -> dict[str, Any]:
    """Properties of a record's schema, with references replaced by their targets."""
    whole = record.model_json_schema()
    known = whole.get("$defs", {})

    def inline(node: Any) -> Any:
        if isinstance(node, list):
            return [inline(part) for part in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return inline({**known[node["$ref"].rpartition("/")[2]], **{k: v for k, v in node.items() if k != "$ref"}})
        return {key: inline(value) for key, value in node.items() if key != "title" or isinstance(value, dict)}

    return inline(whole["properties"])


def write(folder: Path) -> None:
    """Write README.md and schema.json into ``folder``."""
    (folder / "README.md").write_text(markdown(), encoding="utf-8")
    (folder / "schema.json").write_text(json.dumps(schema(), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
