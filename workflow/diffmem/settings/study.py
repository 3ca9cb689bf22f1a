"""Studies with their cells and arms, which are wildcards of the rules, and the queries of the rules.

An arm of a study of effective memorization is one combination of settings; each of its training sizes is a cell.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from diffmem.settings.cell_names import name_cells
from diffmem.settings.records import Cell, Record, known
from diffmem.settings.samplers import Given
from diffmem.settings.sections import TrainedCell
from diffmem.settings.shards import replicates

# megabytes of a job: Python with its libraries, and so many times the points of its shard (docs/benchmarks.md)
LIBRARIES, TIMES_POINTS = 500, 4
# key of the config -> name of the factor in tables and claims; others have the last part of their key, or the whole key
# where several sections have that part, such as schedule.steps and sampling.steps
FACTORS = {
    "data.pixels": "dimension",
    "data.dimension": "dimension",
    "model.blocks": "depth",
    "training.steps": "budget",
    "training.epochs": "budget",
}


@dataclass(frozen=True)
class Arms:
    """The arms of a study.

    Attributes:
        cells: arm -> size -> name of the cell.
        factors: arm -> factor -> value, for every factor that any arm changes.
        differs: arm -> dotted keys whose values differ from the baseline's at the first size.
        baseline: the arm with which the others are compared.
        search: whether only the sizes are run that a search for EMM needs.
        resolutions: arm -> height in pixels at which all its skip connections are, or None.
        summaries: arm -> main settings in a few words, for the claims.
    """

    cells: dict[str, dict[int, str]]
    factors: dict[str, dict[str, Any]]
    differs: dict[str, list[str]]
    baseline: str
    search: bool
    resolutions: dict[str, int | None]
    summaries: dict[str, str]

    def true_labels(self) -> list[str]:
        """The arms that differ from the baseline only in labels, which are classes."""
        wanted = {**self.factors[self.baseline], "labels": "class"}
        return [arm for arm, values in self.factors.items() if values == wanted]

    def shown_cell(self) -> str:
        """The cell whose samples are shown: the baseline's, at a size that every search runs."""
        return self.cells[self.baseline][self.shown()[1]]

    def shown(self) -> tuple[str, int]:
        """Arm and size of the cell whose images are shown."""
        sizes = list(self.cells[self.baseline])
        return self.baseline, sizes[0 if self.search else len(sizes) // 2]

    def params(self) -> dict[str, Any]:
        """Plain values for the rules: factors, baseline, differing keys, and arm and size of every cell."""
        cells = {name: [arm, n] for arm, sizes in self.cells.items() for n, name in sizes.items()}
        return {"factors": self.factors, "baseline": self.baseline, "differs": self.differs, "cells": cells}


@dataclass(frozen=True)
class Study:
    """A study of the config.

    Attributes:
        question: name of the question.
        replicates: number of independent runs of every cell.
        cells: name of a cell -> its resolved settings.
        shards: names of the shards, such as r000-004.
        arms: the arms of a study of effective memorization, or None.
    """

    name: str
    question: str
    replicates: int
    cells: dict[str, Any]
    shards: tuple[str, ...]
    arms: Arms | None = None

    @property
    def first_cell(self) -> Any:
        """The first cell."""
        return next(iter(self.cells.values()))

    @property
    def stack(self) -> int:
        """Number of replicates of a full shard."""
        return len(replicates(self.shards[0]))

    def twinned(self) -> list[str]:
        """The cells in which every stratum has held-out twins, as memorization times need."""
        return [name for name, cell in self.cells.items() if cell.data.twinned]

    def own_functions(self) -> list[str]:
        """The functions in files of the user's own that its cells name."""
        return [name for cell in self.cells.values() for name in cell.own_files(*type(cell).sections())]

    def memory(self, cell: str) -> int:
        """Megabytes that a job on the points of a shard of a ``cell`` needs, beside those of a network."""
        data = self.cells[cell].data
        rows = data.rows + known(data.test) + known(data.fresh)
        return round(LIBRARIES + TIMES_POINTS * self.stack * rows * data.features * 8 / 1e6)

    def is_given(self) -> bool:
        """Whether its samples are those of a model that was trained elsewhere."""
        return isinstance(getattr(self.first_cell, "sampling", None), Given)

    def counted(self) -> str:
        """What its snapshots are counted in: epochs of a training here, or as the samples that are given."""
        units = {cell.sampling.counted for cell in self.cells.values()} if self.is_given() else {"epoch"}
        return units.pop() if len(units) == 1 else "snapshot"

    def with_outliers(self) -> bool:
        """Whether any cell has outliers."""
        return any(cell.data.outliers.count for cell in self.cells.values())

    def sizes(self) -> dict[str, int]:
        """Cell -> number of inliers, where cells without labels differ in it alone, with three values; else none.

        The number of samples, by default that of the training points, must be given: what can be told from chance
        depends on it. Outliers without twins leave no sizes to compare either: any model seems to copy them.
        """
        found = {name: cell.data.inliers for name, cell in self.cells.items()}
        number = {"data": {"inliers", "test", "fresh"}}
        others = [cell.model_dump(mode="json", exclude=number) for cell in self.cells.values()]
        alone = len(set(found.values())) == len(found) >= 3 and all(other == others[0] for other in others)
        alone &= not self.is_given() and self.first_cell.data.labels.kind == "none"
        return found if alone and self.first_cell.data.twinned else {}

    def tested_cells(self) -> list[tuple[str, int, bool]]:
        """Cell, seed and `data.twins` of every data file."""
        return [(name, cell.seed, cell.data.twins) for name, cell in self.cells.items() for _ in self.shards]

    def subject(self) -> str:
        """What its page is about: its question, or copying alone if there are no injected points to compare."""
        return "copying" if self.question == "outliers" and not self.with_strata() else self.question

    def with_strata(self) -> bool:
        """Whether any cell has injected points of any kind."""
        return any(cell.data.injected for cell in self.cells.values())

    def summaries(self) -> dict[str, str]:
        """Cell -> main settings in a few words, for the claims."""
        return {name: cell.summary for name, cell in self.cells.items()}

    def words(self) -> dict[str, str]:
        """Cell -> what it is called in figures; audits keep their names, since paths are no words."""
        named = self.question == "audit"
        return name_cells(self.name, {k: {} if named else v.model_dump(mode="json") for k, v in self.cells.items()})

    def animated(self) -> list[str]:
        """The cells that are shown as an animation: the first three, if all points of the study lie in a plane."""
        planar = self.question == "outliers" and all(cell.data.features == 2 for cell in self.cells.values())
        return list(self.cells)[:3] if planar else []

    def image_cells(self) -> list[str]:
        """The cells whose points are images."""
        return [name for name, cell in self.cells.items() if len(cell.data.point) == 3]


def find_arms(
    named: dict[str, dict],
    sizes: dict[str, dict[int, str]],
    cells: dict[str, TrainedCell],
    *,
    baseline: str,
    search: bool,
) -> Arms:
    """Determine the arms of a study.

    Args:
        named: arm -> section -> keys that the arm changes.
        sizes: arm -> size -> name of the cell.
        cells: name of a cell -> its settings.
    """
    varied = sorted(
        {_factor(section, key) for changes in named.values() for section in changes for key in changes[section]}
    )
    at_first = {arm: cells[next(iter(by_size.values()))] for arm, by_size in sizes.items()}
    found = {arm: _factors(cell) for arm, cell in at_first.items()}
    factors = {arm: {factor: values.get(factor) for factor in varied} for arm, values in found.items()}
    differs = {arm: _differing(cell, at_first[baseline]) for arm, cell in at_first.items()}
    resolutions = {arm: cell.model.skip_resolution for arm, cell in at_first.items()}
    summaries = {arm: cell.arm_summary for arm, cell in at_first.items()}
    return Arms(sizes, factors, differs, baseline, search, resolutions, summaries)


def _differing(cell: Cell, other: Cell) -> list[str]:
    """The keys, as ``section.key``, whose values differ between two cells."""
    found = []
    for section in type(cell).sections():
        here, there = (dict(getattr(c, section)) for c in (cell, other))
        found += [f"{section}.{key}" for key, value in here.items() if value != there.get(key)]
    return found


def _factor(section: str, key: str) -> str:
    return FACTORS.get(f"{section}.{key}", f"{section}.{key}" if key in _AMBIGUOUS else key)


def _ambiguous() -> set[str]:
    """The keys that several sections have, with any of their options, not counting those named by ``FACTORS``."""
    keys = {
        (section, key)
        for section, records in TrainedCell.sections().items()
        for record in records
        for key in record.model_fields
        if f"{section}.{key}" not in FACTORS
    }
    return {key for key, sections in Counter(key for _, key in keys).items() if sections > 1}


_AMBIGUOUS = _ambiguous()


def _factors(cell: TrainedCell) -> dict[str, Any]:
    """Factor -> value, for all keys of a cell."""
    found = {
        _factor(section, key): _plain(value)
        for section in type(cell).sections()
        for key, value in dict(getattr(cell, section)).items()
    }
    found |= {"labels": str(cell.data.labels), "budget": cell.training.length, "dimension": cell.data.features}
    if "skips" in found:
        found["skips"] = ", ".join(map(str, sorted(set(found["skips"] or ())))) or "none"
    return found


def _plain(value: Any) -> Any:
    """Convert records to mappings, whole floats to integers, and tuples to lists."""
    if isinstance(value, Record):
        return value.model_dump(mode="json")
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return list(value) if isinstance(value, tuple) else value
