"""A job says what it does in its log, and does not outlive its run."""

import socket
import subprocess
import sys
import time

import pytest

from diffmem import runs

JOB = """
import sys, time
from diffmem import files, job
job.start(sys.argv[1])
with files.new_array(sys.argv[2], shape=(2,), dtype=float) as array:
    job.say("begun")
    time.sleep(float(sys.argv[3]))
    array[:] = 1
"""
RUN = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", *sys.argv[1:]])
time.sleep(60)
"""
# a shell that ignores SIGINT, as one does that starts a command by & in a script; what it starts inherits that
DEAF = ["sh", "-c", 'trap "" INT; exec "$@"', "sh"]


def begun(log, since):
    """Wait until the job has begun to write."""
    while not (log.exists() and "begun" in log.read_text()):
        assert time.monotonic() - since < 60
        time.sleep(0.05)


@pytest.mark.parametrize("shell", [[], DEAF], ids=["terminal", "ampersand"])
def test_a_job_whose_run_is_killed_ends_soon_and_leaves_nothing(tmp_path, with_package, shell):
    log, out = tmp_path / "log", tmp_path / "array.npy"
    run = subprocess.Popen([*shell, sys.executable, "-c", RUN, JOB, log, out, "60"], env=with_package)
    begun(log, time.monotonic())
    assert [path.suffix for path in tmp_path.iterdir() if path != log] == [".npy"], "it is being written"
    run.kill()
    run.wait()
    since = time.monotonic()
    while list(tmp_path.iterdir()) != [log]:
        assert time.monotonic() - since < 20  # a job that goes on takes 60
        time.sleep(0.05)
    assert "the run that started this job has ended" in log.read_text()


def test_a_job_that_starts_after_its_run_was_killed_ends_at_once(tmp_path, with_package):
    """It was importing when the run ended, and its parent is another process by now."""
    dead = subprocess.Popen(["true"])
    dead.wait()
    log, out = tmp_path / "log", tmp_path / "array.npy"
    environment = with_package | {runs.VARIABLE: f"token {socket.gethostname()} {dead.pid} {tmp_path / runs.FILE}"}
    subprocess.run([sys.executable, "-c", JOB, log, out, "8"], env=environment, check=False)
    assert list(tmp_path.iterdir()) == [log]
    assert "the run that started this job has ended" in log.read_text()


def test_a_job_whose_run_lives_ends_in_its_own_time(tmp_path, with_package):
    log, out = tmp_path / "log", tmp_path / "array.npy"
    subprocess.run([sys.executable, "-c", JOB, log, out, "2"], env=with_package, check=True)
    assert log.read_text() == "begun\n"
    assert out.exists()


FAILING = """
import sys
from diffmem import files, job
job.start(sys.argv[1])
print("tried")
if sys.argv[2] == "final":
    files.load_array("missing.npy", ndim=1)
raise MemoryError
"""


@pytest.mark.parametrize(("kind", "runs_of", "tried"), [("final", "aa", 1), ("final", "ab", 2), ("memory", "aa", 2)])
def test_what_cannot_succeed_is_tried_once_in_a_run(tmp_path, with_package, kind, runs_of, tried):
    log, said = tmp_path / "log", ""
    for name in runs_of:
        run = {runs.VARIABLE: f"{name} elsewhere 0 {tmp_path / runs.FILE}"}
        words = [sys.executable, "-c", FAILING, log, kind]
        done = subprocess.run(words, env=with_package | run, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        said += done.stdout
    assert said.count("tried") == tried
    assert ("not tried again" in log.read_text()) == (tried == 1)
    assert "missing.npy: no such file" in log.read_text() or kind == "memory"


@pytest.mark.parametrize("kind", ["files.ArtefactError", "ValueError"])
def test_the_log_of_a_users_error_is_its_sentence_and_a_traceback_lies_beside_it(tmp_path, with_package, kind):
    words = f"from diffmem import files, job; job.start('rule.log'); raise {kind}('a.npy: is damaged')"
    done = subprocess.run([sys.executable, "-c", words], env=with_package, cwd=tmp_path, check=False)
    assert done.returncode == 1
    log, beside = (tmp_path / "rule.log").read_text(), tmp_path / "rule.log.traceback"
    if kind == "ValueError":
        assert "Traceback" in log
        assert not beside.exists()
    else:
        assert log == "a.npy: is damaged\n"
        assert beside.read_text().startswith("Traceback")
        assert beside.read_text().endswith("a.npy: is damaged\n")
