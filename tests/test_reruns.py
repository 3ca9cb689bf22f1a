"""What an edit runs again: the table of docs/reruns.md, edit by edit, against the jobs of a dry run.

No run is needed: the outputs that a dry run names are written as files of a few bytes, and Snakemake takes them for its
own (--touch), with the parameters, scripts and inputs that they would have been made from.
"""

import copy
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow

SMALL = {"training": {"epochs": 4, "snapshots": {"count": 3}}, "sampling": {"count": 300}}
CONFIG = {
    "studies": {
        "outliers": {
            "replicates": 3,
            "shard": 2,
            "data": {"inliers": 60, "outliers": {"count": 20}},
            "cells": {"few": {}, "more": {"data": {"inliers": 80}}},
            **SMALL,
        },
        "arms": {
            "question": "effective",
            "replicates": 2,
            "shard": 2,
            "effective": {"sizes": [20, 40]},
            "data": {"dataset": "digits", "test": 100},
            "cells": {"none": {}, "unique": {"data": {"labels": {"kind": "unique"}}}},
            "model": {"network": "image-mlp", "width": 16},
            **SMALL,
        },
        "own": {
            "replicates": 2,
            "shard": 2,
            "data": {"dataset": "folder", "path": "own", "size": [1, 4, 4], "inliers": 30},
            "model": {"network": "image-mlp", "width": 16},
            **SMALL,
        },
        "onset": {"question": "onset", "onset": {"repetitions": 6}, "law": {"dimension": 8}},
    }
}
CONFIG = json.loads(json.dumps(CONFIG))  # sections that studies share are one object no longer
SHARD = "results/matrix/outliers/few/r000-001"


def snakemake(folder: Path, *arguments: str, root: Path = ROOT) -> str:
    command = [sys.executable, "-m", "snakemake", *arguments, "--cores", "1"]
    where = ["--snakefile", root / "workflow/Snakefile", "--directory", folder, "--configfile", folder / "matrix.yaml"]
    done = subprocess.run([*map(str, command + where)], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def first_jobs(said: str) -> str:
    """Rules and numbers of the jobs of a dry run that have a reason of their own."""
    count: dict[str, int] = {}
    for rule, block in re.findall(r"^(?:local)?(?:rule|checkpoint) ([\w-]+):\n((?:    .*\n)+)", said, re.MULTILINE):
        reasons = re.search(r"    reason: (.*)", block)
        own = [part for part in reasons[1].split("; ") if not part.startswith("Input files updated by another job")]
        if own and not all(part.startswith("Missing output files") and len(reasons[1].split("; ")) > 1 for part in own):
            count[rule] = count.get(rule, 0) + 1
    return ", ".join(f"{rule} {number}" for rule, number in sorted(count.items())) or "nothing"


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """A folder that Snakemake takes for a finished run."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "matrix.yaml").write_text(yaml.safe_dump(CONFIG))
    (folder / "own" / "class").mkdir(parents=True)
    for number in range(3):
        (folder / "own" / "class" / f"{number}.png").write_text("pixels")
    for line in re.findall(r"^    (?:output|log|benchmark): (.*)", snakemake(folder, "-n"), re.MULTILINE):
        for path in line.split(", "):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(path)
    snakemake(folder, "--touch", "--forceall", "--quiet", "all")
    return folder


def setting(study: str, key: str, value: object) -> Callable[[Path], None]:
    """Edit of the config: a dotted key of a study."""

    def edit(folder: Path) -> None:
        config = copy.deepcopy(CONFIG)
        *sections, name = key.split(".")
        part = config["studies"][study] if study else config
        for section in sections:
            part = part.setdefault(section, {})
        part[name] = value
        (folder / "matrix.yaml").write_text(yaml.safe_dump(config))

    return edit


def both(*edits: Callable[[Path], None]) -> Callable[[Path], None]:
    """Two settings of the same study, which must be written together."""

    def edit(folder: Path) -> None:
        config = copy.deepcopy(CONFIG)
        for change in edits:
            change(folder)
            found = yaml.safe_load((folder / "matrix.yaml").read_text())
            for study, settings in found["studies"].items():
                for key, value in settings.items():
                    if value != CONFIG["studies"][study].get(key):
                        config["studies"][study][key] = value
        (folder / "matrix.yaml").write_text(yaml.safe_dump(config))

    return edit


def studies(change: Callable[[dict], object]) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        config = copy.deepcopy(CONFIG)
        change(config["studies"])
        (folder / "matrix.yaml").write_text(yaml.safe_dump(config))

    return edit


def lost(*patterns: str) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        for pattern in patterns:
            for path in list(folder.glob(pattern)):
                path.unlink()

    return edit


def reorder(folder: Path) -> None:
    config = {"studies": dict(reversed(CONFIG["studies"]["outliers"].items()))}
    config["studies"] = {**CONFIG["studies"], "outliers": config["studies"]}
    (folder / "matrix.yaml").write_text("# a comment\n" + yaml.safe_dump(config, sort_keys=False))


def rewritten(path: str) -> Callable[[Path], None]:
    return lambda folder: (folder / path).write_text("other")


def code(path: str, old: str, new: str) -> Callable[[Path], None]:
    """Edit of a copy of the code next to the results."""

    def edit(folder: Path) -> None:
        for part in ("workflow", "envs", "profiles", "config"):
            shutil.copytree(ROOT / part, folder / "code" / part, ignore=shutil.ignore_patterns("__pycache__"))
        file = folder / "code" / path
        text = file.read_text()
        assert old in text, f"{path} has no {old!r}"
        file.write_text(text.replace(old, new, 1))

    return edit


def function_in(module: str) -> Callable[[Path], None]:
    """A new function at the end of a module: its meaning has changed, for all that the digest knows."""
    last = (ROOT / "workflow/diffmem" / module).read_text()
    return code(f"workflow/diffmem/{module}", last, last + "\n\ndef added():\n    return 1\n")


EDITS: dict[str, Callable[[Path], object]] = {
    "nothing": lambda folder: None,
    "config: a comment, or keys in another order": reorder,
    "config: the key `run` added, with the name that the file's name gives anyway": setting("", "run", "matrix"),
    "config: `measure.ratio` and `measure.ratios`": both(
        setting("outliers", "measure", {"ratio": 2.0, "ratios": [2.0]})
    ),
    "config: `neighbours.index`": setting("outliers", "neighbours.index", "ivf"),
    "config: `sampling.sampler`": setting("outliers", "sampling.sampler", "ddim"),
    "config: `sampling.part`": setting("outliers", "sampling.part", 2),
    "config: `sampling.count`": setting("outliers", "sampling.count", 400),
    "config: `training.learning_rate`": setting("outliers", "training.learning_rate", 0.01),
    "config: `training.epochs`": setting("outliers", "training.epochs", 5),
    "config: `model.width`": setting("outliers", "model.width", 32),
    "config: `schedule.name`": setting("outliers", "schedule.name", "cosine"),
    "config: `data.noise`": setting("outliers", "data.noise", 0.1),
    "config: `compute.precision`": setting("outliers", "compute.precision", "bfloat16"),
    "config: `compute.segment`": setting("outliers", "compute.segment", 5),
    "config: three more replicates": setting("outliers", "replicates", 6),
    "config: one replicate fewer": setting("outliers", "replicates", 2),
    "config: one more cell": setting("outliers", "cells.most", {"data": {"inliers": 100}}),
    "config: one cell fewer": setting("outliers", "cells", {"few": {}}),
    "config: one more study": studies(lambda all: all.update(another={"replicates": 1, **SMALL})),
    "config: one study fewer": studies(lambda all: all.pop("onset")),
    "config: `seed`": setting("", "seed", 2),
    "config: one more training size of the arms": setting("arms", "effective.sizes", [20, 40, 80]),
    "config: `onset.repetitions`": setting("onset", "onset.repetitions", 7),
    "config: `law.dimension`": setting("onset", "law.dimension", 16),
    "config: `intermediates` from keep to discard": setting("", "intermediates", "discard"),
    "results: a figure is lost": lost("results/matrix/outliers/figures/net.png"),
    "results: the curves are lost": lost("results/matrix/outliers/curves.parquet"),
    "results: data are lost": lost(f"{SHARD}/data.npz"),
    "results: a log or a benchmark is lost": lost("results/matrix/logs/**/*.log", "results/matrix/benchmarks/**/*.tsv"),
    "results: an input is touched, its content the same": lambda folder: os.utime(folder / SHARD / "rates.parquet"),
    "results: the content of a table is changed": rewritten(f"{SHARD}/rates.parquet"),
    "own data: an image comes in": lambda folder: (folder / "own/class/9.png").write_text("pixels"),
    "own data: an image goes": lost("own/class/1.png"),
    "own data: an image is rewritten under its name": rewritten("own/class/1.png"),
    "code: a comment or docstring of a module": code("workflow/diffmem/measure/rates.py", '"""', '"""Other words. '),
    "code: a comment of the Snakefile or a rule": code("workflow/rules/data.smk", '"""Draw', '"""Now draw'),
    "code: a line of `scripts/rates.py`, even a comment": code(
        "workflow/scripts/rates.py", "job.start", "# x\njob.start"
    ),
    "code: a function of `data/toy.py`, which only these data use": function_in("data/toy.py"),
    "code: a function of a dataset that is not used": function_in("data/archives.py"),
    "code: a function of `measure/rates.py`": function_in("measure/rates.py"),
    "code: a figure": function_in("report/outliers/thresholds.py"),
}


def table() -> dict[str, str]:
    """Edit -> jobs, as the docs say."""
    lines = (ROOT / "docs/reruns.md").read_text().splitlines()
    rows = [line.strip("|").split(" | ") for line in lines if line.startswith("| ") and " | " in line]
    found = {edit.strip(): ", ".join(sorted(jobs.strip().split(", "))) for edit, jobs in rows}
    return {edit: jobs for edit, jobs in found.items() if edit != "edit"}


def test_every_edit_of_the_table_runs_again_what_it_says(finished, tmp_path):
    assert list(table()) == list(EDITS)
    assert len(EDITS) > 35

    def jobs_after(number: int, edit: Callable[[Path], object]) -> str:
        folder = shutil.copytree(finished, tmp_path / str(number))
        edit(folder)
        root = folder / "code" if (folder / "code").exists() else ROOT
        return first_jobs(snakemake(folder, "-n", root=root))

    with ThreadPoolExecutor(2) as threads:
        found = dict(zip(EDITS, threads.map(jobs_after, range(len(EDITS)), EDITS.values()), strict=True))
    wrong = {edit: f"{jobs}; runs {found[edit]}" for edit, jobs in table().items() if jobs != found[edit]}
    print(f"{len(EDITS)} edits")
    assert not wrong, "\n".join(f"{edit}: should run {jobs}" for edit, jobs in wrong.items())
