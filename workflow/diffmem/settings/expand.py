"""Expansion of a study to its cells: all combinations of named cells and swept values, or of arms and sizes.

In a study of effective memorization, each cell of the config is an arm, and each of its sizes is a cell of the
workflow, called ``ARM_n-SIZE``.
"""

import copy
import itertools
import math
import re
from typing import Any

from pydantic import ValidationError

from diffmem.settings import checks
from diffmem.settings.questions import CELL, QUESTIONS, EffectiveQuestion, Question, Replicated
from diffmem.settings.records import Cell, Choice, Record, choices
from diffmem.settings.refusals import ConfigError, refusal, show, unknown
from diffmem.settings.samplers import Given
from diffmem.settings.sections import TrainedCell
from diffmem.settings.shards import shards
from diffmem.settings.study import Study, find_arms

MOST_CELLS, MOST_SHARDS = 10_000, 20_000  # Snakemake cannot plan more
STUDY_FILES = (".parquet", ".csv", ".html", ".npz")  # suffixes of files in the folder of a study, next to its cells
STUDY_FOLDERS = ("figures", "search")

Changes = dict[str, dict[str, Any]]  # section -> changed keys and their values


def expand(name: str, given: dict[str, Any], *, seed: int) -> Study:
    """Build the study `name` from its entry `given` in the config.

    Raises:
        ConfigError: at the first problem.
    """
    where = f"studies.{name}"
    kind = _question(given, where)
    sections = kind.cell.sections()
    top_level = {key: value for key, value in given.items() if key not in sections}
    common = {key: _mapping(given.get(key, {}), f"{where}.{key}") for key in sections}
    question = _validated(kind, top_level, where)
    _samples(question, common, where)
    named = expanded = _combinations(question, where)
    sizes: dict[str, dict[int, str]] = {}
    if isinstance(question, EffectiveQuestion):
        _refuse_sizes(where, [common, *(changes for _, changes in named)])
        if len(set(question.effective.sizes)) < 2:
            same = list(question.effective.sizes)
            raise ConfigError(f"{where}.effective.sizes = {show(same)}: must have at least 2 different values")
        expanded, sizes = _at_every_size(named, question.effective.sizes)
    cells = _cells(kind, common, expanded, where=where, seed=seed)
    replicates, size = (question.replicates, question.shard) if isinstance(question, Replicated) else (1, 1)
    if len(cells) * math.ceil(replicates / size) > MOST_SHARDS:
        raise ConfigError(
            f"{where}.replicates = {replicates}: in shards of {size}, {len(cells)} cells have "
            f"{len(cells) * math.ceil(replicates / size)} shards; must be at most {MOST_SHARDS}, use a larger shard"
        )
    _refuse_given(
        cells, question, where, {where: common, **{f"{where} (cell {cell})": found for cell, found in expanded}}
    )
    names = shards(replicates=replicates, size=size)
    if isinstance(question, EffectiveQuestion):
        baseline = question.effective.baseline or next(iter(sizes))
        if baseline not in sizes:
            raise ConfigError(f"{where}.effective.baseline = {baseline}: must be one of {', '.join(sizes)}")
        trained = {name: cell for name, cell in cells.items() if isinstance(cell, TrainedCell)}
        found = find_arms(dict(named), sizes, trained, baseline=baseline, search=question.effective.search)
        return Study(name, question.question, replicates, cells, names, found)
    return Study(name, question.question, replicates, cells, names)


def _question(given: dict[str, Any], where: str) -> type[Question]:
    """The record of the study's question; keys of other questions are refused."""
    asked = given.get("question", "outliers")
    kind = next((kind for kind in QUESTIONS if kind.choice_name() == asked), None)
    if kind is None:
        names = ", ".join(kind.choice_name() for kind in QUESTIONS)
        raise ConfigError(f"{where}.question = {show(asked)}: must be one of {names}")
    known = {kind: [*kind.model_fields, *kind.cell.sections()] for kind in QUESTIONS}
    for key in given:
        if key not in known[kind] and any(key in keys for keys in known.values()):
            sections = ", ".join(kind.cell.sections())
            raise ConfigError(f"{where}.{key}: the question {asked} does not use this key; its sections are {sections}")
        if key not in known[kind]:
            raise unknown(where, key, known[kind])
    return kind


def _samples(question: Question, common: Changes, where: str) -> None:
    """Put what the key `samples` says of samples that are given into the section `sampling`."""
    samples = getattr(question, "samples", None)
    if samples is None:
        return
    for key in ("sampler", "path", "module"):
        if key in common["sampling"]:
            raise ConfigError(f"{where}.samples = {samples}: sampling.{key} says it, too; leave one of them out")
    is_function = ".py:" in samples
    chosen = {"sampler": "function", "module": samples} if is_function else {"sampler": "saved", "path": samples}
    common["sampling"] = {**common["sampling"], **chosen}


def _refuse_given(cells: dict[str, Cell], question: Question, where: str, written: dict[str, Changes]) -> None:
    """Refuse studies that can only be asked of models that the workflow trains.

    Args:
        written: place in the config -> section -> what is written there.
    """
    given = [isinstance(getattr(cell, "sampling", None), Given) for cell in cells.values()]
    if not any(given):
        return
    if not all(given):
        raise ConfigError(
            f"{where}.sampling.sampler: samples are given in some cells only; put the others into a study"
        )
    if question.question != "outliers":
        raise ConfigError(f"{where}.sampling.sampler: samples that are given can be asked the question outliers only")
    for place, sections in written.items():
        if training := next((name for name in ("model", "schedule", "training") if sections.get(name)), None):
            raise ConfigError(f"{place}.{training}: samples are given, and nothing is trained; remove this section")
    replicates = getattr(question, "replicates", 1)
    for cell in cells.values():
        path = getattr(getattr(cell, "sampling", None), "path", None)
        if path is not None and replicates > 1 and "{replicate}" not in path:
            words = "one pattern is one run; write 1, or put {replicate} into the pattern"
            raise ConfigError(f"{where}.replicates = {replicates}: {words}")


def _combinations(question: Question, where: str) -> list[tuple[str, Changes]]:
    """Name and changes of every combination of a named cell and the values of the sweep."""
    if math.prod(map(len, question.sweep.values())) * max(1, len(question.cells)) > MOST_CELLS:
        raise ConfigError(f"{where}.sweep: gives more than {MOST_CELLS} cells; use fewer values")
    for key, values in question.sweep.items():
        for value in values:
            if not isinstance(value, bool | int | float | str) or (
                isinstance(value, str) and not re.match(CELL, value)
            ):
                raise ConfigError(
                    f"{where}.sweep.{key}: {show(value)} must be a number, true or false, or text of letters, "
                    "digits, dots and dashes, since it is part of a cell's name; use cells for lists and mappings"
                )
    cells = []
    for (name, base), values in itertools.product(
        question.cells.items() or [("", {})], itertools.product(*question.sweep.values())
    ):
        parts, changes = [name] if name else [], copy.deepcopy(base)
        for key, value in zip(question.sweep, values, strict=True):
            parts.append(f"{key.split('.')[-1]}-{value}")
            nested: Any = value
            for part in reversed(key.split(".")):
                nested = {part: nested}
            changes = merge(changes, nested)
        cells.append(("_".join(parts) or "base", changes))
    return cells


def _at_every_size(named: list[tuple[str, Changes]], sizes: tuple[int, ...]) -> tuple[list, dict[str, dict[int, str]]]:
    """Cells of the arms ``named`` (name, changes) at all sizes, as (name, changes); and arm -> size -> name."""
    cells, of_arm = [], {}
    for arm, changes in named:
        of_arm[arm] = {size: f"{arm}_n-{size}" for size in sorted(set(sizes))}
        for size, name in of_arm[arm].items():
            cells.append((name, merge(changes, {"data": {"inliers": size}})))
    return cells, of_arm


def _refuse_sizes(where: str, given: list[Changes]) -> None:
    """Refuse a training size in the config, since the sizes of arms replace it."""
    for changes in given:
        if isinstance(data := changes.get("data"), dict) and "inliers" in data:
            words = "the key effective.sizes sets the training sizes of arms; remove data.inliers"
            raise ConfigError(f"{where}.data.inliers = {show(data['inliers'])}: {words}")


def _cells(
    kind: type[Question], common: Changes, expanded: list[tuple[str, Changes]], *, where: str, seed: int
) -> dict[str, Cell]:
    """Name -> resolved and checked cell."""
    sections, cells = kind.cell.sections(), {}
    for name, changes in expanded:
        here = where if name == "base" else f"{where} (cell {name})"
        if name in cells:
            raise ConfigError(f"{here}: two cells have this name; rename one")
        if name in STUDY_FOLDERS or name.endswith(STUDY_FILES):
            raise ConfigError(f"{here}: this is also the name of a file or folder of the study; rename the cell")
        for section, values in changes.items():
            if section not in sections:
                raise ConfigError(f"{here}.{section}: unknown key; a cell may change {', '.join(sections)}")
            _mapping(values, f"{here}.{section}")
        values = {
            section: _section(records, common[section], changes.get(section, {}), where=where, here=f"{here}.{section}")
            for section, records in sections.items()
        }
        cells[name] = kind.cell.model_construct(seed=seed, **values).resolved()
    _refuse_unused(list(cells.values()), common, where)
    for name, cell in cells.items():
        if problem := checks.problem(cell, kind.choice_name()):
            raise ConfigError(f"{where if name == 'base' else f'{where} (cell {name})'}.{problem}")
    return cells


def _section(
    records: tuple[type[Record], ...], common: dict[str, Any], changes: dict[str, Any], *, where: str, here: str
) -> Record:
    """The record of a section, from the study's values `common` and the `changes` of a cell at the place `here`."""
    section = here.rpartition(".")[2]
    for place, values in ((f"{where}.{section}", common), (here, changes)):
        for key in values.keys() & records[0].renamed.keys():
            raise ConfigError(f"{place}.{key}: this key was renamed; write {records[0].renamed[key]}")
    record = _selected(records, merge(common, changes), here)
    others = {key for other in records for key in other.model_fields} - set(record.model_fields)
    if foreign := [key for key in changes if key in others]:
        raise _not_taken(f"{here}.{foreign[0]}", changes[foreign[0]], choices([record]))
    kept = {key: value for key, value in common.items() if key not in others}
    if issubclass(record, Choice):
        kept[record.tag] = record.choice_name()
    _validated(record, kept, f"{where}.{section}", partial=changes)
    return _validated(record, merge(kept, changes), here)


def _selected(records: tuple[type[Record], ...], values: dict[str, Any], here: str) -> type[Record]:
    """The record of a section that is selected by its tag."""
    first = records[0]
    if not issubclass(first, Choice):
        return first
    asked = values.get(first.tag, first.choice_name())
    for record in choices(records):
        if record.choice_name() == asked:
            return record
    names = ", ".join(record.choice_name() for record in choices(records))
    raise ConfigError(f"{here}.{first.tag} = {show(asked)}: must be one of {names}")


def _refuse_unused(cells: list[Cell], common: Changes, where: str) -> None:
    """Refuse keys of a study that none of its cells uses."""
    for section, values in common.items():
        records = list(dict.fromkeys(type(getattr(cell, section)) for cell in cells))
        for key, value in values.items():
            if not any(key in record.model_fields for record in records):
                raise _not_taken(f"{where}.{section}.{key}", value, records)


def _not_taken(place: str, value: Any, records: list[type[Choice]]) -> ConfigError:
    options = list(dict.fromkeys(key for record in records for key in record.added_keys()))
    allowed = f"its options are {', '.join(options)}" if options else "remove this key"
    names = " or ".join(record.choice_name() for record in records)
    return ConfigError(f"{place} = {show(value)}: {names} does not have this option; {allowed}")


def _validated(record: type[Record], values: dict[str, Any], where: str, partial: dict[str, Any] | None = None) -> Any:
    """The record with these values, or None if required keys are missing that are in `partial`."""
    try:
        return record.model_validate(values)
    except ValidationError as error:
        missing = [e["loc"][-1] for e in error.errors() if e["type"] == "missing"]
        if partial is not None and len(missing) == error.error_count() and set(missing) <= set(partial):
            return None
        if missing and issubclass(record, Choice):
            words = f"{record.choice_name()} needs this key; docs/adding.md describes it"
            raise ConfigError(f"{where}.{missing[0]} = None: {words}") from None
        raise refusal(error, record, where) from None


def _mapping(values: Any, where: str) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise ConfigError(f"{where} = {show(values)}: must be a mapping")
    return values


def merge(base: Any, changes: Any) -> Any:
    """Merge mappings key by key; the `changes` replace everything else."""
    if not (isinstance(base, dict) and isinstance(changes, dict)):
        return copy.deepcopy(changes)
    merged = {**base, **changes}
    both = base.keys() & changes.keys()
    return {key: merge(base[key], changes[key]) if key in both else copy.deepcopy(merged[key]) for key in merged}
