"""make bench: every stage beside the plain recipe at the size of the paper's figure 1, and how cost grows.

Each side has the whole machine in turn, in one run: the plain recipe one process with a thread per core, as a person
would run it, and the pipeline as many processes as cores, of one thread each, as Snakemake runs it. Seconds are those
of the machine per epoch and replicate; ratios are medians over rounds with their range, since machines are noisy.
"""

import itertools
import multiprocessing
import os
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import reference
import torch
from torch.utils.data import DataLoader, TensorDataset

from diffmem.data.dataset import STRATA
from diffmem.diffusion import denoiser
from diffmem.diffusion.batches import Points
from diffmem.diffusion.build import build_network, build_schedule
from diffmem.diffusion.compute import Compute
from diffmem.diffusion.generate import generate
from diffmem.diffusion.tabulated import tabulated
from diffmem.diffusion.training import Trainer
from diffmem.diffusion.training import train as train_stack
from diffmem.measure.rates import rates
from diffmem.measure.strata import strata
from diffmem.neighbours.table import references, tabulate
from diffmem.settings import read as config
from diffmem.settings.sections import TrainedCell

CORES, ROUNDS = os.cpu_count(), 7
N, SHARD = 20_000, 5
STAGES = ("train", "sample", "neighbours", "all criteria")
WEIGHTS = 2 * (3 * 128 * 128 + 128 * 2)  # operations per point after the first layer, which is read from a table
ALL = np.arange(N)


class Side:
    """Processes that each do the same work at the same time."""

    def __init__(self, processes: int, threads: int):
        spawn = multiprocessing.get_context("spawn")
        self.pools = [ProcessPoolExecutor(1, spawn, _start, (threads,)) for _ in range(processes)]

    def each(self, work: Callable, *arguments):
        """What ``work`` returns in each process."""
        return [future.result() for future in [pool.submit(work, *arguments) for pool in self.pools]]

    def seconds(self, work: Callable, *arguments) -> float:
        """Until the last process is done."""
        start = time.perf_counter()
        self.each(work, *arguments)
        return time.perf_counter() - start


def _start(threads: int) -> None:
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)


# --- the work ---------------------------------------------------------------------------------------------------------


@cache
def points(n: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    """Training and test points."""
    train, test = np.random.default_rng(0).standard_normal((2, n, d))
    return train, test


@cache
def plain() -> dict[str, Callable]:
    """The plain recipe's stages, for one epoch of one replicate."""
    train, test = points(N, 2)
    model = reference.Model()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    loader = DataLoader(TensorDataset(torch.from_numpy(train).float()), batch_size=32, shuffle=True, drop_last=True)
    flat = [x.astype(np.float32) for x in (train, test)]
    return {
        "train": lambda: reference.epoch(model, optimizer, loader),
        "sample": lambda: reference.sample(model, N),
        "neighbours": lambda: reference.memorized(*flat, flat[0], 1.5),
        "all criteria": lambda: None,  # a comparison, done with the search
    }


@cache
def pipeline(
    compiles: bool, n: int = N, d: int = 2, replicates: int = SHARD, network: str = "residual-mlp"
) -> dict[str, Callable]:
    """The pipeline's stages: one epoch of a shard; samples, neighbours and all criteria of one snapshot."""
    cell = settings(n, network)
    how, shard = Compute(compiles=compiles), list(range(replicates))
    train, test = points(n, d)
    stack = build_network(cell.model, dimension=d, seed=0, replicates=shard)
    schedule = build_schedule(cell.schedule)
    stacked = torch.from_numpy(train).float().expand(replicates, -1, -1).contiguous()
    run = dict(seed=0, replicates=shard, compute=how)
    epochs = train_stack(Trainer(stack, schedule, cell.training, Points(stacked, stacked), **run))
    next(epochs)  # untrained
    single = build_network(cell.model, dimension=d, seed=0, replicates=[0])
    if table := tabulated(single, d):
        table.refresh()
    denoise = how.compiled(denoiser.denoiser(table or single, schedule))
    every = np.arange(n)
    known = dict(train_location=every, test_location=every, test_plain=np.ones(n, bool))
    to = references(train=train, test=test, **known)
    plain_rows = dict(train_plain=np.ones(n, bool), train_stratum=every % 2, test_stratum=every % 2)
    judged = strata(STRATA, **known, **plain_rows)
    found = tabulate(test, to)
    around = dict(fresh=found, ceiling=found[:1000], spacing=np.ones(n), held_out=np.ones(n))
    criteria = dict(ratios=cell.measure.ratios, headline=cell.measure.ratio, references=["plain"])
    return {
        "train": lambda: next(epochs),
        "sample": lambda: generate(
            denoise,
            schedule,
            cell.sampling,
            count=n,
            dimension=d,
            seed=0,
            replicate=0,
            index=0,
            at_once=how.at_once(n),
        ),
        "neighbours": lambda: tabulate(test, to),
        "all criteria": lambda: rates(found[None], judged, **around, **criteria),
    }


def settings(n: int, network: str) -> TrainedCell:
    """Of a cell of ``n`` points and this network, with a snapshot at every epoch."""
    study = {"data": {"inliers": n}, "model": {"network": network}}
    study["training"] = {"epochs": 10_000, "snapshots": {"spacing": "every"}}
    return config.studies({"studies": {"bench": study}})["bench"].cells["base"]


def do(side: Callable, arguments: tuple, stage: str) -> None:
    """One stage of a side, in this process."""
    side(*arguments)[stage]()


# --- what is measured -------------------------------------------------------------------------------------------------


def beside() -> tuple[pd.DataFrame, list[float]]:
    """Seconds per epoch and replicate of both sides, stage by stage, and the peak memory of each side's processes."""
    sides = {
        "plain recipe": (Side(1, CORES), plain, ()),
        "pipeline": (Side(CORES, 1), pipeline, (False,)),
        "compiled": (Side(CORES, 1), pipeline, (True,)),
    }
    rows = []
    for stage in STAGES:
        for side, work, arguments in sides.values():
            side.each(do, work, arguments, stage)  # the first call compiles, and fills caches
        for number, (name, (side, work, arguments)) in itertools.product(range(ROUNDS), sides.items()):
            share = len(side.pools) * (SHARD if stage == "train" and work is pipeline else 1)
            taken = side.seconds(do, work, arguments, stage) / share
            rows.append({"stage": stage, "round": number, "side": name, "seconds": taken})
        print(f"{stage}: measured", file=sys.stderr)
    memory = [max(side.each(peak)) for side, _, _ in sides.values()]
    return pd.DataFrame(rows), memory


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Medians by stage and over all, and ratios with their range over rounds."""
    whole = rows.groupby(["round", "side"], as_index=False)["seconds"].sum().assign(stage="all")
    wide = pd.concat([rows, whole]).pivot(index=["stage", "round"], columns="side", values="seconds")
    table = wide.groupby("stage", sort=False).median()
    for side in ("pipeline", "compiled"):
        ratio = (wide["plain recipe"] / wide[side]).groupby("stage").agg(["median", "min", "max"])
        words = ratio.apply("{0[median]:.1f} ({0[min]:.1f} to {0[max]:.1f})".format, axis=1)
        table[f"{side}: ratio"] = words.where(words.index != "all criteria", "")  # part of the plain recipe's search
    return table.loc[[*STAGES, "all"]].reset_index()


def growth() -> pd.DataFrame:
    """Seconds of one process, on one thread, as one quantity grows and the others stay."""
    side, rows = Side(1, 1), []
    cases = [("training and generated points", n, (False, n)) for n in (200, 2000, 20_000)]
    cases += [("replicates", r, (False, 2000, 2, r)) for r in (1, 5, 10, 20, 40)]
    cases += [("features", d, (False, 2000, d, 1, "image-mlp")) for d in (2, 16, 128, 768, 3072)]
    for quantity, value, arguments in cases:
        for stage in STAGES if quantity != "replicates" else STAGES[:1]:
            side.each(do, pipeline, arguments, stage)
            taken = min(side.seconds(do, pipeline, arguments, stage) for _ in range(3))
            rows.append({"quantity": quantity, "value": value, "stage": stage, "seconds": taken})
    for epochs in (1, 3, 9):
        taken = side.seconds(several, epochs)
        rows.append({"quantity": "epochs", "value": epochs, "stage": "train", "seconds": taken})
    return pd.DataFrame(rows)


def several(epochs: int) -> None:
    """So many epochs of a shard, with a snapshot after each."""
    for _ in range(epochs):
        pipeline(False, 2000)["train"]()


def draw(table: pd.DataFrame, path: Path) -> None:
    """Cost against each quantity, on logarithmic axes, with the line of proportion."""
    import seaborn as sns

    from diffmem.report import style

    figure, axes = style.grid(1, 4, width=2.6)
    for panel, (quantity, rows) in zip(axes[0], table.groupby("quantity", sort=False), strict=True):
        sns.lineplot(rows, x="value", y="seconds", hue="stage", hue_order=STAGES, marker="o", ax=panel)
        ends = np.array([rows["value"].min(), rows["value"].max()])
        panel.plot(ends, rows["seconds"].max() * ends / ends[1], color="grey", linestyle=":", label="proportional")
        panel.set(xscale="log", yscale="log", xlabel=quantity, ylabel="seconds, one thread")
        panel.get_legend().remove()
    style.legend_below(figure, axes)
    figure.savefig(path, dpi=130)


def ceiling() -> float:
    """GFLOP/s of float32 matrix products of the network's size in this process."""
    a, b = torch.randn(1000, 128), torch.randn(128, 128)
    best = np.inf
    for _ in range(30):
        start = time.perf_counter()
        for _ in range(200):
            a @ b
        best = min(best, time.perf_counter() - start)
    return 200 * 2 * 1000 * 128 * 128 / best / 1e9


def peak() -> float:
    """Peak memory of this process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    rows, memory = beside()
    rows.to_csv(folder / "stages.csv", index=False)
    print(summary(rows).to_string(index=False, float_format="{:.3f}".format))
    most = float(np.mean(Side(CORES, 1).each(ceiling)))
    best = rows[rows["stage"] == "sample"].groupby("side")["seconds"].agg(["median", "min"])
    for name in ("pipeline", "compiled"):
        reached = N * 50 * WEIGHTS / (best.loc[name] * CORES) / 1e9  # per core
        share = 100 * reached / most
        print(
            f"sampling, {name}: {reached['median']:.0f} GFLOP/s a core (best {reached['min']:.0f}) of {most:.0f} in a "
            f"matrix product on all cores: {share['median']:.0f} % (best {share['min']:.0f} %)"
        )
    print("peak memory of a process [MB]: " + ", ".join(f"{m:.0f}" for m in memory) + " (plain, pipeline, compiled)")
    table = growth()
    table.to_csv(folder / "growth.csv", index=False)
    print(table.pivot(index=["quantity", "value"], columns="stage", values="seconds").to_string(na_rep=""))
    draw(table, folder / "growth.png")
