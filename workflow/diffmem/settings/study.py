"""A study, its cells and its shards: what the wildcards of the rules stand for."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Arms:
    """The arms of a study.

    Attributes:
        cells: arm -> size -> name of the cell.
        factors: arm -> factor -> value, of every factor in which any two arms differ.
        differs: arm -> dotted keys in which its settings differ from the baseline's at the same size.
        baseline: the arm that the others are compared with.
        search: whether only those sizes are run that a search for EMM asks for.
        resolutions: arm -> height in pixels of the images at which its skip connections are, None if not all at one.
    """

    cells: dict[str, dict[int, str]]
    factors: dict[str, dict[str, Any]]
    differs: dict[str, list[str]]
    baseline: str
    search: bool
    resolutions: dict[str, int | None]


@dataclass(frozen=True)
class Study:
    """A study of the config.

    Attributes:
        question: which paper's question is asked.
        replicates: independent runs of every cell.
        cells: name of a cell -> its complete settings.
        shards: names of the shards, as r000-004, each the replicates that one job works on.
        arms: of a study of effective memorization.
    """

    name: str
    question: str
    replicates: int
    cells: dict[str, dict[str, Any]]
    shards: tuple[str, ...]
    arms: Arms | None = None

    @property
    def stack(self) -> int:
        """Replicates of a full shard."""
        return len(replicates(self.shards[0]))


def shards(*, replicates: int, size: int) -> tuple[str, ...]:
    """Names of the shards of so many replicates, ``size`` to a shard and the rest in the last."""
    return tuple(f"r{start:03d}-{min(start + size, replicates) - 1:03d}" for start in range(0, replicates, size))


def replicates(shard: str) -> range:
    """Numbers of the replicates in the shard called r000-004."""
    first, last = shard.removeprefix("r").split("-")
    return range(int(first), int(last) + 1)
