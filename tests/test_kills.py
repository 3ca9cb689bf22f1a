"""Killed at random moments, a run goes on when it is started again: no unlocking, no orphan, the same bytes."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from diffmem import runs

ROOT = Path(__file__).parents[1]

STUDY = {
    "replicates": 3,
    "shard": 2,
    "data": {"inliers": 60, "outliers": {"count": 20}},
    "training": {"epochs": 40, "snapshots": {"count": 3}},
    "sampling": {"count": 300},
}
TARGET = "results/killed/small/curves.parquet"
KILLS = 4  # of each kind and start; 6 of them
ARTEFACTS = (".npz", ".npy", ".parquet")


def command(folder: Path) -> list[str]:
    words = [sys.executable, "-m", "snakemake", TARGET, "--snakefile", ROOT / "workflow/Snakefile", "--cores", 2]
    profile = ["--workflow-profile", ROOT / "profiles/default"]
    return [*map(str, [*words, *profile, "--directory", folder, "--configfile", folder / "killed.yaml"])]


def prepared(folder: Path) -> Path:
    (folder / "killed.yaml").write_text(yaml.safe_dump({"studies": {"small": STUDY}}))
    return folder


def finish(folder: Path) -> dict[str, bytes]:
    done = subprocess.run(command(folder), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert not list(folder.rglob(f".*{runs.MARK}*"))
    found = (path for path in sorted((folder / "results").rglob("*")) if path.suffix in ARTEFACTS)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def jobs(folder: Path) -> list[int]:
    """Processes that run a script of a run in ``folder``."""
    script = f"{folder}/.snakemake/scripts/"
    found = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]
    return [pid for pid in found if runs.alive(pid) and any(script in word for word in runs._command(pid)[:3])]


def started(folder: Path, how: str) -> tuple[subprocess.Popen, int]:
    """A run in a session of its own, and its number; by ``&`` it and its jobs ignore SIGINT."""
    words = command(folder)
    if how == "ampersand":
        words = ["sh", "-c", '"$@" & echo $!; wait', "sh", *words]
    with open(folder / "said", "wb") as said:
        shell = subprocess.Popen(words, cwd=ROOT, stdout=said, stderr=said, start_new_session=True)
    if how == "terminal":
        return shell, shell.pid
    while not (number := re.search(r"(?m)^(\d+)$", (folder / "said").read_text(errors="replace"))):
        assert shell.poll() is None
        time.sleep(0.05)
    return shell, int(number[1])


def kill(what: str, folder: Path, shell: subprocess.Popen, pid: int, draw: random.Random) -> bool:
    """Kill the run, one of its jobs or all its processes; whether there was one to kill."""
    if shell.poll() is not None:
        return False
    if what == "job":
        while not (found := jobs(folder)):
            if shell.poll() is not None:
                return False
            time.sleep(0.05)
        with suppress(ProcessLookupError):  # it has ended since
            os.kill(draw.choice(found), signal.SIGKILL)
    elif what == "snakemake":
        os.kill(pid, signal.SIGKILL)
    else:
        os.killpg(shell.pid, signal.SIGKILL)
    shell.wait()
    return True


def ended(folder: Path, within: float = 120) -> None:
    """Wait for the jobs to notice: those at work half a second, those that are importing until they have."""
    since = time.monotonic()
    while jobs(folder):
        assert time.monotonic() - since < within, "a job has outlived its run"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> dict[str, bytes]:
    return finish(prepared(tmp_path_factory.mktemp("undisturbed")))


@pytest.mark.slow
@pytest.mark.parametrize("how", ["terminal", "ampersand"])
@pytest.mark.parametrize("what", ["snakemake", "job", "group"])
def test_what_was_killed_goes_on_to_the_same_bytes(tmp_path, undisturbed, what, how):
    folder, draw, killed = prepared(tmp_path), random.Random(f"{what} {how}"), 0
    for _ in range(KILLS):
        shell, pid = started(folder, how)
        while shell.poll() is None and not jobs(folder):  # it has read its Snakefile and begun
            time.sleep(0.05)
        time.sleep(draw.uniform(0, 4))
        if kill(what, folder, shell, pid, draw):
            killed += 1
            ended(folder)
    assert killed
    assert finish(folder) == undisturbed
    print(f"{what} from {how}: {killed} kills survived")
