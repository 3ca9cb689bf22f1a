"""Error messages about configs: one sentence of at most 300 characters with key, value and allowed values."""

import difflib
import reprlib
import types
from collections.abc import Iterable, Sequence
from typing import Any, Literal, get_args, get_origin

from pydantic import ValidationError

from diffmem.settings.records import Record, alternatives

LONGEST = 300  # characters of a sentence
SHOWN = 80  # characters of a value in a sentence
TYPES = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "text",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "tuple_type": "a list",
    "finite_number": "a finite number",
}

_SHORT = reprlib.Repr()
_SHORT.maxdict, _SHORT.maxlist, _SHORT.maxstring, _SHORT.maxother = 6, 12, SHOWN, SHOWN


class ConfigError(ValueError):
    """An invalid config; the message is one sentence with key, value and allowed values."""

    def __init__(self, sentence: str):
        super().__init__(shorten(sentence, LONGEST))


def shorten(text: str, most: int) -> str:
    """Replace the middle of a text by " ... " if it is longer than ``most`` characters."""
    text = " ".join(text.split())
    if len(text) <= most:
        return text
    head = (most - 5) * 2 // 3
    return f"{text[:head]} ... {text[head - most + 5 :]}"


def show(value: Any) -> str:
    """A value as in a config, shortened."""
    if isinstance(value, int) and 10**16 < abs(value) < 10**308:
        return f"{float(value):g}"
    return shorten(_SHORT.repr(list(value) if isinstance(value, tuple) else value), SHOWN)


def unknown(where: str, key: Any, known: Iterable[str]) -> ConfigError:
    """The error for an unknown key, with the most similar known key."""
    known = list(known)
    near = difflib.get_close_matches(str(key), known, 1)
    guess = f" (did you mean {near[0]}?)" if near else ""
    path = f"{where}.{shorten(str(key), SHOWN)}" if where else shorten(str(key), SHOWN)
    return ConfigError(f"{path}: unknown key{guess}; allowed here: {', '.join(known)}")


def refusal(error: ValidationError, record: type[Record], where: str) -> ConfigError:
    """The error for the first problem of a `record` at the place `where` of a config."""
    first = error.errors(include_url=False)[0]
    kind, value, bounds = first["type"], first["input"], first.get("ctx", {})
    place = [part for part in first["loc"] if part != "[key]"]
    field, holder = _described(record, place)
    if kind == "extra_forbidden":
        return unknown(_path(where, place[:-1]), place[-1], holder.model_fields)
    if kind == "missing":
        return ConfigError(f"{where or 'config'}: the key {place[-1]} is missing; add it")
    if kind == "string_pattern_mismatch":
        words = "a name must consist of letters, digits, dots and dashes, and begin with a letter or digit"
        return ConfigError(f"{_path(where, place[:-1])} = {show(value)}: {words}")
    sentence = f"{_path(where, place)} = {show(value)}: {_allowed(kind, value, bounds, field)}"
    about = field.description or getattr(_model(field.annotation), "__doc__", None)
    described = f"{sentence} ({about})" if about else sentence
    return ConfigError(described if len(described) <= LONGEST else sentence)


def _allowed(kind: str, value: Any, bounds: dict[str, Any], field: Any) -> str:
    """The allowed values, in words."""
    if kind in TYPES:
        null = " or null" if types.NoneType in alternatives(field.annotation) and not kind.startswith("finite") else ""
        return f"must be {TYPES[kind]}{null}{_hint(kind, value)}"
    if kind == "literal_error":
        return f"must be one of {', '.join(map(str, _choices(field.annotation)))}"
    least: int = bounds.get("min_length", 1)
    words = {
        "greater_than_equal": lambda: f"must be at least {bounds['ge']:g}",
        "greater_than": lambda: f"must be greater than {bounds['gt']:g}",
        "less_than_equal": lambda: f"must be at most {_number(bounds['le'])}",
        "less_than": lambda: f"must be less than {bounds['lt']:g}",
        "multiple_of": lambda: f"must be a multiple of {bounds['multiple_of']}",
        "too_short": lambda: (
            "must have at least one key" if isinstance(value, dict) else f"must have at least {_values(least)}"
        ),
        "too_long": lambda: f"must have at most {_values(bounds['max_length'])}",
        "string_too_short": lambda: "must not be empty",
    }
    return words[kind]()


def _hint(kind: str, value: Any) -> str:
    """A remedy for numbers that were read as text, such as 1e-3 in YAML."""
    if not isinstance(value, str) or kind not in ("int_type", "float_type"):
        return ""
    try:
        number = float(value)
    except ValueError:
        return ""
    meant = _number(number) if number.is_integer() else repr(number)
    return f"; YAML reads {shorten(value, SHOWN)} as text, write {meant}"


def _number(value: float) -> str:
    return str(int(value)) if abs(value) < 1e16 and float(value).is_integer() else repr(value)


def _values(count: int) -> str:
    return "one value" if count == 1 else f"{count} values"


def _path(where: str, place: Sequence[Any]) -> str:
    return ".".join([*([where] if where else []), *(shorten(str(part), SHOWN) for part in place)])


def _described(record: type[Record], place: Sequence[Any]) -> tuple[Any, type[Record]]:
    """The field at a place of a record, or the last one before it, and the record of that field."""
    field = None
    for part in place:
        inner = record if field is None else _model(field.annotation)
        if inner is None or part not in inner.model_fields:
            break
        record, field = inner, inner.model_fields[part]
    else:
        return field, record
    inner = record if field is None else _model(field.annotation)
    return field, inner or record


def _model(annotation: Any) -> type[Record] | None:
    """The record among the alternatives of an annotation, or None."""
    return next((a for a in alternatives(annotation) if isinstance(a, type) and issubclass(a, Record)), None)


def _choices(annotation: Any) -> tuple[Any, ...]:
    """The values of a Literal among the alternatives, or of the values of a list."""
    annotation = get_args(annotation)[0] if get_origin(annotation) is tuple else annotation
    parts = (annotation,) if get_origin(annotation) is Literal else alternatives(annotation)
    return next(get_args(part) for part in parts if get_origin(part) is Literal)
