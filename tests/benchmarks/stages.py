"""make bench: the quick study as a user meets it, and every stage beside the plain recipe, on one thread.

Prints the tables of docs/benchmarks.md. The two sides of a comparison alternate in one process; ratios are medians with
their range, since machines differ and are noisy.
"""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import reference
import torch
from torch.utils.data import DataLoader, TensorDataset

from diffmem import config
from diffmem.diffusion import denoiser, training
from diffmem.diffusion.generate import generate
from diffmem.measure.table import references, tabulate
from diffmem.studies import onset

ROOT = Path(__file__).parents[2]
N, REPLICATES, ROUNDS = 20_000, 5, 5


def quick_study() -> None:
    """Time and peak memory of the quick study from an empty folder, and of a second call."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "snakemake", "--cores", "all", "--snakefile", ROOT / "Snakefile"]
        seconds = []
        for _ in range(2):
            start = time.perf_counter()
            subprocess.run([*map(str, command), "--directory", folder], check=True, capture_output=True, cwd=ROOT)
            seconds.append(time.perf_counter() - start)
        jobs = pd.concat(pd.read_csv(path, sep="\t") for path in Path(folder).rglob("*.tsv"))
    print(f"quick study: {seconds[0]:.0f} s, again: {seconds[1]:.1f} s, largest job: {jobs['max_rss'].max():.0f} MB\n")


def stages() -> pd.DataFrame:
    """Seconds per epoch and replicate at the size of the paper's figure 1, plain recipe and pipeline."""
    rng = np.random.default_rng(0)
    train, test = rng.standard_normal((2, N, 2))
    settings = config.studies({"studies": {"bench": {"data": {"inliers": N}}}})["bench"].cells["base"]
    settings["training"].update(epochs=1, snapshots={"count": 2, "spacing": "log"})

    model = reference.Model()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    loader = DataLoader(TensorDataset(torch.from_numpy(train).float()), batch_size=32, shuffle=True, drop_last=True)

    shard = list(range(REPLICATES))
    network = denoiser.build(settings["model"], dimension=2, seed=0, replicates=shard)
    schedule = denoiser.schedule(settings["schedule"])
    stacked = torch.from_numpy(train).float().expand(REPLICATES, -1, -1).contiguous()
    run = dict(points=stacked, held_out=stacked, settings=settings["training"], seed=0, replicates=shard)
    single = denoiser.build(settings["model"], dimension=2, seed=0, replicates=[0])
    denoise = denoiser.denoiser(single, schedule)
    draw = dict(count=N, dimension=2, seed=0, replicate=0)
    location = np.arange(N)
    to = references(
        train=train, train_location=location, test=test, test_location=location, test_plain=np.ones(N, bool)
    )
    generated = rng.standard_normal((N, 2)).astype(np.float32)
    flat = [points.astype(np.float32) for points in (train, test)]
    pairs: dict[str, tuple[Callable, Callable, int]] = {
        "train": (
            lambda: reference.epoch(model, optimizer, loader),
            lambda: list(training.train(network, schedule, **run)),
            REPLICATES,
        ),
        "sample": (
            lambda: reference.sample(model, N),
            lambda: generate(denoise, schedule, settings["sampling"], **draw, index=0),
            1,
        ),
        "neighbours": (
            lambda: reference.memorized(*flat, generated, 1.5),
            lambda: tabulate(generated, to),
            1,
        ),
    }
    return pd.DataFrame([_compare(name, *pair) for name, pair in pairs.items()])


def onset_study(repetitions: int = 30) -> None:
    """Seconds that 300 repetitions of the onset study's 11 sizes take, from fewer of them."""
    for d in (16, 100):
        study = {"question": "onset", "law": {"dimension": d}, "onset": {"repetitions": repetitions}}
        cell = config.studies({"studies": {"bench": study}})["bench"].cells["base"]
        seconds = _seconds(lambda cell=cell: onset.simulate(cell)) * 300 / repetitions
        print(f"onset study, d = {d}: 300 repetitions of 11 sizes in {seconds:.0f} s on one thread")


def _compare(name: str, plain: Callable, ours: Callable, share: int) -> dict[str, object]:
    """Median seconds of both sides over alternating rounds; ``share`` replicates are done by one call of ours."""
    seconds = np.array([[_seconds(plain), _seconds(ours) / share] for _ in range(ROUNDS)])
    ratio = seconds[:, 0] / seconds[:, 1]
    return {
        "stage": name,
        "plain recipe [s]": np.median(seconds[:, 0]),
        "pipeline [s]": np.median(seconds[:, 1]),
        "ratio": f"{np.median(ratio):.1f} ({ratio.min():.1f} to {ratio.max():.1f})",
    }


def _seconds(work: Callable) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def ceiling() -> float:
    """GFLOP/s of a float32 matrix product of the network's size on this core."""
    a, b = torch.randn(1000, 128), torch.randn(128, 128)
    best = min(_seconds(lambda: [a @ b for _ in range(200)]) for _ in range(10))
    return 200 * 2 * 1000 * 128 * 128 / best / 1e9


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    quick_study()
    onset_study()
    table = stages()
    print(table.to_string(index=False, float_format="{:.3f}".format))
    seconds = table.set_index("stage")["pipeline [s]"]
    weights = 2 * (2 * 128 * 128 + 3 * 128 * 128 + 128 * 2)  # of the layers, without the noise level's share
    achieved = N * 50 * weights / seconds["sample"] / 1e9
    most = ceiling()
    print(f"\nsampling: {achieved:.0f} GFLOP/s of {most:.0f} in a matrix product ({100 * achieved / most:.0f} %)")
    total = table["plain recipe [s]"].sum() / table["pipeline [s]"].sum()
    print(f"all stages: {total:.1f} times the plain recipe, per epoch and replicate, one thread each")
    print(f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB")
