"""The workflow as others use it: a module of theirs, folders with spaces, the installed package, the Makefile."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pandas as pd
import pytest
import yaml

ROOT = Path(__file__).parents[1]
USES = f"""
configfile: "my config.yaml"

module memorization:
    snakefile: "{ROOT}/workflow/Snakefile"
    config: config["memorization"]
    prefix: "part one"

use rule * from memorization as memorization_*

rule mine:
    default_target: True
    input: rules.memorization_all.input
"""


def run(*command, folder: Path, **environment) -> subprocess.CompletedProcess:
    words = [*map(str, command)]
    return subprocess.run(
        words, cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )


def snakemake(*arguments, folder: Path, **environment) -> subprocess.CompletedProcess:
    return run(sys.executable, "-m", "snakemake", "--cores", "2", *arguments, folder=folder, **environment)


def make(*arguments, folder: Path = ROOT) -> subprocess.CompletedProcess:
    """Run make as from a shell, also where the tests themselves run under make."""
    outer = (f"--unset={name}" for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"))
    return run(
        "env", *outer, "make", "-o", ".venv/installed", f"BIN={Path(sys.executable).parent}", *arguments, folder=folder
    )


@pytest.fixture
def project(tmp_path) -> Path:
    """Another workflow, in a folder with a space, that uses this one as a module with a config of its own."""
    folder = tmp_path / "my project"
    (folder / "workflow").mkdir(parents=True)
    (folder / "workflow" / "Snakefile").write_text(USES)
    config = {**yaml.safe_load((ROOT / "config/test.yaml").read_text()), "run": "inner"}
    (folder / "my config.yaml").write_text(yaml.safe_dump({"memorization": config, "other": {"a": 1}}))
    return folder


def test_it_is_a_module_of_another_workflow_under_a_prefix_and_with_that_workflows_config(project):
    result = snakemake("--dry-run", folder=project)
    assert result.returncode == 0, result.stderr[-3000:]
    made = re.findall(r"(?:output|log|benchmark): (.*)", result.stdout)
    assert len(made) > 100
    assert all(path.startswith("part one/results/inner/") for line in made for path in line.split(", "))


def test_data_of_the_user_are_not_sought_under_the_prefix(project):
    config = yaml.safe_load((project / "my config.yaml").read_text())
    data = {"dataset": "folder", "path": "own", "size": [1, 4, 4], "inliers": 30}
    config["memorization"]["studies"] = {"mine": {"data": data, "replicates": 1}}
    (project / "my config.yaml").write_text(yaml.safe_dump(config))
    (project / "own").mkdir()
    result = snakemake("--dry-run", folder=project)
    assert result.returncode == 0, result.stderr[-3000:]
    assert f"input: {project}/own" in result.stdout


@pytest.mark.slow
def test_a_study_runs_as_a_module_in_folders_with_spaces_beside_another_version_of_the_package(project):
    (project / "site" / "diffmem").mkdir(parents=True)
    (project / "site" / "diffmem" / "__init__.py").write_text("raise ImportError('the other version')")
    result = snakemake("memorization_tiny-onset", folder=project, PYTHONPATH=str(project / "site"))
    assert result.returncode == 0, result.stderr[-3000:]
    folder = project / "part one/results/inner/tiny-onset"
    figures = pd.read_csv(folder / "claims.csv")["figure"]
    assert all((folder.parent / path).is_file() for path in figures)


def test_a_config_that_names_no_run_is_called_after_its_file(tmp_path):
    config = tmp_path / "wide nets.yaml"
    config.write_text("studies: {a: {replicates: 1}}")
    snakefile = ("--snakefile", ROOT / "workflow/Snakefile")
    result = snakemake("-n", *snakefile, "--configfile", config, folder=tmp_path)
    assert "run = 'wide nets' (the name of the config file)" in result.stdout
    named = snakemake("-n", *snakefile, "--configfile", config, "--config", "run=wide", folder=tmp_path)
    assert named.returncode == 0, named.stderr
    assert "results/wide/a/base/r000-000/data.npz" in named.stdout
    assert re.search(r"profile .*workflow/profiles/default ", named.stderr)  # also away from the repository


def test_a_study_is_a_target_with_its_figures_and_its_claims(tmp_path):
    files = ("--snakefile", ROOT / "workflow/Snakefile", "--configfile", ROOT / "config/test.yaml")
    result = snakemake("-n", "tiny-onset", *files, "--directory", tmp_path / "a folder", folder=ROOT)
    assert result.returncode == 0, result.stderr
    assert "results/test/tiny-onset/claims.csv" in result.stdout
    assert "results/test/tiny-onset/figures/places.png" in result.stdout
    assert "tiny-arms" not in result.stdout


@pytest.mark.parametrize("target", ["plan", "run"])
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("studies: {q: {data: {inlier: 5}}}", "studies.q.data.inlier: unknown key (did you mean inliers?)"),
        (None, "absent.yaml: no such config file"),
        ("studies: [", "not valid YAML"),
    ],
)
def test_make_says_what_is_wrong_with_a_config(tmp_path, target, text, sentence):
    config = tmp_path / "absent.yaml"
    if text:
        config.write_text(text)
    result = make(target, f"CONFIG={config}")
    assert result.returncode == 2
    assert sentence in result.stdout + result.stderr
    assert "Traceback" not in result.stderr


def test_make_plan_prints_the_table_alone():
    result = make("plan", "CONFIG=config/test.yaml")
    assert result.returncode == 0, result.stderr
    assert result.stdout.split()[:2] == ["study", "cell"]
    assert "rule" not in result.stdout


def test_the_declared_snakemake_is_the_one_that_the_workflow_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pipeline = project["optional-dependencies"]["pipeline"]
    declared = next(name for name in pipeline if name.startswith("snakemake"))
    asked = re.search(r'min_version\("([\d.]+)"\)', (ROOT / "workflow/Snakefile").read_text())[1]
    assert f">={asked}," in declared


@pytest.mark.slow
def test_the_package_works_when_it_is_installed(tmp_path):
    """Not editable, away from the repository: every module and the files that it reads are inside."""
    pytest.importorskip("setuptools", minversion="77", reason="no setuptools to build with")
    source = tmp_path / "source"
    unpacked = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "workflow" / "diffmem", source / "workflow" / "diffmem", ignore=unpacked)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--target")
    done = run(*pip, tmp_path / "site", source, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    code = (
        "import pkgutil, importlib, diffmem\n"
        "for module in pkgutil.walk_packages(diffmem.__path__, 'diffmem.'):\n"
        "    importlib.import_module(module.name)\n"
        "from diffmem.settings.read import studies\n"
        "print(diffmem.__file__, len(studies({'studies': {'a': {}}})['a'].cells))"
    )
    used = run(sys.executable, "-c", code, folder=tmp_path, PYTHONPATH=str(tmp_path / "site"))
    assert used.returncode == 0, used.stderr
    assert used.stdout.split() == [str(tmp_path / "site/diffmem/__init__.py"), "1"]
