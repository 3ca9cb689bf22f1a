"""Time and memory of a run by study and rule, from the files that Snakemake's ``benchmark`` writes."""

import math
import re
from pathlib import Path
from typing import NamedTuple

import pandas as pd

SHARD = r"r\d+-\d+"
CONTROL = "control"  # name of the only rule whose file has the name of a shard


class Cost(NamedTuple):
    """The jobs of a rule in one study.

    Attributes:
        study, rule: names of the study and of the rule.
        jobs: number of jobs.
        seconds, longest: wall time of all jobs together, and of the longest one.
        memory: largest memory of a job, in MB.
    """

    study: str
    rule: str
    jobs: int
    seconds: float
    longest: float
    memory: float


def measured(folder: Path) -> pd.DataFrame:
    """A table with one row per job and the columns study, rule, seconds and memory (MB), from .tsv files in ``folder``.

    The files are STUDY/CELL/[SHARD/]RULE.tsv. Files that cannot be read are left out, since costs are not results.
    """
    found = []
    for path in sorted(folder.rglob("*.tsv")):
        study = path.relative_to(folder).parts[0]
        rule = CONTROL if re.fullmatch(SHARD, path.stem) else path.stem
        try:
            table = pd.read_csv(path, sep="\t", na_values="-")
            found.append((study, rule, float(table["s"].sum()), float(table["max_rss"].max())))
        except (KeyError, ValueError, pd.errors.ParserError):
            continue
    return pd.DataFrame(found, columns=["study", "rule", "seconds", "memory"])


def costs(jobs: pd.DataFrame) -> list[Cost]:
    """One entry per study and rule, from the table ``jobs`` of `measured`; the rule with most time is the first."""
    found = [
        Cost(study, rule, len(part), part["seconds"].sum(), part["seconds"].max(), part["memory"].max())
        for (study, rule), part in jobs.groupby(["study", "rule"], sort=False)
    ]
    return sorted(found, key=lambda cost: (cost.study, -cost.seconds))


def memory(megabytes: float) -> str:
    """Megabytes as text, or a dash if they were not measured, as in very short jobs.

    >>> [memory(x) for x in (324.6, 20480, float("nan"))]
    ['325 MB', '20.0 GB', '–']
    """
    if math.isnan(megabytes):
        return "–"
    return f"{megabytes / 1024:.1f} GB" if megabytes >= 1024 else f"{megabytes:.0f} MB"
