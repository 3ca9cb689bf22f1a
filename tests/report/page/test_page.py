"""The page of a planted run: valid, whole in itself, every link leads somewhere; sorted and filtered in a browser."""

import base64
import io
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from diffmem.report.page.build import StudyWords, page
from diffmem.studies.claims import CHANCE, REFUTED, REPRODUCED

CAPTIONS = (Path(__file__).parents[3] / "workflow/report/figure.rst").read_text()
VOID = {"meta", "link", "img", "br", "input", "source"}
LONELY = {"line", "rect", "path", "p", "li", "td", "th", "tr"}
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
FILM = b"a film"
STUDIES = {
    "places": StudyWords("onset", {"places": "places"}),
    "points": StudyWords("outliers", {"a": "100 training points", "b": "<b>bold</b> & 2,000"}),
}
CLAIMS = [
    ("places", "places", "T1", REFUTED, 3.7, 3.2, np.inf, np.nan, "probability"),
    ("points", "a", "M", REPRODUCED, 0.5, 0.4, 0.6, 0.002, "net"),
    ("points", "b", "M", CHANCE, 0.01, -0.02, 0.04, 0.4, "net"),
    ("points", "a", "O1", REFUTED, 0.3, 0.2, 0.4, 0.01, "not-drawn"),
]


class Parsed(HTMLParser):
    """Tags with attributes; every element that is opened is closed by its own tag."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.stack, self.text = [], [], []
        self.feed(html)
        self.close()
        assert not self.stack

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        if self.stack[-1:] not in (["script"], ["style"]):
            self.text.append(data)

    def having(self, name):
        return [attributes[name] for _, attributes in self.tags if name in attributes]


def png(path, colour):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (1200, 400), colour).save(path)


@pytest.fixture(scope="module")
def html(tmp_path_factory):
    run = tmp_path_factory.mktemp("runs") / "planted"
    for name, colour in (("points/figures/net", "red"), ("points/figures/memorized", "blue"),
                         ("places/figures/probability", "green"), ("controls/figures/controls", "black")):  # fmt: skip
        png(run / f"{name}.png", colour)
    png(run / "points/figures/animation.png", "white")
    (run / "points/figures/animation.mp4").write_bytes(FILM)
    columns = {"setting": "plane", "criterion": "net", "false_alarm": 0.04, "power_1": 0.1, "bias": -0.002}
    pd.DataFrame([columns]).to_csv(run / "controls/calibration.csv")
    (run / "benchmarks/points/a/r000-001").mkdir(parents=True)
    (run / "benchmarks/points/a/r000-001/train.tsv").write_text("s\tmax_rss\n90\t2048\n")
    names = ("study", "cell", "claim", "verdict", "effect", "low", "high", "p", "figure")
    table = pd.DataFrame(CLAIMS, columns=names)
    table = table.assign(
        statement="statement", unit="net copied fraction", replicates=10, holds_for="moons", reference="matched",
        figure=table["study"] + "/figures/" + table["figure"] + ".png",
    )  # fmt: skip
    config = {"studies": {"points": {"replicates": 10}, "places": {"question": "onset"}}}
    return page(run, table, studies=STUDIES, captions=CAPTIONS, config=config, configfiles=["mine.yaml"])


@pytest.fixture(scope="module")
def parsed(html):
    return Parsed(html)


def test_anchors_are_unique_and_every_link_leads_to_one(parsed):
    anchors = parsed.having("id")
    assert len(anchors) == len(set(anchors))
    links = parsed.having("href")
    assert {"#figure-points-net", "#definition-O1", "#study-places"} <= set(links)
    assert {link for link in links if link != "data:,"} <= {f"#{name}" for name in anchors}
    assert set(parsed.having("aria-labelledby")) <= set(anchors)


def test_every_image_is_inside_decodes_and_has_words_and_its_size(parsed):
    images = [attributes for tag, attributes in parsed.tags if tag == "img"]
    assert len(images) == 4
    for image in images:
        head, _, content = image["src"].partition(",")
        assert head == "data:image/png;base64"
        with Image.open(io.BytesIO(base64.b64decode(content, validate=True))) as decoded:
            decoded.load()
            assert decoded.size == (int(image["width"]), int(image["height"]))
        assert image["alt"]


def test_an_animation_is_a_film_that_the_reader_starts_and_shows_its_end_until_then(parsed):
    (film,) = [attributes for tag, attributes in parsed.tags if tag == "video"]
    assert base64.b64decode(film["src"].removeprefix("data:video/mp4;base64,"), validate=True) == FILM
    assert film["poster"].startswith("data:image/png;base64,")
    assert "controls" in film
    assert "autoplay" not in film
    assert "animation" in film["aria-label"]


def test_nothing_is_loaded_from_elsewhere(html, parsed):
    assert not re.search(r"https?:|url\(|@import|\bfetch\(|XMLHttpRequest", html)
    assert all(source.startswith("data:") for source in parsed.having("src"))
    assert not any(tag == "script" and "src" in attributes for tag, attributes in parsed.tags)


def test_papers_and_figures_stand_in_reading_order_and_a_figure_with_its_caption(html):
    order = ["study-points", "figure-points-net", "figure-points-animation", "figure-points-memorized", "study-places",
             "figure-places-probability", "figure-controls-controls"]  # fmt: skip
    at = [html.index(f'id="{name}"') for name in order]
    assert at == sorted(at)
    assert "Net copied fraction" in html[at[1] : at[2]].partition("<figcaption>")[2]


def test_numbers_of_every_part_are_on_the_page(parsed):
    text = " ".join(" ".join(parsed.text).split())
    for part in ("0.50 [0.40, 0.60]", "3.7 [3.2, ∞]", "1.5 min", "2.0 GB", "−0.0020", "mine.yaml", "question: onset"):
        assert part in text


def test_text_of_the_config_is_text_and_no_markup(html):
    assert "<b>bold</b>" not in html
    assert "&lt;b&gt;bold&lt;/b&gt; &amp; 2,000" in html


def test_a_claim_links_only_to_a_figure_that_is_on_the_page(html):
    assert "figure-points-not-drawn" not in html


def test_controls_are_labelled_buttons_and_lists_and_what_scrolls_takes_the_focus(html, parsed):
    assert html.count('<button type="button">') == 5
    assert len(re.findall(r"<label[^>]*>[^<]+<select", html)) == html.count("<select") == 3
    assert set(parsed.having("tabindex")) == {"0"}
    for tag, attributes in parsed.tags:
        if attributes.get("class") in ("frame", "scroll"):
            assert attributes["tabindex"] == "0", tag


# --- in a browser -----------------------------------------------------------------------------------------------------

in_a_browser = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium found; apt-get install chromium to run this"),
]


def rendered(html, script, folder, *options):
    """What ``script`` leaves in the text of an element called answer, in a headless browser that has no network."""
    (folder / "page.html").write_text(
        html.replace("</body>", f"<pre id=answer></pre><script>{script}</script></body>"), encoding="utf-8"
    )
    flags = (
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-component-update",
        "--disable-background-networking", "--disable-sync", f"--user-data-dir={folder / 'profile'}", "--dump-dom",
        "--virtual-time-budget=20000", "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND",
    )  # fmt: skip
    command = [BROWSER, *flags, *options, (folder / "page.html").as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    return re.search(r'id="answer">(.*?)</pre>', done.stdout, re.DOTALL)[1]


LISTED = """
const seen = () => [...document.querySelectorAll('table.claims tbody tr')].filter(row => !row.hidden)
  .map(row => row.cells[0].innerText.split(' ')[0] + ' ' + row.cells[2].innerText.split(' ')[0]).join(', ');
const head = key => document.querySelector(`th[data-key=${key}] button`);
const pick = (id, value) => { const list = document.getElementById(id); list.value = value;
  list.dispatchEvent(new Event('change')); };
const out = [];
"""


class TestInABrowser:
    pytestmark = in_a_browser

    def test_rows_sort_both_ways_and_filter_by_paper_and_verdict(self, html, tmp_path):
        script = (
            LISTED
            + """
        out.push(seen());
        head('effect').focus(); document.activeElement.click(); out.push(seen());
        head('effect').click(); out.push(seen());
        pick('question', 'outliers'); out.push(seen());
        pick('group', 'reproduced'); out.push(seen());
        out.push(document.getElementById('seen').innerText);
        pick('question', ''); pick('group', ''); pick('sort', 'claim'); out.push(seen());
        out.push(document.querySelector('th[data-key=claim]').getAttribute('aria-sort'));
        document.getElementById('answer').textContent = out.join('\\n');
        """
        )
        assert rendered(html, script, tmp_path, "--window-size=1400,900").splitlines() == [
            "M 0.50, M 0.010, O1 0.30, T1 3.7",
            "M 0.010, O1 0.30, M 0.50, T1 3.7",
            "T1 3.7, M 0.50, O1 0.30, M 0.010",
            "M 0.50, O1 0.30, M 0.010",
            "M 0.50",
            "1 of 4 shown",
            "M 0.50, M 0.010, O1 0.30, T1 3.7",
            "ascending",
        ]

    @pytest.mark.parametrize("width", [420, 1400])
    def test_the_page_is_no_wider_than_the_window_and_its_images_are_drawn(self, html, tmp_path, width):
        """In a frame of that width, since a window is never narrower than 500."""
        script = f"""
        const frame = document.createElement('iframe'); frame.style.cssText = 'border:0;height:900px;width:{width}px';
        frame.srcdoc = document.documentElement.outerHTML.replace(/<pre id="answer"[^]*/, '');
        frame.onload = () => {{
          const inner = frame.contentDocument, images = [...inner.images];
          document.getElementById('answer').textContent = [inner.documentElement.scrollWidth <= {width},
            images.length, images.every(image => image.complete && image.naturalWidth === 1200)].join(' ');
        }};
        document.body.appendChild(frame);
        """
        assert rendered(html, script, tmp_path, "--window-size=1500,900") == "true 4 true"
