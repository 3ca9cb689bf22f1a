"""A training or a sampling that is cut into jobs: the same bytes, and a kill costs one of them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]

# 60 points, 2 steps an epoch, 400 steps in all; the second shard is not full
STUDY = {
    "replicates": 3,
    "shard": 2,
    "data": {"inliers": 60, "outliers": {"count": 20}},
    "model": {"width": 16, "blocks": 1, "embedding": 16},
    "training": {"epochs": 200, "snapshots": {"count": 5}, "ema": 0.9},
    "sampling": {"count": 100},
}
SHARDS = [f"results/cut/small/base/{name}" for name in ("r000-001", "r002-002")]
TARGETS = [f"{shard}/{name}" for shard in SHARDS for name in ("snapshots.npy", "training.parquet")]
FIRST = TARGETS[:2]  # of the first shard
SAMPLES = [f"{shard}/{name}" for shard in SHARDS for name in ("samples.npy", "preview.npz")]


def command(folder: Path, *words: str, targets: list[str] = TARGETS) -> list[str]:
    options = ["--cores", "1", "--directory", str(folder), "--configfile", str(folder / "cut.yaml")]
    profile = ["--workflow-profile", str(ROOT / "profiles/default")]
    snakefile = ["--snakefile", str(ROOT / "workflow/Snakefile")]
    return [sys.executable, "-m", "snakemake", *targets, *words, *snakefile, *profile, *options]


def finish(folder: Path, segment: int, targets: list[str] = TARGETS) -> str:
    """Run to the end with so many steps in a segment, and return what Snakemake said."""
    prepare(folder, {"compute": {"segment": segment}})
    done = subprocess.run(command(folder, targets=targets), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout + done.stderr


def prepare(folder: Path, changes: dict) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "cut.yaml").write_text(yaml.safe_dump({"studies": {"small": STUDY | changes}}))


def content(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in TARGETS}


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("whole")
    finish(folder, 0)
    return content(folder)


@pytest.mark.slow
def test_one_and_four_segments_give_the_same_bytes_and_leave_no_state(tmp_path, whole):
    said = finish(tmp_path, 100)
    assert said.count("rule train_segment:") == 2 * 3
    assert content(tmp_path) == whole
    assert not list(tmp_path.rglob("segment-*.np*"))
    again = subprocess.run(command(tmp_path, "-n"), cwd=ROOT, capture_output=True, text=True, check=False)
    assert "Nothing to be done" in again.stdout + again.stderr


@pytest.mark.slow
def test_a_kill_between_segments_loses_one_segment_only(tmp_path, whole):
    prepare(tmp_path, {"compute": {"segment": 100}})
    states = [tmp_path / SHARDS[0] / f"segment-{n}.npz" for n in (1, 2, 3)]
    words = command(tmp_path, targets=FIRST)
    run = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while states[0].exists() or not states[1].exists():  # Snakemake removes the first once it knows of the second
        assert run.poll() is None
        time.sleep(0.01)
    assert not states[2].exists(), "the third segment has begun"
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    said = finish(tmp_path, 100, FIRST)
    assert said.count("rule train_segment:") == 1, "the third; the first two are done"
    assert said.count("rule train:") == 1
    assert {name: (tmp_path / name).read_bytes() for name in FIRST} == {name: whole[name] for name in FIRST}


@pytest.mark.slow
def test_one_and_three_parts_of_a_sampling_give_the_same_bytes(tmp_path):
    found = []
    for part in (0, 2):  # of five snapshots
        prepare(tmp_path, {"sampling": {**STUDY["sampling"], "part": part}})
        done = subprocess.run(command(tmp_path, targets=SAMPLES), cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        found.append({name: (tmp_path / name).read_bytes() for name in SAMPLES})
    said = done.stdout + done.stderr
    assert said.count("rule sample_part:") == 2 * 3
    assert said.count("rule train:") == 0, "the models are those of the first run"
    assert found[0] == found[1]
    assert not list(tmp_path.rglob("samples-*.npy"))
    again = subprocess.run(
        command(tmp_path, "-n", targets=SAMPLES), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "Nothing to be done" in again.stdout + again.stderr
