"""Published data sets in the workflow: fetched where they are missing, and only then; never by a plan."""

import gzip
import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

ROOT = Path(__file__).parents[1]
CONFIG = {
    "studies": {
        "mine": {
            "replicates": 1,
            "data": {"dataset": "mnist-full", "inliers": 20, "pixels": 7},
            "training": {"epochs": 1, "snapshots": {"count": 2}},
            "sampling": {"count": 100},
        }
    }
}
DATA = "results/run/mine/base/r000-000/data.npz"
IMAGES, LABELS = "data/mnist/train-images-idx3-ubyte.gz", "data/mnist/train-labels-idx1-ubyte.gz"


def snakemake(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """With a proxy that nobody serves: what would use the network, fails."""
    (folder / "run.yaml").write_text(yaml.safe_dump(CONFIG))
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--snakefile", str(ROOT / "workflow/Snakefile")]
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": ""}
    environment = {**os.environ, **nowhere, **{key.lower(): value for key, value in nowhere.items()}}
    command += [*arguments, "--configfile", "run.yaml"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def put_files(folder: Path) -> None:
    """Small files in MNIST's format."""
    rng = np.random.default_rng(0)
    (folder / IMAGES).parent.mkdir(parents=True)
    pixels, labels = rng.integers(0, 256, (100, 28, 28)).astype(np.uint8), np.arange(100, dtype=np.uint8) % 10
    for path, values in ((IMAGES, pixels), (LABELS, labels)):
        header = bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
        (folder / path).write_bytes(gzip.compress(header + values.tobytes()))


def test_a_dry_run_names_the_files_to_fetch_and_fetches_nothing(tmp_path):
    done = snakemake(tmp_path, "-n")
    assert done.returncode == 0, done.stderr
    assert f"output: {IMAGES}" in done.stdout
    assert f"output: {LABELS}" in done.stdout
    assert not (tmp_path / "data").exists()


@pytest.mark.slow
def test_a_plan_fetches_nothing(tmp_path):
    done = snakemake(tmp_path, "plan")
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.slow
def test_without_a_network_the_run_says_what_to_put_where(tmp_path):
    done = snakemake(tmp_path, DATA)
    assert done.returncode != 0
    said = done.stdout + done.stderr
    why = "cannot be fetched (no connection; is there a network?); put https://storage.goog"
    assert any(f"{path}: {why}" in said for path in (IMAGES, LABELS)), "either may be the first to fail"
    assert not (tmp_path / IMAGES).exists()
    assert not (tmp_path / LABELS).exists()


@pytest.mark.slow
def test_files_that_are_there_are_read_and_not_fetched_after_any_edit(tmp_path):
    put_files(tmp_path)
    done = snakemake(tmp_path, DATA)
    assert done.returncode == 0, done.stderr
    assert "rule dataset" in done.stderr
    assert "rule fetch" not in done.stderr
    assert "Nothing to be done" in snakemake(tmp_path, DATA).stderr
    (tmp_path / LABELS).touch()
    again = snakemake(tmp_path, "-n", DATA, "--forceall").stdout
    assert "rule dataset" in again
    assert "rule fetch" not in again
