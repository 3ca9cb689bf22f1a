"""Functions in the user's own files, named in a config as ``FILE.py:NAME``, relative to where the workflow runs.

A file is imported under a name of its own, with its folder on the path while it is imported, so that it may import its
neighbours. What it raises becomes one sentence with its file and line. The digest of a file counts its neighbours that
it imports and is taken of syntax trees, so that a comment reruns nothing (`digest.py` does the same for the package).
"""

import ast
import hashlib
import importlib.util
import sys
import traceback
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any


class OwnError(ValueError):
    """Code of the user that cannot be used; the message is one sentence with file, line and remedy."""


def split(name: str) -> tuple[Path, str]:
    """File and function of ``FILE.py:NAME``.

    Raises:
        OwnError: if ``name`` is of another form.
    """
    file, _, function = name.rpartition(":")
    if not file.endswith(".py") or not function.isidentifier():
        raise OwnError(f"{name}: must name a file and a function in it, as my_data.py:draw")
    return Path(file), function


def refuse(name: str) -> None:
    """Refuse ``FILE.py:NAME`` that cannot be imported, without running it.

    Raises:
        OwnError: if the file is missing, is no Python, does not define the name, or is called like another module.
    """
    file, function = split(name)
    if not file.is_file():
        raise OwnError(f"{file}: no such file; paths are relative to where the workflow runs, {Path.cwd()}")
    names = _defined(_tree(file))
    if function not in names:
        raise OwnError(f"{file}: defines no {function}; it defines {', '.join(sorted(names)) or 'nothing'}")
    if file.stem in sys.stdlib_module_names or _taken(file):
        raise OwnError(f"{file}: a module of Python or of a package is called {file.stem}; rename the file")


def digest_own(name: str) -> str:
    """Hexadecimal digest of the file in ``FILE.py:NAME`` and of the files and packages beside it that it imports."""
    file, function = split(name)
    todo, found = [file], {}
    while todo:
        path = todo.pop()
        if path in found:
            continue
        tree = _tree(path)
        found[path] = ast.dump(tree)
        for module in _imported(tree):
            beside = path.with_name(f"{module}.py")
            todo += [beside] if beside.is_file() else path.with_name(module).rglob("*.py")
    content = "\n".join([function, *(found[path] for path in sorted(found))])
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def load_own(name: str) -> Callable:
    """The function or class ``FILE.py:NAME``, called so that what it raises is an ``OwnError``.

    Raises:
        OwnError: as ``refuse``, or if importing the file raises.
    """
    refuse(name)
    file, function = split(name)
    unique = hashlib.sha256(str(file.resolve()).encode()).hexdigest()[:8]
    spec = importlib.util.spec_from_file_location(f"own_{file.stem}_{unique}", file)
    assert spec is not None, "the file exists and ends in .py"
    assert spec.loader is not None, "as above"
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses and pickles look for it
    folder = str(file.parent.resolve())
    sys.path.insert(0, folder)
    try:
        guarded(name, spec.loader.exec_module)(module)
    finally:
        sys.path.remove(folder)
    found = getattr(module, function)
    if not callable(found):
        raise OwnError(f"{line(name)}: {function} is a {type(found).__name__}; must be a function or class")
    return guarded(name, found)


def guarded(name: str, function: Callable) -> Callable:
    """``function``, whose errors become an ``OwnError`` with the last line of the file in ``name`` that was reached."""
    file, _ = split(name)

    @wraps(function)
    def called(*arguments: Any, **options: Any) -> Any:
        try:
            return function(*arguments, **options)
        except (OwnError, MemoryError):  # with more memory it may succeed
            raise
        except (Exception, SystemExit) as error:  # the user's code can raise anything
            reason = str(error).strip().split("\n")[0][:160]
            where = place(file, error)
            where = line(name) if where == str(file) else where  # as where it is called with other arguments
            raise OwnError(f"{where}: raised {type(error).__name__}: {reason}") from error

    return called


def place(file: Path, error: BaseException) -> str:
    """The file, with the last of its lines that was reached before ``error``."""
    lines = [
        f.lineno for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).resolve() == file.resolve()
    ]
    return f"{file}, line {lines[-1]}" if lines else str(file)


def line(name: str) -> str:
    """The file in ``FILE.py:NAME`` and the line at which NAME is defined."""
    file, function = split(name)
    found = [node.lineno for node in _tree(file).body if function in _names(node)]
    return f"{file}, line {found[-1]}" if found else str(file)


def _tree(file: Path) -> ast.Module:
    try:
        return ast.parse(file.read_text(encoding="utf-8"), filename=str(file))
    except (SyntaxError, ValueError) as error:
        raise OwnError(f"{file}, line {getattr(error, 'lineno', None) or 1}: is no Python ({error.args[0]})") from error


def _defined(tree: ast.Module) -> set[str]:
    """Names of functions, classes, assignments and imports at the top of a file."""
    return set().union(*map(_names, tree.body))


def _names(node: ast.stmt) -> set[str]:
    """Names that a statement at the top of a file defines."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Assign):
        return {target.id for target in node.targets if isinstance(target, ast.Name)}
    if isinstance(node, ast.ImportFrom):
        return {alias.asname or alias.name for alias in node.names}
    return {node.target.id} if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) else set()


def _imported(tree: ast.Module) -> set[str]:
    """First parts of the modules that a file imports."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def _taken(file: Path) -> bool:
    """Whether another module than the file itself would be imported under its name."""
    spec = importlib.util.find_spec(file.stem) if file.stem.isidentifier() else None
    return bool(spec and spec.origin and Path(spec.origin).resolve() != file.resolve())
