"""The name of a run, which decides the folder of its results."""

import subprocess
import sys
from pathlib import Path

import pytest

from diffmem.settings.read import ConfigError
from diffmem.settings.run import run_name

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("config", "files", "name"),
    [
        ({}, {"a/paper.yaml": {}}, "paper"),
        ({}, {"a/paper.yaml": {}, "b/wide.yaml": {}}, "wide"),
        ({"run": "own"}, {"paper.yaml": {"run": "own"}}, "own"),
        ({"run": "own"}, {"paper.yaml": {"run": "own"}, "wide.yaml": {}}, "wide"),
        ({"run": "wide-2"}, {"paper.yaml": {"run": "own"}, "wide.yaml": {"run": "wide-2"}}, "wide-2"),
        ({"run": "typed"}, {"paper.yaml": {"run": "own"}}, "typed"),
        ({"run": "typed"}, {"paper.yaml": {}}, "typed"),
        ({}, {}, "diffmem"),
        ({"run": "inner"}, {}, "inner"),
        ({"run": None}, {"v1.2.yaml": {"run": None}}, "v1.2"),
    ],
)
def test_a_run_is_called_by_its_key_or_by_its_last_config_file(config, files, name):
    assert run_name(config, files) == name


@pytest.mark.parametrize(
    ("config", "files", "sentence"),
    [
        (
            {},
            {"my config.yaml": {}},
            r"run = 'my config' \(the name of the config file\): must be",
        ),
        ({"run": "../a"}, {"a.yaml": {"run": "../a"}}, r"run = '\.\./a': must be text of letters"),
        ({"run": 3}, {"a.yaml": {"run": 3}}, "run = 3: must be text"),
        ({"run": "{study}"}, {}, r"run = '\{study\}': must be text"),
    ],
)
def test_a_name_that_is_no_folder_is_refused(config, files, sentence):
    with pytest.raises(ConfigError, match=sentence):
        run_name(config, files)


@pytest.mark.parametrize(("arguments", "name"), [([], "quick"), ([ROOT / "config/paper.yaml"], "paper")])
def test_the_makefile_is_told_the_name(arguments, name):
    command = [sys.executable, "-m", "diffmem.settings.run", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT / "workflow", capture_output=True, text=True, check=True)
    assert done.stdout.strip() == name
