"""The name of a run, whose results are in results/NAME.

It is the top-level key ``run`` of the config or, without this key, the name of the config file without .yaml. If there
are several config files, the name of the last one is used.

    python -m diffmem.settings.run [CONFIG ...]      prints the name, for the Makefile
"""

import re
import sys
from pathlib import Path
from typing import Any

from diffmem.settings.read import ConfigError, read

PATTERN = r"[A-Za-z0-9][A-Za-z0-9._-]*"
# if the workflow is used as a module, without a config file
DEFAULT = "diffmem"
QUICK = Path(__file__).parents[3] / "config" / "config.yaml"


def run_name(config: dict[str, Any], files: dict[str | Path, dict[str, Any]]) -> str:
    """Name of the run of ``config``, which is merged from ``files`` (path -> content) and the command line.

    Raises:
        ConfigError: if the name is not text, or has characters that are not allowed.
    """
    named = [content["run"] for content in files.values() if "run" in content]
    given = config.get("run")
    if given is not None and (not named or given != named[-1]):  # from the command line, or from a module's config
        return _checked(given, f"run = {given!r}")
    if not files:
        return DEFAULT if given is None else _checked(given, f"run = {given!r}")
    path, content = list(files.items())[-1]
    named_here = content.get("run")
    if named_here is not None:
        return _checked(named_here, f"run = {named_here!r}")
    stem = Path(path).stem
    return _checked(stem, f"run = {stem!r} (the name of the config file)")


def _checked(name: Any, words: str) -> str:
    if isinstance(name, str) and re.fullmatch(PATTERN, name):
        return name
    raise ConfigError(
        f"{words}: must be text of letters, digits, dots, dashes and underscores; add or change the key run"
    )


def main(paths: list[str]) -> str:
    """Name of the run of the config files ``paths``; without paths, of config/config.yaml.

    Raises:
        ConfigError: if one of them cannot be read.
    """
    contents: dict[str | Path, dict[str, Any]] = {}
    for path in paths or [str(QUICK)]:
        if not Path(path).is_file():
            raise ConfigError(f"{path}: no such config file; the configs of this project are in config/")
        contents[path] = read(path)
    return run_name({key: value for content in contents.values() for key, value in content.items()}, contents)


if __name__ == "__main__":
    try:
        print(main(sys.argv[1:]))
    except ConfigError as error:
        sys.exit(str(error))
