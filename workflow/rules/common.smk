"""Where things lie, which targets exist, and which part of the config a rule sees. No science."""

import json
from pathlib import Path

from diffmem import registry
from diffmem.settings import checks
from diffmem.settings.read import ConfigError, read, studies
from diffmem.digest import digest
from snakemake.exceptions import WorkflowError

try:
    for path in workflow.configfiles:
        read(path)
    STUDIES = studies(config)
except ConfigError as error:
    raise WorkflowError(str(error))

CURVE_FIGURES = (
    "net",
    "memorized",
    "within",
    "mass",
    "coverage",
    "thresholds",
    "criteria",
)
FIGURES = (*CURVE_FIGURES, "scatter", "losses", "times", "quality", "uses")
ONSET_FIGURES = tuple(registry.ONSET_FIGURES)


EFFECTIVE_FIGURES = tuple(registry.EFFECTIVE_FIGURES)


def asking(*questions):
    """Pattern of the names of the studies that ask these questions; it matches nothing where there are none."""
    names = [re.escape(s.name) for s in STUDIES.values() if s.question in questions]
    return "|".join(names) or "(?!)"


wildcard_constraints:
    study=asking("outliers", "effective"),
    cell="|".join(sorted({re.escape(c) for s in STUDIES.values() for c in s.cells})),
    shard=r"r\d+-\d+",
    figure="|".join((*FIGURES, *EFFECTIVE_FIGURES, *ONSET_FIGURES)),


def passing(path):
    """A large file between two stages, dropped after use where the config says so."""
    return temp(path) if config.get("intermediates") == "discard" else path


def settings(*sections):
    """Function of the wildcards: the sections of the cell's settings that a rule uses, with keys in a fixed order."""

    def chosen(wildcards):
        cell = STUDIES[wildcards.study].cells[wildcards.cell]
        return json.loads(
            json.dumps({key: cell[key] for key in sections}, sort_keys=True)
        )

    return chosen


def own_data(wildcards):
    """The file or folder that the cell's data are read from, with its sub-folders, whose dates tell of new images."""
    path = STUDIES[wildcards.study].cells[wildcards.cell]["data"]["path"]
    if path is None:
        return []
    return [
        path,
        *(str(part) for part in sorted(Path(path).glob("*/")) if part.is_dir()),
    ]


def code(script, *choices):
    """Function of the wildcards: digest of the code that a script reaches, with what the cell's ``choices`` name."""

    def of_cell(wildcards):
        cell = STUDIES[wildcards.study].cells[wildcards.cell] if choices else {}
        chosen = [
            table[cell[section][key]]
            for section, (key, table) in checks.CHOICES.items()
            if section in choices
        ]
        return digest(f"{workflow.basedir}/workflow/scripts/{script}", *chosen)

    return of_cell


def figure_code(script):
    """Function of the wildcards: digest of the code behind one figure."""

    def of_figure(wildcards):
        name = getattr(wildcards, "figure", script.removesuffix(".py"))
        tables = (registry.FIGURES, registry.EFFECTIVE_FIGURES, registry.ONSET_FIGURES)
        target = next(table[name] for table in tables if name in table)
        return digest(f"{workflow.basedir}/workflow/scripts/{script}", target)

    return of_figure


def twinned(study):
    """The cells of a study in which every stratum has held-out twins, so that it can be timed against them."""
    injected = lambda data: any(data[name]["count"] for name in checks.INJECTED)
    return [
        name
        for name, cell in study.cells.items()
        if cell["data"]["twins"] or not injected(cell["data"])
    ]


def shards(pattern, twins=False):
    """Function of the wildcards: the file ``pattern`` of every cell (with ``twins`` only) and shard of a study."""

    def files(wildcards):
        study = STUDIES[wildcards.study]
        return expand(
            pattern,
            study=study.name,
            cell=twinned(study) if twins else study.cells,
            shard=study.shards,
        )

    return files


def first_shards(pattern):
    """Function of the wildcards: the file ``pattern`` of the first shard of every cell of a study."""

    def files(wildcards):
        study = STUDIES[wildcards.study]
        return expand(
            pattern, study=study.name, cell=study.cells, shard=study.shards[0]
        )

    return files


def effective_figures(study):
    """Figures of a study of effective memorization; matches can be looked at where points are images."""
    data = next(iter(study.cells.values()))["data"]
    image = len(checks.size(data)) == 3
    return [name for name in EFFECTIVE_FIGURES if image or name != "matches"]


def figures(study):
    """Every figure of a study, without those of strata that it lacks."""
    if STUDIES[study].question == "onset":
        drawn = ONSET_FIGURES
    elif STUDIES[study].question == "effective":
        drawn = effective_figures(STUDIES[study])
    else:
        lacking = {"times": study not in TWINNED, "uses": study not in WITH_OUTLIERS}
        drawn = [name for name in FIGURES if not lacking.get(name)]
    return expand(
        "results/{study}/figures/{figure}.{kind}",
        study=study,
        figure=drawn,
        kind=("png", "svg"),
    )


def headline_ratios(wildcards):
    """Cell -> the ratio of its main figures."""
    return {
        name: float(cell["measure"]["ratio"])
        for name, cell in STUDIES[wildcards.study].cells.items()
    }


def cell_names(wildcards):
    """The cells of a study, in the order of the config."""
    return list(STUDIES[wildcards.study].cells)


def tested_cells(wildcards):
    """For every data file of a study: its cell, seed, and whether every stratum has held-out twins."""
    study = STUDIES[wildcards.study]
    return [
        (name, cell["seed"], cell["data"]["twins"])
        for name, cell in study.cells.items()
        for _ in study.shards
    ]


def cell_words(wildcards):
    """Cell -> its settings in a few words, for the claims."""
    words = {}
    for name, cell in STUDIES[wildcards.study].cells.items():
        data, training = cell["data"], cell["training"]
        unit = "steps" if training["steps"] else "epochs"
        words[name] = (
            f"{data['shape']}, {data['inliers']} inliers, {training[unit]} {unit}"
        )
    return words


OUTLIERS = [name for name, study in STUDIES.items() if study.question == "outliers"]
TWINNED = [name for name in OUTLIERS if twinned(STUDIES[name])]
WITH_OUTLIERS = [
    name
    for name in OUTLIERS
    if any(cell["data"]["outliers"]["count"] for cell in STUDIES[name].cells.values())
]


def onset_cells(wildcards):
    """The table of every cell of a study."""
    study = STUDIES[wildcards.study]
    return expand(
        "results/{study}/{cell}/onset.parquet", study=study.name, cell=study.cells
    )


def onset_settings(wildcards):
    """Cell -> its settings, for the closed forms and the words of the claims."""
    return json.loads(json.dumps(STUDIES[wildcards.study].cells))
