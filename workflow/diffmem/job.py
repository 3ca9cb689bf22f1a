"""Start of every script: redirect stderr to the rule's log, and stop the job when its run ends.

A profile may start a job again that failed, with more memory and time. One that failed with an error of this package,
as a diverged loss or a damaged file, would fail again. It leaves a note beside its log, by which the second attempt of
the same run ends at once, and its traceback in ``RULE.log.traceback``; the log holds the sentence alone.
"""

import atexit
import os
import sys
import threading
import time
import traceback
import warnings
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import NoReturn

from diffmem import files, runs

INTERVAL = 0.5  # seconds between two looks at the processes of the run


def start(log: str) -> None:
    """Send stderr (messages, progress bars, tracebacks) to the file ``log``, line by line, and warnings with it.

    ``tail -f`` on the log then shows the progress of a job; Snakemake prints the log when the job fails. If Snakemake
    is killed, the job stops, so that it cannot overwrite files of the next run.
    """
    parent, executors = os.getppid(), runs.executors()
    sys.stderr = open(log, "w", buffering=1, encoding="utf-8")  # noqa: SIM115, open until the process ends
    atexit.register(sys.stderr.close)
    if not _lives(parent, executors):  # before any file is begun
        _end()
    # a thread: it writes to the same log
    threading.Thread(target=_end_with, args=(parent, executors), daemon=True).start()
    warnings.simplefilter("default")
    note = Path(f"{log}.failed")
    _refuse_again(note)
    sys.excepthook = partial(_note, note)


def _refuse_again(note: Path) -> None:
    """End the job if an earlier attempt of the same run has left a ``note``; remove one of an earlier run."""
    if note.exists():
        run, _, said = note.read_text(encoding="utf-8").partition("\n")
        if run == runs.token():
            say(f"{said}\nIt failed so in an earlier attempt of this run, and is not tried again.")
            sys.exit(1)
        note.unlink(missing_ok=True)


def _note(note: Path, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print an error; of one of this package the sentence, with the traceback beside the log, and leave a ``note``."""
    if not kind.__module__.startswith("diffmem."):
        sys.__excepthook__(kind, error, trace)
        return
    say(f"{error}")
    with suppress(OSError):  # as on a full disk, which the sentence names
        lines = traceback.format_exception(kind, error, trace)
        note.with_suffix(".traceback").write_text("".join(lines), encoding="utf-8")
    if kind is not runs.RunError and runs.token():
        note.write_text(f"{runs.token()}\n{error}", encoding="utf-8")


def _end_with(parent: int, executors: list[int]) -> None:
    """Wait until the processes of the run have ended, then end this process.

    This does not use signals: a shell script that starts Snakemake with ``&`` makes it and its jobs ignore SIGINT.
    """
    while _lives(parent, executors):
        time.sleep(INTERVAL)
    _end()


def _lives(parent: int, executors: list[int]) -> bool:
    """Whether the processes of the run live."""
    return os.getppid() == parent and all(map(runs.alive, executors))


def _end() -> NoReturn:
    """Say that the run has ended, and end this process without its files."""
    say("the run that started this job has ended; the job stops")
    files.remove_unfinished()
    runs.stop_executors()
    os._exit(1)


def say(message: str) -> None:
    """Write one line to the log."""
    print(message, file=sys.stderr)
