"""Version of the package: from pyproject.toml in a repository, otherwise from the installed metadata."""

import tomllib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

_PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def _version() -> str:
    if _PROJECT.is_file() and (stated := tomllib.loads(_PROJECT.read_text(encoding="utf-8")).get("project", {})):
        return stated["version"]
    return metadata.version("diffmem")


def installed(packages: Iterable[str]) -> dict[str, str]:
    """Package -> version, of those ``packages`` that are installed."""
    found = {}
    for name in packages:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


__version__ = _version()
