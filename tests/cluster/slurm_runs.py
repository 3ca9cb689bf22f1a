"""Runs of a small study through the profile for Slurm, and what Slurm made of their jobs."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import slurm_lab as lab
import yaml

ROOT = Path(__file__).parents[2]
STUDY = {
    "replicates": 2,
    "shard": 1,
    "data": {"inliers": 60, "outliers": {"count": 20}},
    "model": {"width": 16, "blocks": 1, "embedding": 16},
    "training": {"epochs": 150, "snapshots": {"count": 3}},  # 300 steps
    "sampling": {"count": 100},
    "compute": {"segment": 100},
}
SMALL = "results/lab/small/base"
FIRST, SECOND = "r000-000", "r001-001"
SAMPLES = [f"{SMALL}/{shard}/samples.npy" for shard in (FIRST, SECOND)]
ARTEFACTS = (".npz", ".npy", ".parquet")
LONG = 900  # seconds that nothing here should take, on a busy machine


def comment(rule: str, *wildcards: object) -> str:
    """The comment of a job of a rule."""
    return "_".join(map(str, [f"rule_{rule}_wildcards_small_base", *wildcards]))


def profile(folder: Path, *changes: tuple[str, str]) -> Path:
    """The profile with the partitions and the GPU of its comments."""
    text = (ROOT / "profiles/slurm/profile.yaml").read_text()
    text = re.sub(r"(?m)^#(    slurm_partition|    gpu|  - slurm_partition)", r"\1", text)
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    (folder / "profile").mkdir()
    (folder / "profile/profile.yaml").write_text(text)
    return folder / "profile"


def command(folder: Path, study: dict, targets: list[str], with_profile: Path, *words: str) -> list[str]:
    (folder / "lab.yaml").write_text(yaml.safe_dump({"studies": {"small": study}}))
    options = ["--workflow-profile", with_profile, "--snakefile", ROOT / "workflow/Snakefile"]
    place = ["--directory", folder, "--configfile", folder / "lab.yaml"]
    return [*map(str, [sys.executable, "-m", "snakemake", *targets, *words, *options, *place])]


@contextlib.contextmanager
def running(words: list[str], log: Path) -> Iterator[subprocess.Popen]:
    """A run of Snakemake that ends at a hang-up, even if the tests run by nohup, and that is killed at the end."""
    hang_up = partial(signal.signal, signal.SIGHUP, signal.SIG_DFL)
    with open(log, "w") as file:
        process = subprocess.Popen(words, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT, preexec_fn=hang_up)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def script(job: lab.Job) -> int | None:
    """The process that runs the script of a job, once it has begun."""
    for pid in lab.processes(job.id):
        with contextlib.suppress(OSError):  # it has ended
            if re.search(rb"\.snakemake/scripts/\w+\.\w+\.py\0", Path(f"/proc/{pid}/cmdline").read_bytes()):
                return pid
    return None


def stop(rule: str, *wildcards: object) -> tuple[lab.Job, int]:
    """Wait until the script of a job runs, and make it wait; the job and the process of the script."""
    found = []

    def stopped() -> bool:
        for job in lab.jobs():
            if job.state == "RUNNING" and job.rule == comment(rule, *wildcards) and (pid := script(job)):
                with contextlib.suppress(ProcessLookupError):  # it has ended since
                    os.kill(pid, signal.SIGSTOP)
                    found.append((job, pid))
        return bool(found)

    lab.wait(stopped, f"a job of {rule} {wildcards}", LONG)
    return found[0]


def state(job: lab.Job) -> str:
    """What Slurm says of a job; empty if it does not answer in time."""
    return next((other.state for other in lab.jobs() if other.id == job.id), "")


def artefacts(folder: Path) -> dict[str, bytes]:
    found = (path for path in sorted((folder / "results").rglob("*")) if path.suffix in ARTEFACTS)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}
