"""Where things lie, which targets exist, and which part of the config a rule sees. No science."""

import json

from diffmem import checks, registry
from diffmem.config import ConfigError, read, studies
from diffmem.digest import digest
from snakemake.exceptions import WorkflowError

try:
    for path in workflow.configfiles:
        read(path)
    STUDIES = studies(config)
except ConfigError as error:
    raise WorkflowError(str(error))

CURVE_FIGURES = ("net", "memorized", "within", "mass", "coverage", "thresholds")
FIGURES = (*CURVE_FIGURES, "scatter", "losses", "times", "quality")
ONSET_FIGURES = tuple(registry.ONSET_FIGURES)


def asking(question):
    """Pattern of the names of the studies that ask this question; it matches nothing where there are none."""
    names = [re.escape(s.name) for s in STUDIES.values() if s.question == question]
    return "|".join(names) or "(?!)"


wildcard_constraints:
    study=asking("outliers"),
    cell="|".join(sorted({re.escape(c) for s in STUDIES.values() for c in s.cells})),
    shard=r"r\d+-\d+",
    figure="|".join((*FIGURES, *ONSET_FIGURES)),


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
        target = {**registry.FIGURES, **registry.ONSET_FIGURES}[name]
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


def figures(study):
    """Every figure of a study."""
    if STUDIES[study].question == "onset":
        drawn = ONSET_FIGURES
    else:
        drawn = [name for name in FIGURES if name != "times" or twinned(STUDIES[study])]
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


def cell_words(wildcards):
    """Cell -> its settings in a few words, for the claims."""
    words = {}
    for name, cell in STUDIES[wildcards.study].cells.items():
        data, training = cell["data"], cell["training"]
        words[name] = (
            f"{data['shape']}, {data['inliers']} inliers, {training['epochs']} epochs"
        )
    return words


TWINNED = [
    name
    for name, study in STUDIES.items()
    if study.question == "outliers" and twinned(study)
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
