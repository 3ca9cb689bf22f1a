"""What every script does first: send what it says to the rule's log file, and see to it that it ends with its run."""

import _thread
import atexit
import os
import sys
import threading
import time
import warnings

WATCHED = 1.0  # seconds


def start(log: str) -> None:
    """Send stderr (messages, progress bars, tracebacks) to the file ``log``, line by line, and warnings with it.

    ``tail -f`` on the log then shows how far a job is; Snakemake prints it when the job fails. If Snakemake is killed,
    the job stops: it would put its files in the place of those that the next run makes.
    """
    threading.Thread(target=_outlived, args=(os.getppid(),), daemon=True).start()
    sys.stderr = open(log, "w", buffering=1, encoding="utf-8")  # noqa: SIM115, open until the process ends
    atexit.register(sys.stderr.close)
    warnings.simplefilter("default")


def _outlived(parent: int) -> None:
    """Interrupt the process, so that it removes what it has begun to write, once its parent is another one."""
    while os.getppid() == parent:
        time.sleep(WATCHED)
    _thread.interrupt_main()


def say(message: str) -> None:
    """Write one line to the log."""
    print(message, file=sys.stderr)
