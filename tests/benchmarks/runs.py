"""make bench: the quick studies as a user meets them, and the onset study, in seconds and megabytes."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import torch

from diffmem.settings import read as config
from diffmem.studies.onset import simulate as onset

ROOT = Path(__file__).parents[2]


def quick_studies() -> None:
    """Time and peak memory of the quick studies from an empty folder, and of a second call."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "snakemake", "--cores", "all", "--snakefile", ROOT / "workflow" / "Snakefile"]
        seconds = []
        for _ in range(2):
            start = time.perf_counter()
            subprocess.run([*map(str, command), "--directory", folder], check=True, capture_output=True, cwd=ROOT)
            seconds.append(time.perf_counter() - start)
        jobs = pd.concat(pd.read_csv(path, sep="\t") for path in Path(folder).rglob("*.tsv"))
    print(f"quick studies: {seconds[0]:.0f} s, again: {seconds[1]:.1f} s, largest job: {jobs['max_rss'].max():.0f} MB")


def onset_study(repetitions: int = 30) -> None:
    """Seconds that 300 repetitions of the onset study's 11 sizes take, from fewer of them."""
    for d in (16, 100):
        study = {"question": "onset", "law": {"dimension": d}, "onset": {"repetitions": repetitions}}
        cell = config.studies({"studies": {"bench": study}})["bench"].cells["base"]
        start = time.perf_counter()
        onset.simulate(cell)
        seconds = (time.perf_counter() - start) * 300 / repetitions
        print(f"onset study, d = {d}: 300 repetitions of 11 sizes in {seconds:.0f} s on one thread")


if __name__ == "__main__":
    torch.set_num_threads(1)
    quick_studies()
    onset_study()
