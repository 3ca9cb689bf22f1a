"""Fetching of published files, with pooch: checksum, resumption, and one copy for all runs.

What has arrived lies in FILE.part, from which a later attempt goes on where the server allows it (Range). The file
itself appears when it is whole and its SHA-256 is right. A lock on its folder keeps two runs from fetching it at once.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from diffmem.data.image_set import DataError
from diffmem.settings.downloads import Download

TIMEOUT = 60  # seconds without an answer
CHUNK = 2**16  # bytes
PARTIAL, BEYOND = 206, 416  # of HTTP: a part follows; there is nothing after what has arrived


def fetch(file: Download) -> Path:
    """The path of a published ``file``, fetched if it is not there.

    Raises:
        DataError: if it cannot be fetched, or has another SHA-256; says where it is to be had and where to put it.
    """
    import pooch
    import requests

    path = Path(file.path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    with _locked(path.parent):
        store = pooch.create(
            path=path.parent,
            base_url="",
            registry={path.name: f"sha256:{file.sha256}"},
            urls={path.name: file.url},
            retry_if_failed=1,
        )
        try:
            store.fetch(path.name, downloader=_Resuming(part))
        except (requests.RequestException, ValueError) as error:
            raise DataError(
                f"{path}: cannot be fetched ({_reason(error)}); put {file.url} there, with SHA-256 {file.sha256}, or "
                "name your copy in data.path"
            ) from None
        part.unlink(missing_ok=True)
    return path


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Wait until no other process holds the lock on ``folder``; on a file system without such locks, do not wait."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)


class _Resuming:
    """A downloader for pooch: fetches a file into ``part``, after the bytes that are there, and moves the whole."""

    def __init__(self, part: Path):
        self.part = part

    def __call__(self, url: str, output_file: str, _pooch: Any) -> None:
        import requests

        have = self.part.stat().st_size if self.part.exists() else 0
        headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={have}-"} if have else {})}
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
            if have and response.status_code == BEYOND:
                self._hand_over(output_file)  # whole already; if not, the checksum says so
                return
            response.raise_for_status()
            with open(self.part, "ab" if response.status_code == PARTIAL else "wb") as out:
                for chunk in response.iter_content(CHUNK):
                    out.write(chunk)
        self._hand_over(output_file)

    def _hand_over(self, output_file: str) -> None:
        """Move what has arrived to the file whose checksum is taken; the next attempt begins anew."""
        self.part.replace(output_file)


def _reason(error: Exception) -> str:
    """What went wrong, in a few words."""
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answers {error.response.status_code} {error.response.reason}".strip()
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection ended before the whole file had come"
    if isinstance(error, requests.Timeout):
        return "the server does not answer"
    if isinstance(error, requests.ConnectionError):
        return "no connection; is there a network?"
    return "what the server sends has another SHA-256"
