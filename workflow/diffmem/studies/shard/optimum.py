"""Samples of the closed-form optimum of every replicate of a shard: the ceiling of its curves."""

import numpy as np
import torch
from tqdm import tqdm

from diffmem.diffusion.build import build_schedule
from diffmem.diffusion.generate import CEILING_POINTS, draw_labels, generate
from diffmem.diffusion.optimum import optimum
from diffmem.settings.records import known
from diffmem.settings.sections import TrainedCell
from diffmem.studies.shard.replicates import Arrays, by_replicate

DATA = ("train", "train_label", "label_count", "replicate")


def shard_optimum(data: Arrays, *, cell: TrainedCell) -> dict[str, np.ndarray]:
    """Points of the optimum, at most ``CEILING_POINTS`` per replicate.

    Args:
        data: ``DATA`` of a data file.
        cell: its sections schedule and sampling, and its seed.

    Returns:
        points (r, c, d), float32, and sigma_min, the smallest noise level of the sampler.
    """
    schedule, sampling = build_schedule(cell.schedule), cell.sampling
    size = dict(count=min(known(sampling.count), CEILING_POINTS), dimension=data["train"].shape[2])
    conditional, drawn = data["label_count"].any(), []
    for replicate, points in tqdm([*by_replicate(data, DATA)], unit="replicate", mininterval=2):
        stream = dict(seed=cell.seed, replicate=replicate, index=0)
        labels = draw_labels(points["train_label"], count=size["count"], **stream) if conditional else None
        denoise = optimum(torch.from_numpy(points["train"]), labels=torch.from_numpy(points["train_label"]))
        drawn.append(generate(denoise, schedule, sampling, **size, **stream, labels=labels))
    return {"points": np.stack(drawn), "sigma_min": schedule.sampling(known(sampling.steps))[-1].numpy()}
