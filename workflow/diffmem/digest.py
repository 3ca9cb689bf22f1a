"""Digest of the code that a rule's result depends on.

Snakemake reruns a job when its script changes, but not when an imported module changes. Each rule therefore has a
parameter that is a digest of all modules of this package that its script imports, directly or indirectly. The digest is
computed from syntax trees without docstrings, so that a new comment or line break does not rerun a job.

Reading all sources takes a second, and Snakemake computes the digests at every start. They are therefore stored in a
file next to the package's bytecode, whose name is a hash of all sources.
"""

import ast
import contextlib
import hashlib
import json
import os
import sys
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent
# Tables of names: the digest includes the modules that a config selects from them, not the tables.
TABLES = ("diffmem.registry",)
# Records of settings: their values are parameters of the rules already.
RECORDS = (
    "records", "datasets", "collections", "downloads", "networks", "schedules", "samplers", "sections", "onset",
    "questions",
)  # fmt: skip
VALUES = tuple(f"diffmem.settings.{name}" for name in RECORDS)
# Logs, what is said in them, locks of runs and the list of public names do not change results.
AROUND = ("diffmem.job", "diffmem.runs", "diffmem.studies.cautions", "diffmem")


def digest(script: str | Path, *targets: str) -> str:
    """Hexadecimal digest of the modules that ``script`` imports, directly or indirectly.

    ``targets`` are registry entries ``module:function`` that the script loads by name.
    """
    known, path = _known(PACKAGE)
    key = " ".join([_sum(Path(script).read_bytes()), *sorted(targets)])
    if key not in known:
        known[key] = _computed(script, *targets)
        _keep(path, known)
    return known[key]


def _computed(script: str | Path, *targets: str) -> str:
    modules = reached(script, *targets)
    trees = [f"{name} {_dump(name)}" for name in sorted(modules)]
    return _sum("\n".join([*sorted(targets), *trees]).encode())[:16]


@cache
def _known(package: Path) -> tuple[dict[str, str], Path]:
    """The digests stored for these sources and this version of Python, and their file."""
    sources = b"".join(str(p.relative_to(package)).encode() + p.read_bytes() for p in sorted(package.rglob("*.py")))
    path = package / "__pycache__" / f"digests-{_sum(sys.version.encode() + sources)[:16]}.json"
    try:
        return json.loads(path.read_bytes()), path
    except (OSError, ValueError):
        return {}, path


def _keep(path: Path, known: dict[str, str]) -> None:
    """Store the digests and remove those of other sources, if the package's folder is writable."""
    temporary = path.with_suffix(f".{os.getpid()}")
    with contextlib.suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        temporary.write_text(json.dumps(known))
        temporary.replace(path)
        for old in set(path.parent.glob("digests-*.json")) - {path}:
            old.unlink(missing_ok=True)


def _sum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def digest_files(*folders: str) -> str:
    """Hexadecimal digest of all files in ``folders`` of the package, for files that are read and not imported."""
    files = sorted(path for folder in folders for path in (PACKAGE / folder).rglob("*") if path.is_file())
    return _sum(b"\n".join(path.name.encode() + path.read_bytes() for path in files))[:16]


def digest_values(**values: object) -> str:
    """Hexadecimal digest of parameters of a rule: numbers, text, and lists and mappings of them."""
    return _sum(json.dumps(values, sort_keys=True).encode())[:16]


def reached(script: str | Path, *targets: str, every: bool = False) -> set[str]:
    """Names of the package's modules that ``script`` and ``targets`` import, directly or indirectly.

    Without ``every``, tables, records of settings and the modules for logs and locks are left out.
    """
    todo = [*_imports(Path(script)), *(target.split(":")[0] for target in targets)]
    found: set[str] = set()
    while todo:
        name = todo.pop()
        if name in found or (not every and name in (*VALUES, *AROUND)):
            continue
        found.add(name)
        todo += _imports(_path(name))
    return found if every else found - set(TABLES)


@cache
def _imports(path: Path) -> frozenset[str]:
    """The package's modules that the file at ``path`` names in any of its import statements."""
    names: set[str] = set()
    tree = _tree(path)
    # an import within a function of __init__.py serves a public name; the script does not use it
    for node in tree.body if path.name == "__init__.py" else ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    ours = {name for name in names if name.split(".")[0] == "diffmem"}
    packages = {".".join(parts[:i]) for name in ours for parts in [name.split(".")] for i in range(1, len(parts))}
    return frozenset(name for name in ours | packages if _path(name).is_file())


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def _dump(module: str) -> str:
    """The syntax tree of a module as text, without docstrings and positions."""
    tree = _tree(_path(module))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.dump(tree)


def _path(module: str) -> Path:
    """The file of a module; for a package its ``__init__.py``."""
    path = PACKAGE.parent / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_name(path.name + ".py")
