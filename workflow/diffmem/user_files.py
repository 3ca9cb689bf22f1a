"""The paths of a user's data that rules declare as inputs, so that Snakemake notices changes by their dates.

A folder's date changes when a file is added or removed, but not when a file is rewritten. The newest file is therefore
an input too: a rewritten file is always the newest. Tens of thousands of inputs would be slow.
"""

import glob
import re
from functools import cache
from pathlib import Path


@cache
def watched_paths(path: str) -> tuple[str, ...]:
    """``path``; for a folder also its sub-folders and their newest file; for an idx file of images also its labels."""
    source = Path(path)
    if source.is_dir():
        folders = [source, *sorted(part for part in source.iterdir() if part.is_dir())]
        files = [file for folder in folders for file in folder.iterdir() if file.is_file()]
        newest = sorted(files, key=lambda file: (file.stat().st_mtime_ns, file.name))[-1:]
        return (path, *map(str, folders[1:]), *map(str, newest))
    labels = source.with_name(source.name.replace("images", "labels").replace("idx3", "idx1"))
    return (path, str(labels)) if labels != source and labels.is_file() else (path,)


def matched(pattern: str) -> list[str]:
    """The files and folders that a pattern with {epoch}, {step} or {replicate} names."""
    return sorted(glob.glob(re.sub(r"\{(epoch|step|replicate)\}", "*", glob.escape(pattern))))  # noqa: PTH207, it may be absolute
