"""The names that the package offers: they exist, load only what they need, and their examples are right."""

import doctest
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import diffmem

ROOT = Path(__file__).parents[1]


def test_every_public_name_is_there_documented_and_used_in_an_example():
    for name in diffmem.__all__:
        assert getattr(diffmem, name).__doc__, name
        assert f"diffmem.{name}(" in diffmem.__doc__, f"no example of {name}"
    assert set(diffmem.__all__) <= set(dir(diffmem))


def test_the_examples_print_what_they_say():
    found = doctest.testmod(diffmem)
    assert found.attempted > 10
    assert not found.failed


def test_the_version_is_that_of_the_project():
    assert diffmem.__version__ == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"version: {diffmem.__version__}\n" in (ROOT / "CITATION.cff").read_text()


def test_an_unknown_name_is_refused_with_those_that_are_known():
    with pytest.raises(AttributeError, match="no attribute 'audits'; public are audit, chance"):
        diffmem.audits  # noqa: B018


def test_the_package_loads_nothing_before_it_is_asked():
    code = "import sys, diffmem; print([m for m in ('numpy', 'pandas', 'torch') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "workflow", capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
