"""A job says what it does in its log, and does not outlive its run."""

import subprocess
import sys
import time

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


def begun(log, since):
    """Wait until the job has begun to write."""
    while not (log.exists() and "begun" in log.read_text()):
        assert time.monotonic() - since < 60
        time.sleep(0.05)


def test_a_job_whose_run_is_killed_leaves_nothing(tmp_path, with_package):
    log, out = tmp_path / "log", tmp_path / "array.npy"
    run = subprocess.Popen([sys.executable, "-c", RUN, JOB, log, out, "8"], env=with_package)
    begun(log, time.monotonic())
    assert [path.suffix for path in tmp_path.iterdir() if path != log] == [".npy"], "it is being written"
    run.kill()
    run.wait()
    time.sleep(10)
    assert list(tmp_path.iterdir()) == [log]


def test_a_job_whose_run_lives_ends_in_its_own_time(tmp_path, with_package):
    log, out = tmp_path / "log", tmp_path / "array.npy"
    subprocess.run([sys.executable, "-c", JOB, log, out, "2"], env=with_package, check=True)
    assert log.read_text() == "begun\n"
    assert out.exists()
