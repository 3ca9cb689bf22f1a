"""Functions in the user's own files: what is refused, with file and line, and what changes their digest."""

import textwrap

import pytest

from diffmem.own_code import OwnError, digest_own, load_own, refuse


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Writes a file into the folder where the workflow runs."""
    monkeypatch.chdir(tmp_path)

    def write(source: str, name: str = "my_data.py") -> str:
        (tmp_path / name).write_text(textwrap.dedent(source))
        return f"{name}:draw"

    return write


def test_a_function_is_found_and_may_import_its_neighbours(own):
    own("TWO = 2\n", "beside_it.py")
    assert load_own(own("from beside_it import TWO\ndef draw(n):\n    return TWO * n\n"))(3) == 6


@pytest.mark.parametrize(
    ("name", "source", "words"),
    [
        ("my_data", "", "must name a file and a function in it"),
        ("no.py:draw", "", "no.py: no such file"),
        ("my_data.py:other", "def draw(): pass", "my_data.py: defines no other; it defines draw"),
        ("my_data.py:draw", "x = 1\ndef draw(:\n", "my_data.py, line 2: is no Python"),
    ],
)
def test_what_cannot_be_imported_is_refused_without_running_it(own, name, source, words):
    own(source)
    with pytest.raises(OwnError, match=words):
        refuse(name)


@pytest.mark.parametrize("name", ["torch.py", "random.py"])
def test_a_file_that_is_called_like_a_module_is_refused(own, name):
    with pytest.raises(OwnError, match="a module of Python or of a package is called"):
        refuse(own("def draw(): pass", name))


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("x = 1\n1 / 0\ndef draw(): pass", 2),
        ("def draw():\n    y = 1\n    return other(y)\ndef other(y):\n    return y / 0", 5),
    ],
)
def test_what_it_raises_is_said_with_its_line(own, source, line):
    with pytest.raises(OwnError, match=rf"^my_data.py, line {line}: raised ZeroDivisionError: division by zero$"):
        load_own(own(source))()


def test_code_changes_the_digest_and_comments_do_not_and_neighbours_count(own):
    own("TWO = 2\n", "beside_it.py")
    before = digest_own(own("from beside_it import TWO\ndef draw(): return TWO"))
    assert digest_own(own("# more\nfrom beside_it import TWO\n\ndef draw(): return TWO")) == before
    assert digest_own(own("from beside_it import TWO\ndef draw(): return -TWO")) != before
    own("TWO = 3\n", "beside_it.py")
    assert digest_own(own("from beside_it import TWO\ndef draw(): return TWO")) != before


def test_packages_beside_a_file_count_in_its_digest(own, tmp_path):
    (tmp_path / "nets" / "deep").mkdir(parents=True)
    own("TWO = 2\n", "nets/deep/two.py")
    name = own("from nets.deep.two import TWO\ndef draw(): return TWO")
    before = digest_own(name)
    own("TWO = 3\n", "nets/deep/two.py")
    assert digest_own(name) != before


def test_a_file_may_hold_dataclasses(own):
    source = """
    from __future__ import annotations
    from dataclasses import dataclass
    from typing import ClassVar
    @dataclass
    class Layer:
        count: ClassVar[int] = 0
        width: int = 3
    def draw(): return Layer().width
    """
    assert load_own(own(source))() == 3
