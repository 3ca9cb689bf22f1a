"""Imports go to the left only: data, diffusion, neighbours -> measure -> studies -> report -> auditing."""

import ast
import sys
from pathlib import Path

import diffmem

PACKAGE = Path(diffmem.__file__).parent
# what every room may import
SHARED = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__"} | {"settings"}
MAY_IMPORT = {
    "data": {"data"},
    "diffusion": {"diffusion"},
    "neighbours": {"neighbours"},
    "measure": {"neighbours", "measure"},
    "studies": {"data", "diffusion", "neighbours", "measure", "studies"},
    "report": {"data", "diffusion", "neighbours", "measure", "studies", "report"},
    "auditing": {"data", "neighbours", "measure", "studies", "report", "auditing"},
    "__main__": {"auditing"},
}
MODULES = sorted(PACKAGE.rglob("*.py"))
SCRIPTS = sorted((PACKAGE.parent / "scripts").glob("*.py"))
# run while Snakemake reads the Snakefile, in whichever Python Snakemake has
ALONE = ("registry", "loading", "digest", "runs", "user_files", "own_code")
READ = [*(PACKAGE / "settings").glob("*.py"), *(PACKAGE / f"{name}.py" for name in ALONE)]


def imports(source):
    """Every module that import statements name, wherever they stand; relative ones begin with a dot."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from (f"{module}.{alias.name}" for alias in node.names)


def room(path):
    """First folder or module of the package that a file lies in."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def rooms_imported(path):
    return {name.split(".")[1] for name in imports(path.read_text()) if name.startswith("diffmem.")}


def name(path):
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)


def test_the_reader_of_imports_sees_every_form():
    source = "import a.b\nfrom c.d import e as f, g\ndef h():\n    from .m import i\n    import j as k, l\n"
    assert set(imports(source)) == {"a.b", "c.d.e", "c.d.g", ".m.i", "j", "l"}


def test_imports_go_to_the_left():
    assert {room(path) for path in MODULES} == {"__init__", *SHARED, *MAY_IMPORT}
    wrong = {
        name(path): sorted(extra)
        for path in MODULES
        if (extra := rooms_imported(path) - MAY_IMPORT.get(room(path), set()) - SHARED)
    }
    assert not wrong


def test_imports_are_absolute_so_that_the_digest_can_follow_them():
    assert not [name for path in MODULES + SCRIPTS for name in imports(path.read_text()) if name.startswith(".")]


def test_nothing_imports_itself_through_others():
    modules = {name(path).removesuffix(".__init__"): path for path in MODULES}
    named = {key: {i for name in imports(path.read_text()) for i in (name, name.rpartition(".")[0])} & set(modules)
             for key, path in modules.items()}  # fmt: skip
    needs = {key: {i for i in found if "." in i and not key.startswith(i + ".")} for key, found in named.items()}
    while needs:
        free = {key for key, others in needs.items() if not others}
        assert free, f"a circle among {sorted(needs)}"
        needs = {key: others - free for key, others in needs.items() if key not in free}


def test_what_runs_while_the_snakefile_is_read_needs_only_what_snakemake_has():
    found = {i.split(".")[0] for path in READ for i in imports(path.read_text())}
    assert found <= set(sys.stdlib_module_names) | {"diffmem", "yaml", "pydantic", "pydantic_core", "annotated_types"}


def test_packages_hold_no_code_but_lookups():
    for path in PACKAGE.rglob("__init__.py"):
        _docstring, *others = ast.parse(path.read_text()).body
        functions = [node.name for node in others if not isinstance(node, ast.Assign)]
        assert functions in ([], ["__getattr__"], ["__getattr__", "__dir__"]), path
