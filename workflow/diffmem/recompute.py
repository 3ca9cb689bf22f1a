"""Measures of a finished run once more, from the inputs that are stored, and whether their bytes are the same.

Snakemake itself runs the rules again, in a run of another name whose inputs are links to the stored ones. Trainings,
samples and data are inputs; nothing that takes long is made again.
"""

import json
import math
import os
import random
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Container, Iterable
from pathlib import Path
from typing import Any

from diffmem import files

SHARE = 0.1  # of the cells of every study, at least one
# the arrays that ``prune`` removes and what is computed from each; files are named from their shard's folder
SAMPLES, GENERATED = "samples.npy", "neighbours/generated.npy"
FROM_SAMPLES = {
    "neighbours/references.npz": "neighbours",
    "neighbours/recall.parquet": "neighbours",
    GENERATED: "neighbours",
    "quality.parquet": "quality",
    "membership.parquet": "membership",
}
FROM_NEIGHBOURS = {
    "rates.parquet": "rates",
    "times.parquet": "times",
    "detection.parquet": "times",
    "density.parquet": "density",
    "copies.parquet": "copies",
}
FROM_DATA = {"ceiling.npz": "optimum", "permutations.parquet": "permutations"}
RULES = {**FROM_SAMPLES, **FROM_NEIGHBOURS, **FROM_DATA}


def choose(
    listed: Iterable[str], run: Path, *, cells: Container[tuple[str, str]], share: float = SHARE, draw: random.Random
) -> list[Path]:
    """Folders of the shards of a random ``share`` of the cells of every study, from the names of a run's artefacts.

    ``cells`` are (study, cell) of the config; files of others are left from an earlier one, and no rule makes them.
    """
    found: dict[str, dict[str, set[Path]]] = defaultdict(lambda: defaultdict(set))
    for path in map(Path, listed):
        inside = path.relative_to(run).parts
        if len(inside) > 3 and re.fullmatch(r"r\d+-\d+", inside[2]) and inside[:2] in cells:
            found[inside[0]][inside[1]].add(run.joinpath(*inside[:3]))
    chosen = []
    for of in found.values():
        for cell in draw.sample(sorted(of), math.ceil(share * len(of))):
            chosen += sorted(of[cell])
    return chosen


def targets(shard: Path, listed: Iterable[str]) -> list[str]:
    """Files of a shard that can be computed from what is stored of it, named from its folder."""
    has_samples = (shard / SAMPLES).is_file()
    possible = {
        **FROM_DATA,
        **(FROM_SAMPLES if has_samples else {}),
        **(FROM_NEIGHBOURS if has_samples or (shard / GENERATED).is_file() else {}),
    }
    names = set(listed)
    return [name for name in possible if (shard / name).as_posix() in names]


def differences(
    shards: list[Path], listed: dict[str, str], *, run: Path, snakemake: list[str], config: dict[str, Any]
) -> list[str]:
    """Compute the measures of ``shards`` again, and return a sentence for every file that comes out otherwise.

    ``listed`` is file -> SHA-256, from the manifest of the bundle of ``run``. ``snakemake`` is the command that runs
    the workflow, but for targets and config.

    Raises:
        ArtefactError: if they cannot be computed.
    """
    again = Path("results") / f"{run.name}.verify-{os.getpid()}"
    wanted: dict[Path, str] = {}  # the new file -> the listed one
    try:
        for shard in shards:
            of, inside = targets(shard, listed), shard.relative_to(run)
            wanted |= {again / inside / name: (shard / name).as_posix() for name in of}
            for name in sorted(listed):
                path = Path(name)
                if path.is_relative_to(shard) and path.is_file() and path.relative_to(shard).as_posix() not in of:
                    link = again / inside / path.relative_to(shard)
                    link.parent.mkdir(parents=True, exist_ok=True)
                    link.symlink_to(path.absolute())
        if wanted:
            _run(snakemake, list(wanted), again, config=config)
        return [
            f"{name}: computed again from its inputs by this version, its content is another"
            for path, name in wanted.items()
            if files.sha256(path) != listed[name]
        ]
    finally:
        shutil.rmtree(again, ignore_errors=True)


def _run(snakemake: list[str], wanted: list[Path], folder: Path, *, config: dict[str, Any]) -> None:
    """Make files of the run in ``folder``, by the rules of measures alone, at any dates of their inputs."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config | {"run": folder.name}), encoding="utf-8")
    options = ["--cores", "1", "--nolock", "--drop-metadata", "--rerun-triggers", "software-env"]
    place = ["--configfile", folder / "config.json", "--allowed-rules", *sorted(set(RULES.values()))]
    command = [*snakemake, *map(str, [*wanted, *options, *place])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = (done.stdout + done.stderr).splitlines()
        said = [line for line in lines if "rror" in line] or lines[-3:]
        raise files.ArtefactError(f"{folder.name}: measures could not be computed again: {' '.join(said)[:200]}")
