"""Captions say what to see, briefly, and what is drawn in lines of which kind."""

import re
from pathlib import Path

import pytest

from diffmem import registry
from diffmem.report.page.figures import caption

CAPTIONS = (Path(__file__).parents[2] / "workflow/report/figure.rst").read_text()
FIGURES = ["animation", *(name for names in registry.FIGURES.values() for name in names)]


def text(figure):
    title, body = caption(figure, CAPTIONS)
    return title, " ".join(re.sub("<[^>]+>", "", body).split())


@pytest.mark.parametrize("figure", FIGURES)
def test_every_figure_has_a_title_and_at_most_three_sentences(figure):
    title, body = text(figure)
    assert body.startswith(title)
    assert "**" not in body
    assert 1 <= len(re.findall(r"[.?](?: |$)", body)) <= 3
    assert len(body) < 480


def test_no_two_figures_share_a_caption():
    assert len({text(figure) for figure in FIGURES}) == len(FIGURES)


def test_lines_of_coverage_are_named_and_no_share_is_promised_that_depends_on_the_config():
    _, body = text("coverage")
    assert "Dashed: fresh points" in body
    assert "dotted: the closed-form optimum" in body
    assert "%" not in body
