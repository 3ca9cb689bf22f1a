"""The same config gives the same numbers, however its work is cut into jobs and on however many cores it runs."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

ROOT = Path(__file__).parents[1]
STUDY = {
    "replicates": 3,
    "data": {"inliers": 60, "outliers": {"count": 20}},
    "model": {"width": 16, "blocks": 1, "embedding": 16},
    "training": {"epochs": 100, "snapshots": {"count": 5}},  # 200 steps
    "sampling": {"count": 100},
}
CUTS = {
    "one shard on one core": (1, {"shard": 3}),
    "a shard per replicate on four cores": (4, {"shard": 1}),
    "segments and parts on two cores": (
        2,
        {"shard": 2, "compute": {"segment": 50}, "sampling": {**STUDY["sampling"], "part": 2}},
    ),
}
TABLES = ("curves.parquet", "losses.parquet")
STACKED = ("snapshots.npy", "samples.npy", "neighbours/generated.npy")


def run(folder: Path, cores: int, changes: dict) -> dict[str, bytes]:
    """Bytes of the study's tables, and of the stacked arrays of all shards one after the other."""
    folder.mkdir()
    (folder / "cut.yaml").write_text(yaml.safe_dump({"studies": {"small": STUDY | changes}}))
    targets = [f"results/cut/small/{name}" for name in TABLES]
    profile = ["--workflow-profile", ROOT / "profiles/default", "--cores", cores]
    places = ["--snakefile", ROOT / "workflow/Snakefile", "--directory", folder, "--configfile", folder / "cut.yaml"]
    words = [*map(str, [sys.executable, "-m", "snakemake", *targets, *profile, *places])]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    found = {name: (folder / f"results/cut/small/{name}").read_bytes() for name in TABLES}
    for name in STACKED:
        shards = sorted((folder / "results/cut/small/base").glob(f"r*/{name}"))
        found[name] = b"".join(np.load(path).tobytes() for path in shards)
    return found


@pytest.mark.slow
def test_cores_shards_segments_and_parts_change_no_byte(tmp_path):
    first, *others = (run(tmp_path / str(i), cores, changes) for i, (cores, changes) in enumerate(CUTS.values()))
    for name, found in zip([*CUTS][1:], others, strict=True):
        assert found == first, name
