"""Likely mistakes are said by the plan, in the logs and on the page of a run that has them, and by no other."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
MISTAKES = {
    "data": {"dataset": "digits", "inliers": 60, "test": 60},
    "schedule": {"name": "edm", "sigma_data": 5},
    "training": {"steps": 4, "ema": 0.999, "snapshots": {"count": 2}},
    "sampling": {"steps": 2, "count": 100},
}
FINE = {
    "data": {"inliers": 200, "standardize": True},
    "training": {"steps": 3000, "ema": 0.99, "snapshots": {"count": 2}},
    "sampling": {"steps": 20, "count": 200},
}
SENTENCES = {
    "training.ema = 0.999: the running mean reaches back over 1,000 steps, but training has 4": {
        "plan",
        "train",
        "page",
    },
    "schedule.sigma_data = 5: the training points have a spread of 0.": {"plan", "train", "page"},
    "close to noise": {"quality", "page"},
}


def snakemake(folder: Path, *arguments: str) -> str:
    command = [
        sys.executable,
        "-m",
        "snakemake",
        *arguments,
        "--cores",
        "1",
        "--snakefile",
        ROOT / "workflow/Snakefile",
    ]
    command += ["--configfile", "run.yaml"]
    done = subprocess.run([*map(str, command)], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("study", [MISTAKES, FINE], ids=["mistakes", "fine"])
def test_each_caution_is_said_where_it_can_be_known(tmp_path, study):
    (tmp_path / "run.yaml").write_text(yaml.safe_dump({"studies": {"mine": {"replicates": 1, **study}}}))
    said = {"plan": snakemake(tmp_path, "plan")}
    snakemake(tmp_path, "results/run/mine/report.html")
    run = tmp_path / "results/run"
    logs = next((run / "logs/mine").rglob("r000-000"))
    said |= {name: (logs / f"{name}.log").read_text() for name in ("train", "quality")}
    said["page"] = (run / "mine/report.html").read_text()
    for sentence, places in SENTENCES.items():
        expected = places if study is MISTAKES else set()
        assert {place for place, text in said.items() if sentence in text} == expected, sentence
