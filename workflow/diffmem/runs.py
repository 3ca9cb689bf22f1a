"""Locks: one run at a time writes to a folder of results, and jobs of earlier runs discard their files.

A run holds a kernel lock on ``results/RUN/.run`` while its process lives. The kernel releases the lock when the process
ends, even if it is killed, so that nobody has to unlock the folder. A second run is refused as long as the first lives.
The file also contains a random token of the run, which the run's jobs inherit. A job compares its token with the file
before it renames its result. Another token means that an earlier run, perhaps with another config, started the job: it
then discards its result.

This module imports only the standard library, because Snakemake reads it with the Snakefile.
"""

import contextlib
import fcntl
import os
import secrets
import shutil
import signal
import socket
import time
from itertools import pairwise
from pathlib import Path
from typing import TextIO

VARIABLE = "DIFFMEM_RUN"  # environment variable: token, machine and process of the run, and path of its file
FILE = ".run"
MARK = ".tmp-"  # part of the name of every temporary file

_locked: list[TextIO] = []  # files that stay open, and locked, while the process lives


class RunError(RuntimeError):
    """The folder of results belongs to another run; the message is one sentence."""


def begin(folder: str | Path) -> None:
    """Lock ``folder`` for the run of this process, and remove the temporary files of earlier runs.

    Raises:
        RunError: if another run holds the lock.
    """
    path = Path(folder).absolute() / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    file = open(path, "a+", encoding="utf-8")  # noqa: SIM115, open until the process ends
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read().strip().partition(" ")[2] or "another process"
        file.close()
        raise RunError(f"{folder}: another run uses this folder ({holder}); wait until it ends, or stop it") from None
    except OSError:  # a file system without locks: only the token protects the results
        pass
    token = secrets.token_hex(8)
    file.seek(0)
    file.truncate()
    file.write(f"{token} process {os.getpid()} on {socket.gethostname()} since {time.strftime('%Y-%m-%d %H:%M')}\n")
    file.flush()
    _locked.append(file)
    os.environ[VARIABLE] = f"{token} {socket.gethostname()} {os.getpid()} {path}"
    for unfinished in path.parent.rglob(f".*{MARK}*"):
        if unfinished.is_dir():
            shutil.rmtree(unfinished, ignore_errors=True)
        else:
            unfinished.unlink(missing_ok=True)


def inherit(folder: str | Path) -> None:
    """Join the run that holds ``folder``, if the environment names no run (executors may drop its variables)."""
    path = Path(folder).absolute() / FILE
    if VARIABLE not in os.environ and (token := _token(path)):
        os.environ[VARIABLE] = f"{token} unknown 0 {path}"


def check() -> None:
    """Check that the run of this process still holds its folder; a process without a run passes.

    Raises:
        RunError: if another run holds the folder. If a Snakemake process was started for this job alone, as on a
            cluster, it is killed first.
    """
    token, _, _, path = _inherited()
    if token and _token(Path(path)) != token:
        stop_executors()
        raise RunError(f"{Path(path).parent}: another run has started here; the result of this job is discarded")


def token() -> str:
    """That of the run that this process belongs to; empty without one."""
    return _inherited()[0]


def temporary(path: Path) -> Path:
    """Temporary name under which this process writes ``path``."""
    return path.with_name(f".{path.stem}{MARK}{socket.gethostname()}-{os.getpid()}{path.suffix}")


def remove_stale(path: Path) -> None:
    """Remove temporary files for ``path`` that were left by dead processes or by other machines.

    In a run, one job at a time writes a file, so that a temporary file of another machine is from an earlier attempt.
    """
    begin, host = f".{path.stem}{MARK}", socket.gethostname()
    for other in path.parent.iterdir():
        if not (other.name.startswith(begin) and other.suffix == path.suffix):
            continue
        owner, _, number = other.stem.removeprefix(begin).rpartition("-")
        if number.isdecimal() and not (owner == host and alive(int(number))):
            other.unlink(missing_ok=True)


def alive(pid: int) -> bool:
    """Whether a process of that number runs on this machine."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return _state(pid) != "Z"


def executors() -> list[int]:
    """Process ids of the parent, of every Snakemake process above it, and of the run if it is on this machine.

    The environment names the process of the run, so that it is known even if it has ended already.
    """
    found, pid = [os.getppid()], os.getppid()
    _, host, run, _ = _inherited()
    if host == socket.gethostname():
        found.append(int(run))
    while pid > 1:
        if _is_snakemake(pid) and pid not in found:
            found.append(pid)
        pid = _parent(pid)
    return found


def _inherited() -> tuple[str, str, str, str]:
    """Token, machine, process and file of the run of this process; empty without a run."""
    token, host, pid, path = (os.environ.get(VARIABLE, "").split(" ", 3) + [""] * 4)[:4]
    return token, host, pid, path


def _token(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8").partition(" ")[0]
    except FileNotFoundError:
        return None


def stop_executors() -> None:
    """Kill the Snakemake processes that were started for this job alone, if there are any.

    They would see the job fail and remove its output files, which belong to another run by then. In a Slurm job there
    are two: the one that runs the job, and the one that has started that as a step. The second is not above this
    process, and goes first.
    """
    above = executors()
    for pid in [*_of_same_allocation(excluding=above), *above]:
        if _is_snakemake(pid) and "--mode" in _command(pid):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def _of_same_allocation(*, excluding: list[int]) -> list[int]:
    """Processes that Slurm runs on this machine for the same job, in remote mode: a user's own run in it is none."""
    if not (allocation := os.environ.get("SLURM_JOB_ID")):
        return []
    found = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]
    return [
        pid
        for pid in found
        if pid not in excluding
        and ("--mode", "remote") in pairwise(_command(pid))
        and f"SLURM_JOB_ID={allocation}" in _read(pid, "environ")
    ]


def _is_snakemake(pid: int) -> bool:
    """Whether a process is Python running Snakemake; a shell with Snakemake in its command does not count."""
    program, *words = [*_command(pid), ""]
    named = words[1:2] if words[:1] == ["-m"] else [Path(word).name for word in words[:1]]
    return Path(program).name.startswith("python") and named == ["snakemake"]


def _command(pid: int) -> list[str]:
    return _read(pid, "cmdline")


def _read(pid: int, name: str) -> list[str]:
    """Words of a file of a process that ends each with a zero byte."""
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes().decode(errors="replace").split("\0")
    except OSError:  # the process has ended or is another user's, or the system has no /proc
        return []


def _stat(pid: int) -> list[str]:
    """Fields of /proc/PID/stat after the name: state, parent, ..."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def _state(pid: int) -> str:
    return (_stat(pid) or ["?"])[0]


def _parent(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[1]) if fields else 0
