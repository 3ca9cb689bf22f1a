"""Reading of configs: strict YAML, defaults, checks, and expansion to studies.

This module runs while Snakemake reads the Snakefile, in the Python environment of Snakemake. It therefore imports only
packages on which Snakemake depends (pydantic, yaml).
"""

import math
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from diffmem.settings.expand import expand
from diffmem.settings.questions import Config
from diffmem.settings.refusals import ConfigError, refusal, shorten, show
from diffmem.settings.study import Study

# names of rules, targets, and files in the folder of a run, which no study can have
RESERVED = {
    "all", "animation", "audit", "audits", "benchmarks", "bundle", "bundle.zip", "calibration", "claims", "claims.csv",
    "control", "controls", "controls-full", "copies", "curves", "dataset", "density", "effective", "exchangeability",
    "fetch", "figure", "frames", "logs", "matches", "membership", "neighbours", "optimum", "permutations", "plan",
    "provenance.html", "prune", "published", "quality", "rates", "report.html", "sample", "saved", "search", "stopping",
    "times", "train", "uses", "verify",
}  # fmt: skip


class _Loader(yaml.SafeLoader):
    """YAML that refuses repeated keys, of which the ordinary loader silently keeps the last."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict:
    keys = [loader.construct_object(key) for key, _ in node.value]
    for key in keys:
        if keys.count(key) > 1:
            mark = node.start_mark
            raise ConfigError(
                f"{mark.name}: the key {key!r} occurs twice in the block at line {mark.line + 1}; remove one"
            )
    return yaml.SafeLoader.construct_mapping(loader, node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read(path: str | Path) -> dict[str, Any]:
    """Read a YAML config.

    Raises:
        ConfigError: if the file is not a YAML mapping, or has a key twice.
    """
    try:
        with open(path, encoding="utf-8") as file:
            content = yaml.load(file, _Loader)
    except ConfigError:
        raise
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        where = getattr(error, "problem_mark", None)
        line = f" (line {where.line + 1})" if where else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise ConfigError(f"{path}: not valid YAML{line}: {shorten(problem, 120)}") from error
    except (ValueError, RecursionError) as error:  # such as numbers of thousands of digits, or the date 2020-99-99
        raise ConfigError(f"{path}: not valid YAML: {shorten(str(error), 120)}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: must have keys at the top level, not {show(content)}")
    return content


def studies(config: dict[str, Any]) -> dict[str, Study]:
    """Validate a config, set all defaults and expand its studies to cells.

    Raises:
        ConfigError: at the first problem.
    """
    _walk(config, "")
    try:
        top = Config.model_validate(config)
    except ValidationError as error:
        raise refusal(error, Config, "") from None
    for name in top.studies:
        if name in RESERVED:
            raise ConfigError(
                f"studies.{name}: this is also the name of a rule, target or file of the workflow; rename the study"
            )
    return {name: expand(name, given, seed=top.seed) for name, given in top.studies.items()}


def _walk(value: Any, where: str) -> None:
    """Refuse keys that are not text and numbers that are not finite, which the records do not check."""
    if isinstance(value, dict):
        for key, part in value.items():
            if not isinstance(key, str):
                raise ConfigError(f"{where}{show(key)}: a key must be text; write it in quotes, with a letter first")
            _walk(part, f"{where}{key}.")
    elif isinstance(value, list):
        for part in value:
            _walk(part, where)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"{where.removesuffix('.')} = {value}: must be a finite number")
