"""The examples of config/examples run as they are, from a folder outside the repository."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "config" / "examples"


@pytest.fixture
def outside(tmp_path) -> Path:
    """A folder with copies of the examples, and arrays as a training elsewhere would save them."""
    folder = shutil.copytree(EXAMPLES, tmp_path / "outside")
    rng = np.random.default_rng(0)
    points = rng.standard_normal((600, 64)).astype(np.float32)
    np.save(folder / "train.npy", points[:100])
    np.save(folder / "test.npy", points[100:])
    (folder / "runs").mkdir()
    for epoch, noise in ((1, 2.0), (10, 1.5), (100, 0.3), (1000, 0.01)):
        copies = points[rng.integers(100, size=300)] + noise * rng.standard_normal((300, 64))
        np.save(folder / f"runs/epoch-{epoch}.npy", copies.astype(np.float32))
    return folder


def snakemake(*arguments: str, folder: Path) -> subprocess.CompletedProcess:
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "--cores",
        "2",
        "--snakefile",
        ROOT / "workflow/Snakefile",
        *arguments,
    ]
    return subprocess.run([*map(str, command)], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("config", ["saved", "my_sampler", "my_data"])
def test_an_example_runs_to_its_table_of_when_to_stop(outside, config):
    table = f"results/{config}/mine/stopping.parquet"
    figures = ["results/saved/mine/figures/images.png"] if config == "saved" else []
    result = snakemake(table, *figures, "--configfile", f"{config}.yaml", folder=outside)
    assert result.returncode == 0, result.stderr[-3000:]
    events = pd.read_parquet(outside / table).set_index("event")
    assert set(events.index) == {"tau_gen", "bias", "copies", "stop"}
    begins = {"saved": 100, "my_sampler": 10}
    if config in begins:
        assert events.loc["copies", "epoch"] == begins[config]
        assert events.loc["stop", "net"] < 0.1 < events.loc["stop", "net_end"]


@pytest.mark.slow
def test_a_study_of_audits_judges_every_set_of_samples_and_runs_again_only_what_has_changed(outside):
    result = snakemake("--configfile", "audit.yaml", folder=outside)
    assert result.returncode == 0, result.stderr[-3000:]
    table = pd.read_parquet(outside / "results/audit/mine/audits.parquet").query("read").set_index("cell")
    assert table.loc["epoch-1", "net_low"] <= 0 < table.loc["epoch-1000", "net_low"]
    assert table.loc["epoch-1000", "copying"] == "copies"
    page = (outside / "results/audit/report.html").read_text()
    assert table.loc["epoch-1000", "copying_sentence"] in page
    alone = subprocess.run(
        [sys.executable, "-m", "diffmem", "audit", "--train", "train.npy", "--test", "test.npy", "--seed", "1"]
        + ["--generated", "runs/epoch-1000.npy", "--out", "alone"],
        cwd=outside, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert table.loc["epoch-1000", "copying_sentence"] in " ".join(alone.stdout.split())
    samples = np.load(outside / "runs/epoch-1.npy")
    np.save(outside / "runs/epoch-1.npy", samples[::-1])
    said = snakemake("--dry-run", "--configfile", "audit.yaml", folder=outside).stdout
    assert "epoch-1/audit.log" in said
    assert "epoch-100/audit.log" not in said


def test_a_function_that_is_missing_is_named_before_anything_runs(outside):
    (outside / "my_data.py").write_text("def other(): pass\n")
    result = snakemake("--dry-run", "--configfile", "my_data.yaml", folder=outside)
    assert result.returncode != 0
    assert "my_data.py: defines no draw; it defines other" in result.stdout + result.stderr
