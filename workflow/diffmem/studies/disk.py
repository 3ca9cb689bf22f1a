"""Whether the files of a run fit the disk, and which key would help.

    kept        the plan's bytes of all cells, less those that lie in the run's folder already                    (1)
    discarded   the plan's bytes of the largest shards, as many as run at once, since the arrays of a shard       (2)
                are deleted once they have been read

The plan's bytes are exact for arrays (`studies.plan`). (2) is the least that a run needs: Snakemake may start another
shard before the arrays of the last one are deleted.
"""

import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path

import pandas as pd

from diffmem.settings.study import Study


class DiskError(RuntimeError):
    """A run would not fit the disk; the message is one sentence with bytes and the key that would help."""


def refuse_full(
    table: pd.DataFrame, studies: dict[str, Study], *, folder: str, free: int, there: int, cores: int, discard: bool
) -> None:
    """Refuse a run that would not fit.

    Args:
        table: as of ``plan.plan``.
        studies: as ``read.studies`` returns them.
        folder: of the run's results, for the message.
        free: bytes that are free on its disk.
        there: bytes of the files of the plan's cells in it.
        cores: number of shards that run at once.
        discard: whether intermediate arrays are deleted.

    Raises:
        DiskError: if it needs more bytes than are free.
    """
    kept, discarded = max(0, _bytes(table) - there), _at_once(table, studies, cores=cores)
    need = discarded if discard else kept
    if need <= free:
        return
    sentence = f"{folder} would take {need:,} more bytes, and {free:,} are free on its disk: "
    if discard:
        sentence += f"with intermediates: discard, {cores} shards at once; use fewer cores, a smaller shard, or "
    elif discarded <= free:
        sentence += f"set intermediates to discard, with which {cores} shards at once take {discarded:,}, or "
    raise DiskError(sentence + _remedy(table, studies))


def free_bytes(folder: str) -> int:
    """Bytes that are free where ``folder`` lies or will lie."""
    path = Path(folder).absolute()
    return shutil.disk_usage(next(p for p in (path, *path.parents) if p.exists())).free


def bytes_in(folder: str) -> int:
    """Bytes of the files in ``folder``, 0 if there is none; without those that an active run deletes meanwhile."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                status = Path(parent, name).lstat()
                total += status.st_size if stat.S_ISREG(status.st_mode) else 0
    return total


def _bytes(table: pd.DataFrame) -> int:
    return round(1e9 * table["disk [GB]"].sum())


def _at_once(table: pd.DataFrame, studies: dict[str, Study], *, cores: int) -> int:
    """Bytes of the ``cores`` largest shards."""
    part = table["study"].map(lambda name: studies[name].stack / studies[name].replicates)
    shards = table["study"].map(lambda name: len(studies[name].shards))
    sizes = (table["disk [GB]"] / table["cells"] * part).repeat(shards)
    return round(1e9 * sizes.nlargest(cores).sum())


def _remedy(table: pd.DataFrame, studies: dict[str, Study]) -> str:
    """The keys to lower, those of the study that takes most."""
    name = str(table.groupby("study", sort=False)["disk [GB]"].sum().idxmax())
    rows = table[table["study"] == name]
    first = rows.loc[rows["disk [GB]"].idxmax()]
    if studies[name].question == "onset":
        keys = f"lower studies.{name}.onset.repetitions (now {first['replicates']})"
    else:
        keys = (
            f"take fewer studies.{name}.training.snapshots (now {first['snapshots']}) or a smaller "
            f"studies.{name}.sampling.count (now {first['points']})"
        )
    return f"{keys}; this study alone takes {_bytes(rows):,} if all is kept"
