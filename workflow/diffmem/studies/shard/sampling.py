"""Samples of every snapshot of a shard."""

from typing import Any

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from diffmem.diffusion import denoiser, networks
from diffmem.diffusion.build import build_network, build_schedule
from diffmem.diffusion.compute import Compute
from diffmem.diffusion.generate import draw_labels, generate
from diffmem.diffusion.tabulated import tabulated
from diffmem.settings.records import known
from diffmem.settings.sections import TrainedCell
from diffmem.studies.shard import replicates
from diffmem.studies.shard.replicates import Arrays

DATA = ("train", "train_label", "label_count", "replicate")


def shard_network(data: Arrays, *, cell: TrainedCell, compute: Compute) -> torch.nn.Module:
    """One network of the cell, whose weights are replaced by those of each snapshot in turn."""
    size = dict(dimension=data["train"].shape[2], label_count=int(data["label_count"].max()))
    shard = data["replicate"].tolist()
    return build_network(cell.model, **size, seed=cell.seed, replicates=shard[:1]).to(compute.device)


def sample_shard(
    data: Arrays,
    *,
    network: torch.nn.Module,
    snapshots: np.ndarray,
    training: pd.DataFrame,
    numbers: range,
    cell: TrainedCell,
    compute: Compute,
    out: np.ndarray,
) -> None:
    """Draw the samples of every replicate at some snapshots. At the end ``network`` holds the last of these.

    Args:
        data: ``DATA`` of a data file.
        snapshots: parameters (r, s, p).
        training: losses of the shard.
        numbers: the snapshots that are sampled; the points of one do not depend on the others.
        cell: its sections schedule, training and sampling, and its seed.
        out: receives the points (r, numbers, g, d).
    """
    with compute.device:
        schedule = build_schedule(cell.schedule)
    size = dict(count=known(cell.sampling.count), dimension=data["train"].shape[2])
    table = tabulated(network, size["dimension"]) if compute.precision == "float32" else None
    denoise = compute.compiled(denoiser.denoiser(table or compute.precise(network), schedule))
    denoise = denoiser.in_parts(denoise, cell.training.microbatch)
    pace: dict[str, Any] = dict(device=compute.device, at_once=compute.at_once(size["count"]))
    steps = replicates.snapshots(training)["step"].tolist()
    with tqdm(total=len(out) * len(numbers), unit="snapshot", mininterval=2) as bar:
        for i, (replicate, points) in enumerate(replicates.by_replicate(data, DATA)):
            for j, number in enumerate(numbers):
                networks.load(network, torch.from_numpy(snapshots[i, number][None].copy()))
                if table:
                    table.refresh()
                stream: dict[str, Any] = dict(seed=cell.seed, replicate=replicate, index=steps[number])
                labels = None
                if data["label_count"].any():
                    labels = draw_labels(points["train_label"], count=size["count"], **stream)
                out[i, j] = generate(denoise, schedule, cell.sampling, **size, **stream, labels=labels, **pace)
                bar.update()


def join(parts: list[np.ndarray], *, out: np.ndarray) -> None:
    """Copy the samples (r, s', g, d) of all ``parts`` to ``out`` (r, s, g, d), a replicate at a time."""
    for i in range(len(out)):
        np.concatenate([part[i] for part in parts], out=out[i])


def precision_error(data: Arrays, network: torch.nn.Module, *, cell: TrainedCell, compute: Compute) -> float:
    """Relative change of the network's output for a hundred training points by the precision of ``compute``."""
    schedule = build_schedule(cell.schedule)
    x = torch.from_numpy(data["train"][:1, :100]).to(compute.device, torch.float32)
    label = None
    if data["label_count"].any():
        label = torch.from_numpy(data["train_label"][:1, :100]).to(compute.device, torch.int64)
    noise = schedule.coefficients(torch.ones(1, 1)).noise.to(compute.device)
    return compute.error(network, x, noise, label)
