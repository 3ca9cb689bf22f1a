"""The profile for Slurm on a real one: what a cluster does to jobs costs a job each, and no byte of the results.

Two shards are trained in three segments each. One run of them meets, in this order:

1. the job of the second segment of the first shard is cancelled by scancel;
2. that of the second shard does not end, until its time limit;
3. the last segment of the first shard is given too little memory, and is killed;
4. the node that samples the second shard is drained, the one that samples the first shard dies.
"""

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
import slurm_lab as lab
from slurm_runs import (
    FIRST,
    LONG,
    ROOT,
    SAMPLES,
    SECOND,
    SMALL,
    STUDY,
    artefacts,
    command,
    comment,
    profile,
    running,
    state,
    stop,
)

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Told:
    """A run on the cluster that has ended: its folder, what Snakemake printed, and the jobs that Slurm was given."""

    folder: Path
    text: str
    jobs: list[lab.Job]

    def of(self, rule: str, *wildcards: object) -> list[lab.Job]:
        """The jobs of a rule, one for each attempt."""
        return [job for job in self.jobs if job.rule == comment(rule, *wildcards)]

    def log(self, shard: str, rule: str) -> str:
        return (self.folder / f"results/lab/logs/small/base/{shard}/{rule}.log").read_text()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    if reason := lab.lacking():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("lab")
    try:
        lab.up(folder)
        yield folder
    finally:
        lab.down(folder)


@pytest.fixture(scope="module")
def local(tmp_path_factory) -> dict[str, bytes]:
    """The artefacts of the same run on this machine alone."""
    folder = tmp_path_factory.mktemp("local")
    words = command(folder, STUDY, SAMPLES, ROOT / "profiles/default", "--cores", "1")
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return artefacts(folder)


@pytest.fixture(scope="module")
def disturbed(cluster, tmp_path_factory) -> Told:
    folder = tmp_path_factory.mktemp("slurm")
    limit = f"2 if attempt == 1 and wildcards.shard == '{SECOND}' and wildcards.segment == '2' else 10"
    changed = profile(
        folder,
        ("min(4000 * attempt, 64000)", f"150 if attempt == 1 and wildcards.shard == '{FIRST}' else 3000"),  # train
        ("min(720 * attempt, 1440)", "10"),
        ("min(720 * attempt, 1440)", limit),  # train_segment
    )
    since = time.monotonic()
    with running(command(folder, STUDY, SAMPLES, changed), folder / "said") as run:
        try:
            cancelled, _ = stop("train_segment", FIRST, 2)
            lab.run("scancel", cancelled.id)
            stop("train_segment", SECOND, 2)  # it does not end within its two minutes
            lost, _ = stop("sample", FIRST)
            drained, pid = stop("sample", SECOND)
            lab.run("scontrol", "update", f"NodeName={drained.node}", "State=DRAIN", "Reason=test")
            lab.kill(cluster, lost.node)
            lab.run("scontrol", "update", f"NodeName={lost.node}", "State=DOWN", "Reason=test")
            os.kill(pid, signal.SIGCONT)
            lab.wait(lambda: state(drained) == "COMPLETED", "the end of the job on the drained node", LONG)
            assert state(lost) == "PENDING"
            lab.start(lost.node)
            lab.wait(lambda: run.poll() is not None, "the end of the run", LONG)
            lab.run("scontrol", "update", f"NodeName={drained.node}", "State=RESUME")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{lab.jobs()}\n{(folder / 'said').read_text()[-3000:]}") from error
    told = Told(folder, (folder / "said").read_text(), lab.jobs())
    assert run.returncode == 0, told.text[-3000:]
    print(f"{told.text.count('has been submitted with SLURM jobid')} submissions in {time.monotonic() - since:.0f} s")
    print(*told.jobs, sep="\n")
    return told


def test_a_cancelled_job_is_submitted_again_and_goes_on_from_the_last_segment(disturbed):
    cancelled, again = disturbed.of("train_segment", FIRST, 2)
    assert (cancelled.state, again.state) == ("CANCELLED", "COMPLETED")
    assert [job.state for job in disturbed.of("train_segment", FIRST, 1)] == ["COMPLETED"]
    assert "goes on after step 100" in disturbed.log(FIRST, "train_segment-2")


def test_a_job_that_its_time_limit_ends_comes_back_with_more_time_and_goes_on_from_the_last_segment(disturbed):
    late, again = disturbed.of("train_segment", SECOND, 2)
    assert (late.state, late.minutes) == ("TIMEOUT", "2:00")
    assert (again.state, again.minutes) == ("COMPLETED", "10:00")
    assert [job.state for job in disturbed.of("train_segment", SECOND, 1)] == ["COMPLETED"]
    assert "goes on after step 100" in disturbed.log(SECOND, "train_segment-2")


def test_a_job_killed_for_its_memory_comes_back_larger(disturbed):
    small, large = disturbed.of("train", FIRST)
    assert (small.memory, large.memory) == ("150M", "3000M")
    assert (small.state, large.state) == ("FAILED", "COMPLETED")
    (kept,) = (disturbed.folder / ".snakemake/slurm_logs").rglob(f"{small.id}.log")
    assert "Exceeded job memory limit" in kept.read_text()
    assert "goes on after step 200" in disturbed.log(FIRST, "train")


def test_a_drained_node_ends_its_job_and_a_dead_one_loses_it(disturbed):
    (lost,), (drained,) = disturbed.of("sample", FIRST), disturbed.of("sample", SECOND)
    assert lost.state == drained.state == "COMPLETED"
    assert lost.node != drained.node


def test_training_and_sampling_run_in_the_gpu_partition_and_the_rest_elsewhere(disturbed):
    found = {(job.rule.partition("_wildcards_")[0].removeprefix("rule_"), job.partition) for job in disturbed.jobs}
    assert found == {
        ("train", "gpu"),
        ("train_segment", "gpu"),
        ("sample", "gpu"),
        ("prepare_small_base_dataset", "cpu"),
    }
    for shard in (FIRST, SECOND):
        assert "a GPU is allotted (CUDA_VISIBLE_DEVICES=0)" in disturbed.log(shard, "train")


def test_the_bytes_are_those_of_a_local_run(disturbed, local):
    assert artefacts(disturbed.folder) == local


@pytest.mark.parametrize("login", [False, True], ids=["on-the-same-machine", "on-a-login-node"])
def test_a_job_whose_run_was_hung_up_publishes_nothing_when_the_config_has_changed(cluster, local, tmp_path, login):
    targets = [f"{SMALL}/{FIRST}/{name}" for name in ("snapshots.npy", "training.parquet")]
    whole = STUDY | {"compute": {}}
    before = whole | {"training": STUDY["training"] | {"epochs": 100}}
    plain = profile(tmp_path)
    elsewhere = ["unshare", "--uts", "sh", "-c", 'hostname login && exec "$@"', "sh"] if login else []
    with running([*elsewhere, *command(tmp_path, before, targets, plain)], tmp_path / "first") as run:
        orphan, pid = stop("train", FIRST)
        run.send_signal(signal.SIGHUP)
        assert run.wait(60) == -signal.SIGHUP
    assert state(orphan) == "RUNNING"
    with running([*elsewhere, *command(tmp_path, whole, targets, plain)], tmp_path / "second") as run:
        lab.wait(lambda: run.poll() is not None, "the end of the second run", LONG)
    assert run.returncode == 0, (tmp_path / "second").read_text()[-3000:]
    made = artefacts(tmp_path)
    assert {path: made[path] for path in targets} == {path: local[path] for path in targets}
    os.kill(pid, signal.SIGCONT)
    lab.wait(lambda: state(orphan) not in ("RUNNING", "COMPLETING"), "the end of the orphan", LONG)
    assert state(orphan) == "FAILED"
    said = (tmp_path / f"results/lab/logs/small/base/{FIRST}/train.log").read_text()
    assert ("another run has started here" if login else "the run that started this job has ended") in said
    assert artefacts(tmp_path) == made
    again = subprocess.run(
        [*command(tmp_path, whole, targets, plain), "-n"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "Nothing to be done" in again.stdout + again.stderr


def test_jobs_of_a_rule_that_are_ready_together_are_one_submission_with_arrays(cluster, local, tmp_path):
    arrays = profile(tmp_path, ("# slurm-array-jobs:", "slurm-array-jobs:"))
    earlier = {job.id for job in lab.jobs()}
    with running(command(tmp_path, STUDY, SAMPLES, arrays), tmp_path / "said") as run:
        lab.wait(lambda: run.poll() is not None, "the end of the run", LONG)
    assert run.returncode == 0, (tmp_path / "said").read_text()[-3000:]
    jobs = [job for job in lab.jobs() if job.id not in earlier]
    submitted = {job.id.partition("_")[0] for job in jobs}
    print(f"{len(jobs)} jobs in {len(submitted)} submissions")
    assert len(jobs) == 1 + 2 * (3 + 1), "the data of both shards; of each three segments and its samples"
    assert len(submitted) < len(jobs)
    # the first segments are ready together, as soon as there are data; an array has the comment of one of its tasks
    first = [job for job in jobs if job.rule in {comment("train_segment", shard, 1) for shard in (FIRST, SECOND)}]
    assert sorted(job.id.partition("_")[2] for job in first) == ["1", "2"]
    assert artefacts(tmp_path) == local
