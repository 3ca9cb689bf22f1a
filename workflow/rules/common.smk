"""Where things lie, which targets exist, and which part of the config a rule sees. No science."""

from pathlib import Path

from diffmem import registry, runs
from diffmem.settings.read import read, studies
from diffmem.settings.refusals import ConfigError
from diffmem.settings.run import run_name
from diffmem.settings.downloads import DOWNLOADS, needed_for
from diffmem.digest import digest, digest_files
from diffmem.own_code import OwnError, digest_own, refuse
from diffmem.user_files import matched, watched_paths
from snakemake.exceptions import WorkflowError

# as a module, the config comes from the workflow that uses it, whose config files are its own affair
IS_MODULE = workflow.modifier.parent_modifier is not None

try:
    paths = [] if IS_MODULE else workflow.configfiles
    NAME = run_name(config, {path: read(path) for path in paths})
    STUDIES = studies(config)
    own = [s.own_functions() for s in STUDIES.values()]
    for function in sorted({name for names in own for name in names}):
        refuse(function)
    # what runs one job of a run, as on a cluster, stops here if another run has started since
    if not (IS_MODULE or workflow.is_main_process):
        runs.inherit(f"results/{NAME}")
        runs.check()
except (ConfigError, OwnError, runs.RunError) as error:
    raise WorkflowError(str(error))


# runs of two configs do not overwrite each other: everything of a run lies in a folder of its own
pathvars:
    results=f"results/{NAME}",
    logs="<results>/logs",
    benchmarks="<results>/benchmarks",


# plan writes nothing, so that it can be used while a run is active
onstart:
    if set(workflow.dag_settings.targets) != {"plan"}:
        try:
            runs.begin(f"results/{NAME}")
        except runs.RunError as error:
            raise WorkflowError(str(error))


def any_of(names):
    """Pattern that matches any of the ``names``, and nothing where there are none."""
    return "|".join(map(re.escape, names)) or "(?!)"


def asking(*questions):
    """Pattern of the names of the studies that ask these questions."""
    return any_of(s.name for s in STUDIES.values() if s.question in questions)


def trained():
    """Pattern of the names of the studies whose models the workflow trains."""
    return any_of(
        s.name
        for s in STUDIES.values()
        if s.question in ("outliers", "effective") and not s.is_given()
    )


def given():
    """Pattern of the names of the studies whose samples are those of a model that was trained elsewhere."""
    return any_of(s.name for s in STUDIES.values() if s.is_given())


wildcard_constraints:
    study=asking("outliers", "effective"),
    cell="|".join(sorted({re.escape(c) for s in STUDIES.values() for c in s.cells})),
    shard=r"r\d+-\d+",
    segment=r"[1-9]\d*",


def passing(path):
    """A large file between two stages, dropped after use where the config says so."""
    return temp(path) if config.get("intermediates") == "discard" else path


def settings(*sections):
    """Function of the wildcards: the sections of the cell's settings that a rule uses, with keys in a fixed order."""

    def chosen(wildcards):
        return STUDIES[wildcards.study].cells[wildcards.cell].dump(*sections)

    return chosen


def setting(section, key):
    """Function of the wildcards: one value of the cell's settings."""
    return lambda wildcards: getattr(
        getattr(STUDIES[wildcards.study].cells[wildcards.cell], section), key
    )


def memory(wildcards, attempt):
    """Megabytes for a job on the points of a shard; more after a kill."""
    needed = STUDIES[wildcards.study].memory(wildcards.cell)
    return max(2000, needed) * attempt


def memory_to_read(wildcards, attempt):
    """Megabytes for a job that reads the user's files whole: beside ``memory``, 4.5 times their size (docs/operations.md)."""
    files = [
        *own_data(wildcards),
        *(own_samples(wildcards) if STUDIES[wildcards.study].is_given() else []),
    ]
    size = sum(os.path.getsize(file) for file in files if os.path.isfile(file))
    return memory(wildcards, attempt) + round(4.5 * size / 1e6) * attempt


def placed(path):
    """Where a published file is put; a module's prefix is put before relative paths, and all runs share these files."""
    return os.path.abspath(path) if IS_MODULE else path


def unfetched():
    """Pattern of the published files that are not there, so that no edit makes one that is there again."""
    everywhere = (
        not workflow.is_main_process
    )  # a job, whose file another run may have fetched since
    return any_of(path for path in DOWNLOADS if everywhere or not os.path.exists(path))


def own_data(wildcards):
    """The file or folder that the cell's data are read from, and what else in it tells that they have changed."""
    data = STUDIES[wildcards.study].cells[wildcards.cell].data
    paths = [getattr(data, key, None) for key in ("path", "held_out")]
    # a module's prefix is put before relative paths, and these are the user's
    return [
        file
        for path in filter(None, paths)
        for file in dict.fromkeys(
            [*map(placed, needed_for(path)), *watched_paths(placed(path))]
        )
    ]


def audited(wildcards):
    """The files and folders of the sets that an audit compares, and what else in them tells that they have changed."""
    paths = STUDIES[wildcards.study].cells[wildcards.cell].audit.sets.values()
    return [file for path in paths for file in watched_paths(placed(path))]


def own_samples(wildcards):
    """The files of samples that a cell reads; of folders, what else in them tells that they have changed."""
    pattern = getattr(
        STUDIES[wildcards.study].cells[wildcards.cell].sampling, "path", None
    )
    found = matched(pattern) if pattern else []
    found = [file for path in found for file in watched_paths(path)]
    return [os.path.abspath(path) if IS_MODULE else path for path in found]


def code(script, *choices):
    """Function of the wildcards: digest of the code that a script reaches, with what the cell's ``choices`` name."""

    def of_cell(wildcards):
        chosen, own = [], []
        if choices:
            cell = STUDIES[wildcards.study].cells[wildcards.cell]
            chosen = cell.functions(*choices)
            own = [digest_own(name) for name in cell.own_files(*choices)]
        package = digest(workflow.source_path(f"../scripts/{script}"), *chosen)
        return "-".join([package, *own])

    return of_cell


def asked(method):
    """Function of the wildcards: what a method of the study returns."""
    return lambda wildcards: getattr(STUDIES[wildcards.study], method)()


def image_size(wildcards):
    """Channels, height and width of the images of a cell, or of the arm that a study of effective memorization shows."""
    study = STUDIES[wildcards.study]
    name = wildcards.get("cell") or study.arms.shown_cell()
    return study.cells[name].data.point


def shards(pattern, twins=False):
    """Function of the wildcards: the file ``pattern`` of every cell (with ``twins`` only) and shard of a study."""

    def files(wildcards):
        study = STUDIES[wildcards.study]
        return expand(
            pattern,
            study=study.name,
            cell=study.twinned() if twins else study.cells,
            shard=study.shards,
        )

    return files


def onset_cells(wildcards):
    """The table of every cell of a study."""
    study = STUDIES[wildcards.study]
    return expand(
        "<results>/{study}/{cell}/onset.parquet", study=study.name, cell=study.cells
    )


def onset_settings(wildcards):
    """Cell -> its settings, for the closed forms and the words of the claims."""
    cells = STUDIES[wildcards.study].cells
    return {
        name: cell.dump("law", "generator", "onset") for name, cell in cells.items()
    }
