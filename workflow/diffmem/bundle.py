"""A finished run in one file, and what that file says of the run later.

A bundle is a zip archive of a run's config, versions, tables, claims, figures and page, under their paths from the
folder in which the run was started, and of ``manifest.json``: the SHA-256 of every artefact of the run, those included
that are too large to be packed. Unpacked anywhere, the rule ``figure`` draws the figures again from it alone.
"""

import hashlib
import json
import platform
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from diffmem import files
from diffmem.version import installed

MANIFEST = "manifest.json"
CONFIG = "config.json"
VERSIONS = "versions.json"
PUBLISHED = "published"  # the folder of the published code of the third paper, which is no study
# arrays that only the next stage reads: not packed, and removed by ``prune``
LARGE = ("snapshots.npy", "samples.npy", "generated.npy")
KINDS = (".npz", ".npy", ".parquet", ".csv", ".json", ".html", ".png", ".svg", ".gif", ".mp4")
ONLY_LISTED = (".npz", ".npy")
NAMED = ("numpy", "torch", "faiss-cpu", "pandas", "pyarrow", "snakemake", "diffmem")
PACKED_AT = (1980, 1, 1, 0, 0, 0)  # so that equal runs make equal bundles


def write(run: Path, path: Path, *, config: dict[str, Any], also: Iterable[str] = ()) -> int:
    """Pack the ``run`` (its folder, as results/RUN) into ``path``, and return the number of files that are listed.

    Of arrays only those of the paths ``also`` are packed, from which figures are made. Folders of studies that the
    ``config`` no longer has are left out.
    """
    arrays, folders = set(also), {*config["studies"], PUBLISHED}
    parts = ((file, file.relative_to(run).parts) for file in artefacts(run) if file != path)
    kept = [file for file, inside in parts if len(inside) == 1 or inside[0] in folders]
    listed = {_name(file): files.sha256(file) for file in kept}
    texts = {MANIFEST: listed, CONFIG: config, VERSIONS: versions()}
    with files.replacing(path) as temporary, ZipFile(temporary, "w", ZIP_DEFLATED) as archive:
        for name, content in texts.items():
            archive.writestr(ZipInfo(name, PACKED_AT), json.dumps(content, indent=1, sort_keys=True) + "\n")
        for name in listed:
            if name in arrays or not name.endswith(ONLY_LISTED):
                archive.writestr(ZipInfo(name, PACKED_AT), Path(name).read_bytes(), ZIP_DEFLATED)
    return len(listed)


def artefacts(run: Path) -> Iterator[Path]:
    """The files of a run, but for logs, benchmarks and what is hidden."""
    for path in sorted(run.rglob("*")):
        inside = path.relative_to(run).parts
        if path.suffix in KINDS and inside[0] not in ("logs", "benchmarks") and not path.name.startswith("."):
            yield path


def differences(path: Path) -> list[str]:
    """A sentence for every file that is not what the bundle at ``path`` says, in the folder where it is, or packed.

    Large arrays may be missing: ``prune`` removes them.

    Raises:
        ArtefactError: if ``path`` is no bundle.
    """
    found = []
    with _opened(path) as archive:
        listed = json.loads(archive.read(MANIFEST))
        packed = set(archive.namelist())
        for name, stated in listed.items():
            if name in packed and hashlib.sha256(archive.read(name)).hexdigest() != stated:
                found.append(f"{name}: the file in {path} is not the one of its manifest")
    for name, stated in listed.items():
        if not Path(name).is_file():
            if Path(name).name not in LARGE:
                found.append(f"{name}: missing")
        elif files.sha256(Path(name)) != stated:
            found.append(f"{name}: its content is not that of the bundle")
    return found


def stated(path: Path) -> tuple[dict[str, str], dict[str, Any], dict[str, str]]:
    """What the bundle at ``path`` holds of a run: file -> SHA-256, its config, and the versions it was made with.

    Raises:
        ArtefactError: if ``path`` is no bundle.
    """
    with _opened(path) as archive:
        listed, config, made_with = (json.loads(archive.read(name)) for name in (MANIFEST, CONFIG, VERSIONS))
    return listed, config, made_with


@contextmanager
def _opened(path: Path) -> Iterator[ZipFile]:
    try:
        with ZipFile(path) as archive:
            yield archive
    except (OSError, KeyError, ValueError, BadZipFile) as error:
        raise files.ArtefactError(f"{path}: no bundle, or a damaged one ({str(error)[:100]}); make it again") from error


def prune(run: Path) -> dict[str, int]:
    """Remove the large arrays of a finished run, and return their names and sizes in bytes.

    Snakemake makes a lost file again only where something after it has to be made.
    """
    found = [path for path in artefacts(run) if path.name in LARGE]
    sizes = {_name(path): path.stat().st_size for path in found}
    for path in found:
        path.unlink()
    return sizes


def versions() -> dict[str, str]:
    """Python, processor, and the packages that numbers depend on."""
    found = installed(NAMED)
    packages = {name: found.get(name, "not installed") for name in NAMED}
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": platform.system(),
        **packages,
    }


def _name(path: Path) -> str:
    return path.as_posix()
