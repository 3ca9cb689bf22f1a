"""A digest changes with the code that a script reaches, and with nothing else."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from diffmem import digest
from diffmem.settings.collections import AnyData
from diffmem.settings.records import alternatives

WORKFLOW = digest.PACKAGE.parent
SHAPES = {record.choice_name(): record.function for record in alternatives(AnyData)}
MOONS = SHAPES["moons"]
SCRIPT = "from diffmem.data.dataset import stack\n\nstack()\n"


def forget():
    """Drop what an earlier digest of this process remembers of the sources."""
    for remembered in (digest._imports, digest._dump, digest._tree, digest._known):
        remembered.cache_clear()


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A copy of the package that a test may change, with a script beside it."""
    shutil.copytree(digest.PACKAGE, tmp_path / "diffmem", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(digest, "PACKAGE", tmp_path / "diffmem")
    (tmp_path / "script.py").write_text(SCRIPT)
    forget()
    yield tmp_path
    forget()


def changed(house, module, edit, *targets):
    """Whether the script's digest changes when ``edit`` is applied to the source of ``module``."""
    path = house / "diffmem" / module
    before = digest.digest(house / "script.py", *targets)
    path.write_text(edit(path.read_text()))
    forget()
    return digest.digest(house / "script.py", *targets) != before


def reword(source):
    return source.replace('"""', '"""Other words. ', 1)


def drop_docstring(source):
    assert source.count('"""Draw one replicate\'s data.') == 1
    head, tail = source.split('"""Draw one replicate\'s data.')
    return head + tail.split('"""', 1)[1]


HARMLESS = {
    "comment": lambda source: source + "\n# a comment\n",
    "blank lines": lambda source: source.replace("\n\n", "\n\n\n\n"),
    "module docstring": reword,
    "function docstring": lambda source: source.replace('"""Draw', '"""Draw (or sample)'),
    "docstring removed": drop_docstring,
    "brackets": lambda source: source.replace("return Dataset(", "return (Dataset)("),
}


@pytest.mark.parametrize("edit", HARMLESS.values(), ids=HARMLESS)
def test_words_and_layout_change_nothing(house, edit):
    assert not changed(house, "data/dataset.py", edit)


@pytest.mark.parametrize("module", ["data/dataset.py", "data/injection.py", "locations.py", "rng.py"])
def test_code_that_is_reached_directly_or_through_others_counts(house, module):
    assert changed(house, module, lambda source: source + "\nA = 1\n")


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [("data/injection.py", "CLEAR = 3.0", "CLEAR = 3.5"), ("locations.py", "np.cumsum(new) - 1", "np.cumsum(new) + 1")],
)
def test_one_changed_constant_or_operator_counts(house, module, old, new):
    assert (house / "diffmem" / module).read_text().count(old) == 1
    assert changed(house, module, lambda source: source.replace(old, new))


@pytest.mark.parametrize("module", ["measure/rates.py", "report/style.py", "data/gaussians.py", "registry.py"])
def test_code_that_is_not_reached_does_not_count(house, module):
    assert not changed(house, module, lambda source: source + "\nA = 1\n", MOONS)


@pytest.mark.parametrize(("shape", "counts"), [("moons", True), ("swiss-roll", True), ("gaussian", False)])
def test_of_a_table_only_the_chosen_module_counts(house, shape, counts):
    edit = lambda source: source.replace("np.pi", "3.14")  # noqa: E731
    assert changed(house, "data/toy.py", edit, SHAPES[shape]) == counts


def test_which_function_of_a_module_is_chosen_counts(house):
    """A name may be given to another function of the same module: what it made before is then out of date."""
    targets = ("diffmem.data.toy:moons", "diffmem.data.toy:circles")
    assert len({digest.digest(house / "script.py", target) for target in targets}) == 2


def test_an_import_inside_a_function_is_followed(house):
    (house / "script.py").write_text("def late():\n    import diffmem.measure.pool\n")
    assert digest.reached(house / "script.py") == {
        "diffmem.measure", "diffmem.neighbours", "diffmem.measure.pool",
        "diffmem.neighbours.index", "diffmem.neighbours.exact", "diffmem.neighbours.centred",
        "diffmem.neighbours.tiles", "diffmem.locations",
    }  # fmt: skip


def test_modules_that_import_each_other_are_reached_once(house):
    (house / "diffmem" / "locations.py").write_text("import diffmem.rng\n")
    (house / "diffmem" / "rng.py").write_text("import diffmem.locations\n")
    (house / "script.py").write_text("from diffmem import rng\n")
    assert digest.reached(house / "script.py") == {"diffmem.locations", "diffmem.rng"}


def test_the_folder_of_the_package_does_not_count(house):
    script = WORKFLOW / "scripts" / "rates.py"
    copied = digest.digest(script)
    digest.PACKAGE = WORKFLOW / "diffmem"  # the fixture's monkeypatch puts it back
    forget()
    assert digest.digest(script) == copied


@pytest.mark.parametrize(
    "module", ["diffmem.data.dataset", "diffmem.neighbours.table", "diffmem.studies.outliers.curves"]
)
def test_what_is_reached_is_what_python_imports(tmp_path, module):
    (tmp_path / "script.py").write_text(f"import {module}\n")
    listing = f"import sys, {module}; print(*(m for m in sys.modules if m.startswith('diffmem.')))"
    command = [sys.executable, "-c", listing]
    imported = subprocess.run(command, cwd=WORKFLOW, capture_output=True, text=True, check=True).stdout.split()
    passed_over = {*digest.TABLES, *digest.VALUES, *digest.AROUND}
    assert digest.reached(tmp_path / "script.py") == set(imported) - passed_over


def test_a_reworded_refusal_or_description_of_the_config_reruns_no_science():
    scripts = ["dataset", "train", "sample", "neighbours", "rates", "onset"]
    reached = set().union(*(digest.reached(WORKFLOW / "scripts" / f"{script}.py") for script in scripts))
    settings = {name for name in reached if name.startswith("diffmem.settings")}
    assert settings == {"diffmem.settings", "diffmem.settings.shards", "diffmem.settings.onset_sizes"}


def test_the_import_by_name_counts_with_its_table_and_without(house):
    for line in ("from diffmem.registry import load", "from diffmem.loading import load"):
        (house / "script.py").write_text(f"{line}\n")
        forget()
        assert changed(house, "loading.py", lambda source: source + "\nA = 1\n")


def test_code_that_runs_when_a_room_is_imported_counts_and_a_new_public_name_does_not(house):
    assert changed(house, "data/__init__.py", lambda source: source + "\nA = 1\n")
    assert not changed(house, "__init__.py", lambda source: source + "\nA = 1\n")


def test_how_a_job_logs_does_not_count(house):
    (house / "script.py").write_text("from diffmem import job, rng\njob.start('log')\n")
    forget()
    assert not changed(house, "job.py", lambda source: source + "\nA = 1\n")


def test_every_script_has_a_digest():
    scripts = sorted(Path(WORKFLOW, "scripts").glob("*.py"))
    assert {len(digest.digest(script)) for script in scripts} == {16}
    files = {".".join(path.relative_to(WORKFLOW).with_suffix("").parts) for path in digest.PACKAGE.rglob("*.py")}
    reached = set().union(*map(digest.reached, scripts))
    assert reached <= {name.removesuffix(".__init__") for name in files}


def test_digests_are_kept_for_these_sources_only(house, monkeypatch):
    first = digest.digest(house / "script.py", MOONS)
    kept = list((house / "diffmem/__pycache__").glob("digests-*"))
    forget()
    with monkeypatch.context() as patch:
        patch.setattr(digest, "_computed", None)  # it would fail if it were called
        assert digest.digest(house / "script.py", MOONS) == first
    assert changed(house, "data/dataset.py", lambda source: source + "\n\ndef added():\n    return 1\n", MOONS)
    left = list((house / "diffmem/__pycache__").glob("digests-*"))
    assert (len(kept), len(left)) == (1, 1)
    assert kept != left


def test_without_a_place_to_keep_them_digests_are_the_same(house):
    first = digest.digest(house / "script.py", MOONS)
    shutil.rmtree(house / "diffmem/__pycache__")
    (house / "diffmem/__pycache__").write_text("no folder")
    forget()
    assert digest.digest(house / "script.py", MOONS) == first


def test_a_damaged_file_of_digests_is_made_anew(house):
    first = digest.digest(house / "script.py", MOONS)
    next((house / "diffmem/__pycache__").glob("digests-*")).write_text("{")
    forget()
    assert digest.digest(house / "script.py", MOONS) == first
