"""Figures with their captions, in reading order, as images inside the page."""

import base64
from dataclasses import dataclass
from pathlib import Path

from docutils.core import publish_parts
from jinja2 import Template
from markupsafe import Markup
from PIL import Image

SCALE = 0.6  # pixels of the page per pixel of a figure


@dataclass(frozen=True)
class Shown:
    """A figure on the page.

    Attributes:
        anchor: its HTML anchor.
        name, title, caption: name of the file, title, and caption in HTML.
        image: the image as a data URI; of an animation its last frame.
        width, height: of the image, in pixels.
        drawn: width on the page, in pixels.
        film: an animation as a data URI, which the reader starts; otherwise empty.
        file: path of the figure in the folder of the run.
    """

    anchor: str
    name: str
    title: str
    caption: Markup
    image: str
    width: int
    height: int
    drawn: int
    film: str
    file: str


def shown(folder: Path, names: list[str], captions: str) -> list[Shown]:
    """The figures of a study that have been drawn.

    Args:
        folder: of the study.
        names: names of the figures, in reading order.
        captions: template of the captions in reStructuredText, which is also that of Snakemake's report.
    """
    paths = [folder / "figures" / f"{name}.png" for name in names]
    return [_shown(path, captions) for path in paths if path.is_file()]


def anchor(study: str, name: str) -> str:
    """The HTML anchor of a figure."""
    return f"figure-{study}-{name}"


def caption(name: str, captions: str) -> tuple[str, Markup]:
    """Title of the figure ``name``, and its caption in HTML. The title is the bold text at the start of the caption."""
    text = Template(captions).render(snakemake={"wildcards": {"figure": name}}).strip()
    title = text.removeprefix("**").partition("**")[0]
    settings = {"report_level": 5, "halt_level": 3, "file_insertion_enabled": False, "raw_enabled": False}
    body = publish_parts(text, writer="html5", settings_overrides=settings)["body"]
    return title.rstrip("."), Markup(body)


def _shown(path: Path, captions: str) -> Shown:
    study, name = path.parent.parent.name, path.stem
    title, text = caption(name, captions)
    with Image.open(path) as image:
        width, height = image.size
    film = path.with_suffix(".mp4")
    is_animation = film.is_file()
    return Shown(
        anchor=anchor(study, name),
        name=name,
        title=title,
        caption=text,
        image=_data(path),
        width=width,
        height=height,
        drawn=width if is_animation else int(width * SCALE),
        film=_data(film, kind="video") if is_animation else "",
        file=f"{study}/figures/{name}.{'mp4' if is_animation else 'svg'}",
    )


def _data(path: Path, *, kind: str = "image") -> str:
    """An image or a film as a data URI."""
    return f"data:{kind}/{path.suffix[1:]};base64,{base64.b64encode(path.read_bytes()).decode()}"
