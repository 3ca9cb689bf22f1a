"""What every script does first: send what it says to the rule's log file."""

import atexit
import sys
import warnings


def start(log: str) -> None:
    """Send stderr (messages, progress bars, tracebacks) to the file ``log``, line by line, and warnings with it.

    ``tail -f`` on the log then shows how far a job is; Snakemake prints it when the job fails.
    """
    sys.stderr = open(log, "w", buffering=1, encoding="utf-8")  # noqa: SIM115, open until the process ends
    atexit.register(sys.stderr.close)
    warnings.simplefilter("default")


def say(message: str) -> None:
    """Write one line to the log."""
    print(message, file=sys.stderr)
