"""The page of a run: one HTML file, made from tables and figures, that needs no other files and no network."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from diffmem import files, registry
from diffmem.report.page import audits, cautions, claims, costs, findings, numbers, stopping
from diffmem.report.page.figures import Shown, anchor, shown
from diffmem.report.page.papers import COPYING, DEFINITIONS, PAPERS, QUESTIONS
from diffmem.version import __version__, installed

PACKAGES = ("torch", "numpy", "scipy", "pandas", "faiss-cpu", "scikit-learn", "matplotlib", "snakemake")
OTHERS = ("controls", "controls-full", "published")  # folders with figures that do not belong to a study
FIRST = ("stopping", "net", "images", "quality")  # figures of a study of copying alone
CALIBRATION = ("setting", "criterion", "false_alarm", "power_1", "power_5", "power_20", "bias", "coverage")


@dataclass(frozen=True)
class StudyWords:
    """What the page needs about a study in addition to its tables.

    Attributes:
        question: a key of ``QUESTIONS``.
        cells: cell -> its description.
        cautions: sentences about settings that are likely mistakes.
        counted: what its snapshots are counted in.
    """

    question: str
    cells: dict[str, str]
    cautions: tuple[str, ...] = ()
    counted: str = "epoch"


@dataclass(frozen=True)
class Section:
    """The section of a study on the page.

    Attributes:
        name: of the study.
        question: as in `StudyWords`.
        title, asks: title of the paper, and the question.
        replicates: largest number of replicates of a claim.
        cells: descriptions of the cells.
        figures: in reading order.
        stopping: paragraphs on when to stop training.
        audits: verdicts on given samples.
        tally: group of verdicts -> number of claims.
    """

    name: str
    question: str
    title: str
    asks: str
    replicates: int
    cells: list[str]
    figures: list[Shown]
    stopping: list[str]
    audits: list[audits.Told]
    tally: dict[str, int] = field(default_factory=dict)


def page(
    folder: Path,
    table: pd.DataFrame,
    *,
    studies: Mapping[str, StudyWords],
    captions: str,
    config: Mapping[str, Any],
    configfiles: list[str],
) -> str:
    """The page as HTML.

    Args:
        folder: folder of the run, with a folder per study.
        table: claims.csv of the run or of one study.
        studies: name of a study -> its question and cells, for the studies on the page, in the order of the config.
        captions: template of all captions, see `figures.caption`.
        config: the whole config, as merged by Snakemake.
        configfiles: the files of the config, for the commands that make one file again.

    Raises:
        ValueError: as ``claims.rows``.
    """
    questions = {name: study.question for name, study in studies.items()}
    words = {name: study.cells for name, study in studies.items()}
    rows = claims.rows(table, questions=questions, words=words)
    order = sorted(studies, key=lambda name: list(QUESTIONS).index(questions[name]))
    sections = [_section(folder, name, studies[name], rows, captions) for name in order]
    drawn = {figure.anchor for section in sections for figure in section.figures}
    return _template().render(
        run=folder.name,
        findings=[*_of_sections(sections), *findings.findings(table, questions=questions, words=words)],
        cautions=_cautions(folder, table, studies),
        sections=sections,
        calibrations=_calibrations(folder),
        **_about_claims(rows, questions, drawn),
        **_about_the_run(folder, studies, captions),
        config=yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True, width=100),
        option="".join(f" --configfile {name}" for name in configfiles[:1]) + "".join(f" {n}" for n in configfiles[1:]),
        number=numbers.number,
    )


def _of_sections(sections: list[Section]) -> list[findings.Finding]:
    """What audits and advice on stopping say, before the findings of the claims."""
    found = [finding for section in sections for finding in audits.findings(section.name, section.audits)]
    copying = [section for section in sections if section.question == COPYING]
    return [*found, *(findings.Finding("When to stop", text) for section in copying for text in section.stopping)]


def _about_claims(rows: list[claims.Row], questions: Mapping[str, str], drawn: set[str]) -> dict[str, Any]:
    """Values of the template for the table of claims; ``drawn`` are the anchors of the figures on the page."""
    return {
        "rows": rows,
        "drawn": drawn,
        "anchor": anchor,
        "tally": claims.tally(rows),
        "papers": {key: paper for key, paper in PAPERS.items() if key in questions.values()},  # and what is no paper's
        "definitions": {key: text for key, text in DEFINITIONS.items() if key in {row.defined for row in rows}},
    }


def _about_the_run(folder: Path, studies: Mapping[str, StudyWords], captions: str) -> dict[str, Any]:
    """Values of the template for what belongs to no study, for costs, and for versions."""
    jobs = costs.measured(folder / "benchmarks")
    return {
        "others": [(name, found) for name in OTHERS if (found := shown(folder / name, _names(name), captions))],
        "costs": costs.costs(jobs[jobs["study"].isin([*studies, *OTHERS])]),
        "duration": numbers.duration,
        "memory": costs.memory,
        "versions": {"diffmem": __version__, **installed(PACKAGES)},
        "machine": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
    }


def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("diffmem.report.page"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("report.html")


def _section(folder: Path, name: str, study: StudyWords, rows: list[claims.Row], captions: str) -> Section:
    mine = [row for row in rows if row.study == name]
    return Section(
        name=name,
        question=study.question,
        title=QUESTIONS[study.question].title if QUESTIONS[study.question].source else "",
        asks=QUESTIONS[study.question].asks,
        replicates=max((row.replicates for row in mine), default=0),
        cells=list(study.cells.values()),
        figures=shown(folder / name, _names(study.question), captions),
        stopping=_stopping(folder / name / "stopping.parquet", study),
        audits=audits.tell(folder / name, study.cells) if study.question == "audit" else [],
        tally=claims.tally(mine),
    )


def _stopping(path: Path, study: StudyWords) -> list[str]:
    """Paragraphs on when to stop training; empty if the study has no table of this."""
    return stopping.sentences(files.load_table(path), study.cells, counted=study.counted) if path.is_file() else []


def _names(key: str) -> list[str]:
    """Names of the figures of a question or a folder, in reading order."""
    folder = {COPYING: "outliers"}.get(key, "calibration" if key.startswith("controls") else key)
    names = list(registry.FIGURES.get(folder, ()))
    first = {"outliers": [names[0], "animation"], COPYING: [*FIRST, "animation"]}.get(key, []) if names else []
    return [*first, *(name for name in names if name not in first)]


def _cautions(folder: Path, table: pd.DataFrame, studies: Mapping[str, StudyWords]) -> list[str]:
    found = [sentence for study in studies.values() for sentence in study.cautions]
    found += cautions.of_claims(table)
    for name in studies:
        for file, read in (("quality.parquet", cautions.of_quality), ("runs.parquet", cautions.of_runs)):
            if (path := folder / name / file).is_file():
                found += read(files.load_table(path))
    return found


def _calibrations(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Name of a calibration -> its rows, for those that have been run."""
    paths = {name: folder / name / "calibration.csv" for name in OTHERS}
    return {
        name: pd.read_csv(path).reindex(columns=CALIBRATION).to_dict("records")
        for name, path in paths.items()
        if path.is_file()
    }
