"""Base classes of all settings: frozen records whose fields have a type, range, default and description.

Some sections select one of several options by name, such as a network or a noise schedule. Each option has a record
that is derived from the section's record (`Choice`). The selecting key is the `tag`. An option names its function as
"module:function", so that reading a config does not import it. The keys that the option adds to its section are the
keyword arguments of the function.

The digest of code (`digest.py`) does not include the modules of records, since their values are parameters of the
rules.
"""

import json
import types
from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, Self, TypeVar, Union, cast, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter

T = TypeVar("T")
LARGEST = 10**15  # larger whole numbers are probably typing errors


def _whole(value: Any) -> Any:
    """Convert numbers such as 200.0 to integers."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


AnyWhole = Annotated[int, Field(strict=True), BeforeValidator(_whole)]
Whole = Annotated[AnyWhole, Field(le=LARGEST)]
Positive = Annotated[Whole, Field(ge=1)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Flag = Annotated[bool, Field(strict=True)]
Text = Annotated[str, Field(strict=True, min_length=1)]


class Record(BaseModel):
    """A frozen set of values; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    # former name of a key -> current name
    renamed: ClassVar[dict[str, str]] = {}

    def replace(self, **values: Any) -> Self:
        """A copy with other values, which are not validated."""
        return self.model_copy(update=values)


class Choice(Record):
    """One option of a section, selected by the key `tag`."""

    tag: ClassVar[str]
    function: ClassVar[str]

    @classmethod
    def choice_name(cls) -> str:
        """Name of the option in a config."""
        return cls.model_fields[cls.tag].default

    @classmethod
    def added_keys(cls) -> list[str]:
        """Keys that the option adds to its section."""
        section = [base for base in cls.__mro__ if issubclass(base, Choice) and base is not Choice][-1]
        return [key for key in cls.model_fields if key not in section.model_fields]

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of the option's function."""
        return {key: getattr(self, key) for key in self.added_keys()}


class Cell(Record):
    """The seed and the sections of a cell."""

    seed: AnyWhole

    @classmethod
    def sections(cls) -> dict[str, tuple[type[Record], ...]]:
        """Section -> its possible records, the default first."""
        fields = {key: field for key, field in cls.model_fields.items() if key != "seed"}
        return {key: alternatives(field.annotation) for key, field in fields.items()}

    @classmethod
    def load(cls, values: dict[str, Any]) -> Self:
        """A cell with some sections only, from the result of `dump`; the other sections are not set."""
        sections = {key: TypeAdapter(_discriminated(cls, key)).validate_python(value) for key, value in values.items()}
        return cast(Self, cls.model_construct(**sections))

    def resolved(self) -> Self:
        """A copy with numbers in the place of those nulls that stand for numbers."""
        return self

    def dump(self, *sections: str) -> dict[str, Any]:
        """The named sections as plain values, with keys in alphabetical order."""
        return json.loads(json.dumps(self.model_dump(mode="json", include=set(sections)), sort_keys=True))

    def own_files(self, *sections: str) -> list[str]:
        """The functions in the user's own files that the named sections select, as "FILE.py:NAME"."""
        parts = (getattr(self, section) for section in sections)
        return [part.module for part in parts if isinstance(part, Choice) and hasattr(part, "module")]

    def functions(self, *sections: str) -> list[str]:
        """The functions of the options in the named sections, as "module:function"."""
        return [getattr(self, section).function for section in sections]


def known(value: T | None) -> T:
    """A ``value`` of a resolved cell, in which it cannot be None."""
    if value is None:
        raise ValueError("a value is None that is a number in resolved cells; call the cell's `resolved` before")
    return value


def choices(records: Iterable[type[Record]]) -> list[type[Choice]]:
    """The records that are options, in the same order."""
    return [record for record in records if issubclass(record, Choice)]


def alternatives(annotation: Any) -> tuple[Any, ...]:
    """The types of a union, or the single type of any other annotation."""
    return get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)


def _discriminated(cls: type[Record], key: str) -> Any:
    field = cls.model_fields[key]
    return Annotated[field.annotation, *field.metadata, Field(discriminator=field.discriminator)]
