"""One run at a time in a folder, by a lock that ends with its process; jobs of earlier runs publish nothing."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from diffmem import files, runs

HOLD = """
import sys, time
from diffmem import runs
runs.begin(sys.argv[1])
print("begun", flush=True)
time.sleep(60)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of results; what this process holds of it ends with the test."""
    monkeypatch.setenv(runs.VARIABLE, "")
    yield tmp_path / "results"
    for file in runs._locked:
        file.close()
    runs._locked.clear()


@pytest.fixture
def live(folder, with_package):
    """Another process that has the folder."""
    run = subprocess.Popen([sys.executable, "-c", HOLD, folder], env=with_package, stdout=subprocess.PIPE, text=True)
    assert run.stdout.readline() == "begun\n"
    yield run
    run.kill()
    run.wait()
    run.stdout.close()


def save(path: Path) -> None:
    files.save_arrays(path, {"a": np.zeros(2)})


def test_a_live_run_is_not_disturbed(folder, live):
    with pytest.raises(runs.RunError, match=rf"results: another run uses this folder \(process {live.pid} on .*\)"):
        runs.begin(folder)


def test_a_killed_run_needs_no_unlocking(folder, live):
    live.kill()
    live.wait()
    runs.begin(folder)


def test_a_run_removes_what_earlier_ones_were_writing(folder, live):
    unfinished, done = runs.temporary(folder / "study" / "samples.npy"), folder / "study" / "samples.npy"
    unfinished.parent.mkdir()
    unfinished.write_text("half")
    done.write_text("whole")
    live.kill()
    live.wait()
    runs.begin(folder)
    assert not unfinished.exists()
    assert done.exists()


def test_a_job_publishes_for_its_own_run(folder):
    runs.begin(folder)
    save(folder / "data.npz")
    assert (folder / "data.npz").exists()


def test_a_job_of_an_earlier_run_discards_what_it_made(folder, monkeypatch):
    runs.begin(folder)
    (folder / "data.npz").write_text("of the later run")
    monkeypatch.setenv(runs.VARIABLE, f"earlier host 1 {folder / runs.FILE}")
    with pytest.raises(runs.RunError, match="another run has started here; the result of this job is discarded"):
        save(folder / "data.npz")
    assert (folder / "data.npz").read_text() == "of the later run"
    assert {path.name for path in folder.iterdir()} == {"data.npz", runs.FILE}


def test_a_job_whose_results_are_gone_publishes_nothing(folder):
    runs.begin(folder)
    (folder / runs.FILE).unlink()
    with pytest.raises(runs.RunError):
        save(folder / "data.npz")


def test_without_a_run_files_are_written_as_ever(folder):
    save(folder / "data.npz")
    assert (folder / "data.npz").exists()


def test_an_executor_that_drops_the_environment_belongs_to_the_run_at_hand(folder, monkeypatch):
    runs.begin(folder)
    own = os.environ[runs.VARIABLE].split()[0]
    monkeypatch.delenv(runs.VARIABLE)
    runs.inherit(folder)
    assert os.environ[runs.VARIABLE].split()[0] == own
    monkeypatch.setenv(runs.VARIABLE, "mine host 1 x")
    runs.inherit(folder)
    assert os.environ[runs.VARIABLE] == "mine host 1 x"


def test_a_rule_removes_what_dead_attempts_at_its_file_left_and_no_other(folder):
    folder.mkdir()
    mine = runs.temporary(folder / "a.npz").name
    dead = subprocess.Popen(["true"])
    dead.wait()
    names = {
        "dead": re.sub(r"-\d+\.npz", f"-{dead.pid}.npz", mine),
        "elsewhere": ".a.tmp-node7-12.npz",
        "alive": re.sub(r"-\d+\.npz", f"-{os.getppid()}.npz", mine),
        "other": ".b.tmp-node7-12.npz",
    }
    for name in names.values():
        (folder / name).write_text("half")
    save(folder / "a.npz")
    assert {path.name for path in folder.iterdir()} == {"a.npz", names["alive"], names["other"]}


def wait(until: Callable[[], bool]) -> None:
    since = time.monotonic()
    while not until():
        assert time.monotonic() - since < 60
        time.sleep(0.01)


def test_a_process_that_nobody_has_waited_for_is_not_alive():
    child = subprocess.Popen(["true"])
    wait(lambda: runs._state(child.pid) == "Z")
    assert not runs.alive(child.pid)
    child.wait()
    assert not runs.alive(child.pid)
    assert runs.alive(os.getpid())


def test_of_a_slurm_job_both_snakemakes_are_killed_and_no_run_of_the_user(tmp_path, monkeypatch):
    (tmp_path / "snakemake.py").write_text("import time\ntime.sleep(60)\n")

    def start(allocation: str, *words: str) -> subprocess.Popen:
        environment = {"PYTHONPATH": str(tmp_path), "SLURM_JOB_ID": allocation}
        return subprocess.Popen([sys.executable, "-m", "snakemake", *words], env=environment)

    others = [start("7"), start("7", "--mode", "subprocess"), start("8", "--mode", "remote")]
    step = start("7", "--executor", "slurm-jobstep", "--mode", "remote")
    try:
        wait(lambda: all(map(runs._is_snakemake, (step.pid, *(other.pid for other in others)))))
        monkeypatch.setenv("SLURM_JOB_ID", "7")
        runs.stop_executors()
        assert step.wait(10) == -9
        assert [other.poll() for other in others] == [None] * 3
    finally:
        for process in (step, *others):
            process.kill()
            process.wait()


@pytest.mark.parametrize(
    ("words", "is_one"),
    [
        (["python3", "-m", "snakemake", "-n"], True),
        (["/a/b/python3.11", "/a/b/snakemake", "--cores", "2"], True),
        (["bash", "-c", "snakemake --cores 2"], False),
        (["python", "script.py", "snakemake"], False),
        (["vim", "snakemake.md"], False),
    ],
)
def test_a_snakemake_is_told_from_a_shell_that_names_it(monkeypatch, words, is_one):
    monkeypatch.setattr(runs, "_command", lambda pid: [*words, ""])
    assert runs._is_snakemake(1) is is_one
