"""`--sdm conda` with a stand-in for conda: environments hold what their rules need, and the results are the same."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from standin_conda import install

ROOT = Path(__file__).parents[2]
CONFIG = {
    "studies": {
        "tiny": {
            "replicates": 2,
            "shard": 2,
            "data": {"inliers": 40, "outliers": {"count": 20}},
            "model": {"width": 16, "blocks": 1, "embedding": 16},
            "schedule": {"steps": 10},
            "training": {"epochs": 2, "snapshots": {"count": 2}},
            "sampling": {"count": 100},
        }
    }
}
CURVES, FIGURE = "results/small/tiny/curves.parquet", "results/small/tiny/figures/net.png"


def run(folder: Path, *options: str, path: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "small.yaml").write_text(yaml.safe_dump(CONFIG))
    command = [sys.executable, "-m", "snakemake", CURVES, FIGURE, "--snakefile", ROOT / "workflow/Snakefile", *options]
    command += ["--cores", "2", "--configfile", "small.yaml"]
    done = subprocess.run(
        [*map(str, command)], cwd=folder, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-3000:]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("conda") is not None, reason="there is a real conda: snakemake --sdm conda uses it")
def test_with_a_stand_in_for_conda_each_kind_of_rule_runs_in_an_environment_of_its_own(tmp_path):
    path = os.environ["PATH"]
    run(tmp_path / "without", path=path)
    run(tmp_path / "with", "--sdm", "conda", path=f"{install(tmp_path / 'standin')}:{path}")
    used = {note.parent.name: note.read_text() for note in (tmp_path / "with/.snakemake/conda").glob("*/used")}
    scripts = [
        {line.split("/")[-1].split(".")[-2] for line in text.split("\n") if ".py" in line} for text in used.values()
    ]
    assert any("train" in found for found in scripts)
    assert not any({"train", "rates"} <= found for found in scripts)
    for name in (CURVES, FIGURE):
        assert (tmp_path / "with" / name).read_bytes() == (tmp_path / "without" / name).read_bytes()
