"""Signals of memorization that need no samples, at every snapshot of a shard, beside the net copied fraction."""

import numpy as np
import pandas as pd
import torch

from diffmem.diffusion import networks
from diffmem.diffusion.batches import EVALUATED, judged_rows
from diffmem.diffusion.build import build_network, build_schedule
from diffmem.diffusion.denoiser import denoiser
from diffmem.diffusion.signals import answer_norm, stable_rank
from diffmem.settings.sections import TrainedCell
from diffmem.studies.shard import replicates
from diffmem.studies.shard.replicates import Arrays, by_replicate

DATA = ("train", "test", "train_plain", "train_stratum", "replicate")
LOW = 4  # noise levels, of those at which losses are known, that count as the smallest
LEVEL = torch.tensor(0.25)  # quantile of the training noise levels for the denoiser's answer
SIGNALS = ("gap", "gap-low", "answer", "stable-rank")


def shard_signals(
    data: Arrays, *, snapshots: np.ndarray, training: pd.DataFrame, attribution: pd.DataFrame, cell: TrainedCell
) -> pd.DataFrame:
    """The signals of every replicate and snapshot.

        gap          held-out minus training loss, mean over all noise levels
        gap-low      the same over the ``LOW`` smallest levels
        answer       norm of the denoiser's answer to held-out points over that to training points, minus 1
        stable-rank  mean stable rank of the weight matrices

    Args:
        data: ``DATA`` of a data file.
        snapshots: parameters (r, s, p).
        training: losses of the shard.
        attribution: net copied fraction of the shard (``shard.rates.shard_attribution``).
        cell: its sections model and schedule, and its seed.

    Returns:
        the columns replicate, step, signal, value, and net (at the ratio of the main figures).
    """
    shard, steps = data["replicate"].tolist(), replicates.snapshots(training)["step"].tolist()
    network = build_network(cell.model, dimension=data["train"].shape[2], seed=cell.seed, replicates=shard[:1])
    schedule = build_schedule(cell.schedule)
    denoise, sigma = denoiser(network, schedule), schedule.quantile(LEVEL)
    rows = []
    for i, (replicate, points) in enumerate(by_replicate(data, DATA)):
        judged = judged_rows(plain=points["train_plain"], stratum=points["train_stratum"])
        sets = points["train"][judged], points["test"][:EVALUATED]
        halves = [torch.from_numpy(np.float32(half)) for half in sets]
        for step, parameters in zip(steps, snapshots[i], strict=True):
            networks.load(network, torch.from_numpy(parameters[None].copy()))
            trained, held_out = (answer_norm(denoise, half, sigma=sigma) for half in halves)
            found = {"answer": held_out / trained - 1, "stable-rank": stable_rank(network)}
            rows += [{"replicate": replicate, "step": step, "signal": k, "value": v} for k, v in found.items()]
    table = pd.concat([_gaps(training), pd.DataFrame(rows)], ignore_index=True)
    net = attribution.loc[attribution["headline"], ["replicate", "step", "net"]]
    return table.merge(net, on=["replicate", "step"])


def _gaps(training: pd.DataFrame) -> pd.DataFrame:
    """The signals gap and gap-low, from the losses."""
    sides = training.pivot_table(index=["replicate", "step", "sigma"], columns="set", values="loss").reset_index()
    sides["value"] = sides["held-out"] - sides["train"]
    low = sides["sigma"] <= np.sort(sides["sigma"].unique())[:LOW][-1]
    parts = [
        rows.groupby(["replicate", "step"], as_index=False)["value"].mean().assign(signal=name)
        for name, rows in (("gap", sides), ("gap-low", sides[low]))
    ]
    return pd.concat(parts, ignore_index=True)
