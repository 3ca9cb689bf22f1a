"""A stand-in for the command `conda`, for machines that reach no conda channel. It is not conda.

It answers what Snakemake asks, and makes an environment with the same Python and links to the installed packages that
the file pins, with what these require and nothing else. The versions must be those of the file.

    python standin_conda.py FOLDER      writes FOLDER/bin/conda and FOLDER/bin/activate
"""

import importlib.metadata
import itertools
import json
import subprocess
import sys
from pathlib import Path

import yaml
from packaging.requirements import Requirement

ACTIVATE = 'export CONDA_PREFIX="$1"\nexport PATH="$1/bin:$PATH"\n'
# every start of the environment's Python leaves a line
NOTE = "import sys\nwith open(sys.prefix + '/used', 'a') as file:\n    file.write(' '.join(sys.argv) + '\\n')\n"


def install(folder: Path) -> Path:
    """Write the commands into ``folder``/bin and return that."""
    binary = folder / "bin"
    binary.mkdir(parents=True)
    (binary / "activate").write_text(ACTIVATE)
    (binary / "conda").write_text(f'#!/bin/sh\nexec "{sys.executable}" "{__file__}" "{folder}" "$@"\n')
    (binary / "conda").chmod(0o755)
    return binary


def answer(folder: str, *words: str) -> None:
    """Do what `conda` would do when called with these ``words``."""
    if words == ("--version",):
        print("conda 24.11.0")
    elif words == ("info", "--json"):
        print(json.dumps({"conda_prefix": folder, "platform": "linux-64"}))
    elif words[:2] == ("config", "--get"):
        print(json.dumps({"get": {"channel_priority": "strict"}}))
    elif words[:1] == ("clean",):
        pass
    elif "create" in words:
        given = {key: value.strip("'\"") for key, value in itertools.pairwise(words)}
        create(Path(given["--prefix"]), yaml.safe_load(Path(given["--file"]).read_text()))
    else:
        sys.exit(f"the stand-in for conda does not know {' '.join(words)}")


def create(prefix: Path, environment: dict) -> None:
    """Make the environment of a file at ``prefix``."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", prefix], check=True)
    packages = next(prefix.glob("lib/python*/site-packages"))
    pins = next(part["pip"] for part in environment["dependencies"] if isinstance(part, dict))
    for pin in pins:
        name, version = pin.split("==")
        found = importlib.metadata.version(name).partition("+")[0]  # 2.13.0+cpu is 2.13.0, built for processors
        if found != version:
            sys.exit(f"{name}: {version} is pinned and {found} is installed")
    for name in required([pin.split("==")[0] for pin in pins]):
        link(name, packages)
    (packages / "sitecustomize.py").write_text(NOTE)


def required(names: list[str]) -> set[str]:
    """The distributions ``names`` and those that they require, directly or not."""
    todo, found = list(names), set()
    while todo:
        name = todo.pop().lower().replace("_", "-")
        if name in found:
            continue
        try:
            listed = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:  # not needed on this machine
            continue
        found.add(name)
        wanted = map(Requirement, listed)
        todo += [part.name for part in wanted if part.marker is None or part.marker.evaluate({"extra": ""})]
    return found


def link(name: str, packages: Path) -> None:
    """Link what a distribution has installed into the folder ``packages``."""
    distribution = importlib.metadata.distribution(name)
    tops = {file.parts[0] for file in distribution.files or [] if file.parts[0] not in ("..", "__pycache__")}
    for top in tops:
        target = packages / top
        if not target.exists():
            target.symlink_to(Path(str(distribution.locate_file(top))).resolve())


if __name__ == "__main__":
    answer(*sys.argv[1:])
