"""Keys of a study outside of the sections of its cells, one record per question; and the top level of a config."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from diffmem.settings.audits import AuditCell
from diffmem.settings.onset import OnsetCell
from diffmem.settings.records import AnyWhole, Cell, Choice, Flag, Record, Text, Whole
from diffmem.settings.sections import TrainedCell

NAME = r"^[A-Za-z][A-Za-z0-9.-]*$"
CELL = r"^[A-Za-z0-9][A-Za-z0-9.-]*$"

StudyName = Annotated[str, Field(pattern=NAME)]
CellName = Annotated[str, Field(pattern=CELL)]
Section = dict[str, Any]


class Question(Choice):
    """A study, without the sections of its cells."""

    tag: ClassVar = "question"
    cell: ClassVar[type[Cell]]

    question: str = Field(
        description="question of the study: outliers uses the sections data to measure, effective also "
        "the section effective, onset the sections law, generator and onset; audit judges samples that are given, "
        "by the section audit"
    )
    cells: dict[CellName, dict[str, Section]] = Field(
        {},
        description="name of a cell -> keys that differ from the study's, for example {n-100: {data: {inliers: 100}}}; "
        "without this key there is one cell, called base",
    )
    sweep: dict[str, Annotated[tuple[Any, ...], Field(min_length=1)]] = Field(
        {},
        description="dotted key -> list of values, for example {training.ema: [0, 0.999]}; each combination of values "
        "gives one cell, for each entry of cells",
    )


class Replicated(Question):
    """A study whose models are trained in replicates."""

    cell: ClassVar = TrainedCell

    replicates: Whole = Field(
        10,
        ge=1,
        description="number of independent runs of every cell, each with its own data, initialisation and noise",
    )
    shard: Whole = Field(5, ge=1, description="number of replicates that one job trains together")


class OutliersQuestion(Replicated):
    """When, and which points, models memorize."""

    question: Literal["outliers"] = "outliers"
    samples: Text | None = Field(
        None,
        description="samples of a model that was trained elsewhere, instead of a training: the pattern of their files "
        "(sampling.path) or a function (sampling.module)",
    )


class Effective(Record):
    """effective memorization: the cells are arms, each of which is run at several training sizes"""

    sizes: tuple[Annotated[Whole, Field(ge=2)], ...] = Field(
        (25, 50, 100, 200, 400), min_length=2, description="training sizes (data.inliers) of every arm"
    )
    search: Flag = Field(
        False,
        description="whether only the sizes are run that a bisection for the arm's effective memorization needs",
    )
    baseline: Text | None = Field(None, description="arm with which the others are compared; null is the first")


class EffectiveQuestion(Replicated):
    """Factors of effective memorization."""

    question: Literal["effective"] = "effective"
    effective: Effective = Effective()


class OnsetQuestion(Question):
    """Number of training points at which memorization begins."""

    cell: ClassVar = OnsetCell

    question: Literal["onset"] = "onset"


class AuditQuestion(Question):
    """Are samples that are given copies of training items?"""

    cell: ClassVar = AuditCell

    question: Literal["audit"] = "audit"


QUESTIONS: tuple[type[Question], ...] = (OutliersQuestion, EffectiveQuestion, OnsetQuestion, AuditQuestion)


class Config(Record):
    """The top level of a config; its studies are not validated yet."""

    run: Annotated[str, Field(strict=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")] | None = Field(
        None,
        description="name of the run, whose results are in results/RUN; null is the name of the config file without "
        ".yaml, or of the last one if there are several",
    )
    seed: AnyWhole = Field(
        1,
        ge=0,
        description="seed of all random streams; a replicate's streams depend on the seed, the replicate's number and "
        "the purpose",
    )
    intermediates: Literal["keep", "discard"] = Field(
        "keep",
        description="whether snapshots, samples and neighbour tables are kept or deleted after the next stage has read "
        "them",
    )
    studies: dict[StudyName, dict[str, Any]] = Field(
        min_length=1,
        description="name of a study (letters, digits, dots and dashes) -> its settings; its results are in "
        "results/RUN/NAME",
    )
