"""Published files are fetched whole or not at all, from a server on this machine."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from diffmem.data.fetch import fetch
from diffmem.data.image_set import DataError
from diffmem.settings.downloads import DOWNLOADS, Download, needed_for

CONTENT = np.random.default_rng(0).bytes(3_000_000)


class Server:
    """What is asked, and how it is answered: with ``breaks`` answers that end half-way, and ``resumes`` or not."""

    def __init__(self):
        self.content, self.status, self.breaks, self.resumes = CONTENT, 200, 0, True
        self.asked: list[str | None] = []  # the header Range of every request

        class Handler(BaseHTTPRequestHandler):
            def do_GET(handler):
                self.answer(handler)

            def log_message(handler, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/file.gz"

    def answer(self, handler):
        asked = handler.headers.get("Range")
        self.asked.append(asked)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.resumes else 0
        status = self.status if not start else 206 if start < len(self.content) else 416
        rest = self.content[start:] if status < 400 else b""
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(rest)))
        handler.end_headers()
        self.breaks -= 1
        handler.wfile.write(rest[: len(rest) // 2] if self.breaks >= 0 else rest)


@pytest.fixture
def server(monkeypatch, tmp_path):
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.chdir(tmp_path)
    started = Server()
    thread = threading.Thread(target=started.http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield started
    started.http.shutdown()
    thread.join()
    started.http.server_close()


def file_at(url: str) -> Download:
    return Download("data/set/file.gz", url, hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))


def resumed(asked: str) -> float:
    """The share of the file before the place from which it is asked for."""
    return int(asked.removeprefix("bytes=").rstrip("-")) / len(CONTENT)


def left(path) -> list[str]:
    return sorted(file.name for file in (path / "data/set").iterdir())


def test_a_whole_file_comes_once_and_stays(server, tmp_path):
    for _ in range(2):
        assert fetch(file_at(server.url)).read_bytes() == CONTENT
    assert server.asked == [None]
    assert left(tmp_path) == ["file.gz"]


def test_a_file_that_is_there_needs_no_server(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data/set").mkdir(parents=True)
    (tmp_path / "data/set/file.gz").write_bytes(CONTENT)
    assert fetch(file_at("http://127.0.0.1:9/file.gz")).read_bytes() == CONTENT


@pytest.mark.parametrize("resumes", [True, False])
def test_a_truncated_file_goes_on_where_it_ended_or_begins_anew(server, resumes):
    server.breaks, server.resumes = 1, resumes
    assert fetch(file_at(server.url)).read_bytes() == CONTENT
    first, second = server.asked
    assert first is None
    assert 0.4 < resumed(second) <= 0.5


def test_what_came_before_a_failure_is_not_fetched_again_by_the_next_run(server, tmp_path):
    server.breaks = 2
    with pytest.raises(DataError, match="the connection ended before the whole file had come"):
        fetch(file_at(server.url))
    assert left(tmp_path) == ["file.gz.part"]
    assert fetch(file_at(server.url)).read_bytes() == CONTENT
    assert 0.65 < resumed(server.asked[-1]) <= 0.75
    assert left(tmp_path) == ["file.gz"]


def test_a_part_that_is_whole_is_taken(server, tmp_path):
    (tmp_path / "data/set").mkdir(parents=True)
    (tmp_path / "data/set/file.gz.part").write_bytes(CONTENT)
    assert fetch(file_at(server.url)).read_bytes() == CONTENT
    assert len(server.asked) == 1


def test_a_damaged_part_is_replaced(server, tmp_path):
    (tmp_path / "data/set").mkdir(parents=True)
    (tmp_path / "data/set/file.gz.part").write_bytes(b"damaged" * 1000)
    assert fetch(file_at(server.url)).read_bytes() == CONTENT
    assert server.asked == ["bytes=7000-", None]


def test_a_file_with_another_checksum_is_refused_and_nothing_is_left(server, tmp_path):
    server.content = CONTENT[:-1] + bytes([CONTENT[-1] ^ 1])
    with pytest.raises(DataError, match="what the server sends has another SHA-256"):
        fetch(file_at(server.url))
    assert left(tmp_path) == []


def test_what_is_not_found_is_said_with_its_address_and_its_place(server, tmp_path):
    server.status = 404
    with pytest.raises(DataError) as refused:
        fetch(file_at(server.url))
    said = str(refused.value)
    assert said.startswith("data/set/file.gz: cannot be fetched (the server answers 404 Not Found); put http://127")
    assert hashlib.sha256(CONTENT).hexdigest() in said
    assert left(tmp_path) == []


def test_without_a_network_the_sentence_says_what_to_put_where(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.chdir(tmp_path)
    unheard = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    unheard.server_close()
    url = f"http://127.0.0.1:{unheard.server_port}/file.gz"
    with pytest.raises(DataError) as refused:
        fetch(file_at(url))
    assert f"data/set/file.gz: cannot be fetched (no connection; is there a network?); put {url} there" in str(
        refused.value
    )


def test_two_runs_fetch_a_file_once(server):
    runs = [threading.Thread(target=fetch, args=[file_at(server.url)]) for _ in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert server.asked == [None]


def test_every_published_file_has_an_address_a_sum_and_a_place_of_its_own():
    assert len({file.url for file in DOWNLOADS.values()}) == len(DOWNLOADS) == 7
    assert all(len(file.sha256) == 64 and file.path.startswith("data/") for file in DOWNLOADS.values())
    assert needed_for("data/svhn/train_32x32.mat") == ["data/svhn/train_32x32.mat"]
    assert len(needed_for("data/mnist/train-images-idx3-ubyte.gz")) == 2
    assert needed_for("elsewhere/train-images-idx3-ubyte.gz") == []
