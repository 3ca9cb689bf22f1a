"""What mkdocs needs to make a site of docs/: pages that lie elsewhere in the repository, and the links to them.

Links are written for the repository, where `docs/index.md` points at `../config/README.md`. In the site that file is a
page of its own. A link that points at anything else outside docs/ becomes plain text, since the site has no such page.
"""

import posixpath
import re
from pathlib import Path, PurePosixPath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
# file of the repository -> page of the site
ELSEWHERE = {
    "config/README.md": "config.md",
    "results/README.md": "results.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s:#]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that lie elsewhere in the repository."""
    for source, page in ELSEWHERE.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / source)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Point the links of a page at pages of the site."""
    return relink(markdown, page.file.src_uri)


def relink(markdown: str, page: str) -> str:
    """``markdown`` of a ``page``, named from docs/, with links to pages of the site.

    Raises:
        PluginError: if a link points at nothing in the repository.
    """
    sources = {page: source for source, page in ELSEWHERE.items()}
    source = PurePosixPath(sources.get(page, f"docs/{page}"))

    def moved(found: re.Match) -> str:
        words, target, anchor = found[1], found[2], found[3] or ""
        path = posixpath.normpath(source.parent / target)
        if not (ROOT / path).exists():
            raise PluginError(f"{source}: {target} does not exist")
        if not path.startswith("docs/") and path not in ELSEWHERE:
            return words
        inside = ELSEWHERE.get(path, path.removeprefix("docs/"))
        return f"[{words}]({posixpath.relpath(inside, posixpath.dirname(page) or '.')}{anchor})"

    return LINK.sub(moved, markdown)
