"""Imports go to the left only: data -> diffusion -> measure -> studies -> report, and the first three know no other."""

import ast
import sys
from pathlib import Path

import pytest

import diffmem

PACKAGE = Path(diffmem.__file__).parent
ROOMS = ("data", "diffusion", "measure", "studies", "report")
MAY_IMPORT = {
    "data": {"data"},
    "diffusion": {"diffusion"},
    "measure": {"measure"},
    "studies": {"data", "diffusion", "measure", "studies"},
    "report": set(ROOMS),
}
HOUSE = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}  # config, registry, rng, files, points, ...
MODULES = sorted(PACKAGE.rglob("*.py"))
SCRIPTS = sorted((PACKAGE.parent / "scripts").glob("*.py"))


def imports(source):
    """Every module that import statements name, wherever they stand; relative ones begin with a dot."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from (f"{module}.{alias.name}" for alias in node.names)


def parts_of_ours(path):
    """Second part of every import of this package: a room or a module of the house."""
    return {name.split(".")[1] for name in imports(path.read_text()) if name.split(".")[0] == "diffmem" and "." in name}


def name(path):
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)


def test_the_reader_of_imports_sees_every_form():
    source = "import a.b\nfrom c.d import e as f, g\ndef h():\n    from .m import i\n    import j as k, l\n"
    assert set(imports(source)) == {"a.b", "c.d.e", "c.d.g", ".m.i", "j", "l"}


def test_every_module_is_of_the_house_or_in_one_of_the_five_rooms():
    assert {path.parent.relative_to(PACKAGE).as_posix() for path in MODULES} == {".", *ROOMS}
    assert not HOUSE & set(ROOMS)


@pytest.mark.parametrize("path", [p for p in MODULES if p.parent.name in ROOMS], ids=name)
def test_a_room_imports_only_from_rooms_to_its_left_and_the_house(path):
    assert parts_of_ours(path) <= MAY_IMPORT[path.parent.name] | HOUSE


@pytest.mark.parametrize("path", [p for p in MODULES if p.parent == PACKAGE], ids=name)
def test_the_house_imports_no_room(path):
    assert parts_of_ours(path) <= HOUSE


@pytest.mark.parametrize("path", MODULES + SCRIPTS, ids=name)
def test_imports_are_absolute_so_that_the_digest_can_follow_them(path):
    assert not [module for module in imports(path.read_text()) if module.startswith(".")]


def test_nothing_imports_itself_through_others():
    modules = {name(path).removesuffix(".__init__"): path for path in MODULES}
    named = {key: {i for name in imports(path.read_text()) for i in (name, name.rpartition(".")[0])} & set(modules)
             for key, path in modules.items()}  # fmt: skip
    needs = {key: {i for i in found if "." in i and not key.startswith(i + ".")} for key, found in named.items()}
    while needs:
        free = {key for key, others in needs.items() if not others}
        assert free, f"a circle among {sorted(needs)}"
        needs = {key: others - free for key, others in needs.items() if key not in free}


@pytest.mark.parametrize("module", ["config", "checks", "registry", "digest"])
def test_what_runs_while_the_snakefile_is_read_needs_only_what_snakemake_has(module):
    names = {found.split(".")[0] for found in imports((PACKAGE / f"{module}.py").read_text())}
    assert names <= set(sys.stdlib_module_names) | {"diffmem", "yaml", "jsonschema"}


def test_rooms_hold_their_code_in_modules_not_in_init():
    for path in PACKAGE.rglob("__init__.py"):
        _docstring, *others = ast.parse(path.read_text()).body
        assert [getattr(node, "name", None) for node in others] in ([], ["__getattr__"])  # at most looked up when asked
