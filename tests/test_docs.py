"""The documentation: links, the page of public functions, and the site that is built of it."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import diffmem

ROOT = Path(__file__).parents[1]
PAGES = [
    *(
        ROOT / name
        for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "config/README.md", "results/README.md")
    ),
    *sorted((ROOT / "docs").rglob("*.md")),
]
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """What headings are called in a link, on GitHub and in the site alike."""
    titles = re.findall(r"^#+ (.+)$", CODE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def broken(page: Path) -> list[str]:
    """Relative links of a page that point at no file or at no heading of it."""
    found = []
    for link in LINK.findall(CODE.sub("", page.read_text())):
        path, _, anchor = link.partition("#")
        if re.match(r"\w+:", link):
            continue
        target = (page.parent / path) if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            found.append(link)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_points_at_something(page):
    assert not broken(page)


def test_a_broken_link_is_noticed(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# A title\n[a](absent.md) [b](page.md#a-title) [c](#b) `[d](absent)` [e](https://example.org/x)\n")
    assert broken(page) == ["absent.md", "#b"]


def test_files_that_code_and_docs_name_exist():
    """Such as docs/method/copies.md in a comment, where there is no link to check."""
    folders = ("config", "docs", "workflow", "tests/benchmarks", "tools", "envs", "profiles")
    files = [*PAGES, ROOT / "CITATION.cff", ROOT / "Makefile"]
    files += [
        path
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".smk", ".yaml", ".rst", ".html", ".json"} and "examples" not in path.parts
    ]
    named = {
        (path.relative_to(ROOT), name)
        for path in files
        for name in re.findall(r"\bdocs/[\w/.-]*\w\.md\b", path.read_text())
        if not (ROOT / name).exists()
    }
    assert not named


def test_the_page_of_the_api_has_every_public_function():
    page = (ROOT / "docs/api.md").read_text()
    blocks = re.findall(r"^::: ([\w.]+)\n +options:\n(?: +.*\n)*? +members: \[(.*)\]", page, re.MULTILINE)
    listed = {f"{module}.{name}" for module, names in blocks for name in names.split(", ")}
    for name in diffmem.__all__:
        assert f"{getattr(diffmem, name).__module__}.{name}" in listed


def test_the_site_adds_packages_and_changes_none():
    """Both files are installed into one environment."""
    names = [
        {line.split("==")[0].lower().replace("_", "-") for line in (ROOT / name).read_text().splitlines()}
        for name in ("requirements.lock", "requirements-site.lock")
    ]
    assert "mkdocs-material" in names[1]
    assert not names[0] & names[1]


def test_links_to_pages_outside_docs_are_pages_of_the_site():
    pytest.importorskip("mkdocs", reason="make site installs it")
    spec = importlib.util.spec_from_file_location("pages", ROOT / "tools/pages.py")
    pages = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pages)
    text = "[keys](../config/README.md) [licence](../LICENSE) [a](audit.md) ![net](figures/net.png)"
    assert pages.relink(text, "index.md") == "[keys](config.md) licence [a](audit.md) ![net](figures/net.png)"
    assert pages.relink("[a](../audit.md#x)", "method/copies.md") == "[a](../audit.md#x)"
    assert pages.relink("[a](../docs/architecture.md)", "results.md") == "[a](architecture.md)"
    with pytest.raises(Exception, match=r"docs/audit\.md: other\.md does not exist"):
        pages.relink("[a](other.md)", "audit.md")


def build(folder: Path) -> subprocess.CompletedProcess:
    """Not with --quiet: mkdocs then counts no warnings, and a broken link passes."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder / "site"]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(
        [*map(str, command)], cwd=folder, capture_output=True, text=True, check=False, env=environment
    )


@pytest.fixture
def repository(tmp_path) -> Path:
    """A copy of all that the site is made of."""
    for name in ("docs", "tools", "workflow/diffmem"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("mkdocs.yml", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "config/README.md", "results/README.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.mark.slow
def test_the_site_is_built_strictly_and_loads_nothing_from_the_network(repository):
    pytest.importorskip("mkdocs", reason="make site installs it")
    done = build(repository)
    assert done.returncode == 0, done.stdout + done.stderr
    made = repository / "site"
    for page in ("index.html", "method/copies.html", "config.html", "changelog.html", "examples/audit/copier.html"):
        assert (made / page).is_file(), page
    api = (made / "api.html").read_text()
    assert all(f'id="{getattr(diffmem, name).__module__}.{name}"' in api for name in diffmem.__all__)
    for page in made.rglob("*.html"):
        loaded = re.findall(
            r"<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=\"?(?:https?:)?//[^>]*>", page.read_text()
        )
        assert not [tag for tag in loaded if "canonical" not in tag], page


@pytest.mark.slow
@pytest.mark.parametrize("text", ["[a](absent.md)", "[a](audit.md#absent)", "![a](figures/absent.png)"])
def test_the_site_is_not_built_with_a_broken_link(repository, text):
    pytest.importorskip("mkdocs", reason="make site installs it")
    (repository / "docs/glossary.md").write_text(f"# Glossary\n\n{text}\n")
    done = build(repository)
    assert done.returncode != 0
    assert "absent" in done.stdout + done.stderr
