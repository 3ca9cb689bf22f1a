"""Digest of the code that a rule's result depends on.

Snakemake reruns a job when its script changes, but not when a module does that the script imports. Each rule therefore
carries, as a parameter, a digest of every module of this package that its script reaches. The digest is taken of the
syntax trees without docstrings, so that a comment or a new line retrains nothing.
"""

import ast
import hashlib
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent
# Tables of names: what is chosen from them is followed by name instead.
TABLES = ("diffmem.registry",)


def digest(script: str | Path, *targets: str) -> str:
    """Hexadecimal digest of the modules that ``script`` reaches.

    ``targets`` are registry entries ``module:function`` that the script will load by name.
    """
    modules = reached(script, *targets)
    trees = [f"{name} {_dump(name)}" for name in sorted(modules)]
    return hashlib.sha256("\n".join([*sorted(targets), *trees]).encode()).hexdigest()[:16]


def reached(script: str | Path, *targets: str) -> set[str]:
    """Names of the package's modules that ``script`` imports, directly or through others, and those of ``targets``."""
    todo = [*_imports(Path(script)), *(target.split(":")[0] for target in targets)]
    found: set[str] = set()
    while todo:
        name = todo.pop()
        if name in found or name in TABLES:
            continue
        found.add(name)
        todo += _imports(_path(name))
    return found


@cache
def _imports(path: Path) -> frozenset[str]:
    """The package's modules that the file at ``path`` names in its import statements, wherever they stand."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(n for n in names if n.split(".")[0] == "diffmem" and _path(n).is_file())


@cache
def _dump(module: str) -> str:
    """The syntax tree of a module as text, without docstrings and positions."""
    tree = ast.parse(_path(module).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.dump(tree)


def _path(module: str) -> Path:
    return PACKAGE.parent / (module.replace(".", "/") + ".py")
