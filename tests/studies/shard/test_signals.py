"""The signals of a shard: planted losses give planted gaps, and every snapshot is judged by its own weights."""

import itertools

import numpy as np
import pandas as pd
import pytest
import torch

from diffmem.diffusion import networks
from diffmem.diffusion.build import build_network, build_schedule
from diffmem.diffusion.denoiser import denoiser
from diffmem.diffusion.signals import stable_rank
from diffmem.neighbours.table import ROW
from diffmem.settings import read
from diffmem.settings.sections import TrainedCell
from diffmem.studies.shard.rates import shard_attribution
from diffmem.studies.shard.signals import LEVEL, LOW, shard_signals

MODEL = {"network": "residual-mlp", "width": 8, "blocks": 1, "embedding": 4}
SIGMAS = np.geomspace(0.1, 10, 16)


@pytest.fixture(scope="module")
def cell() -> TrainedCell:
    return read.studies({"studies": {"s": {"data": {"inliers": 30}, "model": MODEL}}})["s"].cells["base"]


def data():
    rng = np.random.default_rng(0)
    sets = {"train": rng.random((2, 30, 2)), "test": rng.random((2, 30, 2)), "replicate": np.array([4, 5])}
    return {**sets, "train_plain": np.ones((2, 30), dtype=bool), "train_stratum": np.zeros((2, 30), dtype=np.int8)}


def training():
    """Losses whose gap is 10 times the replicate plus the step, and twice as large at the smallest levels."""
    rows = []
    for replicate, (snapshot, step), (level, sigma) in itertools.product((4, 5), enumerate((0, 50)), enumerate(SIGMAS)):
        gap = (10 * replicate + step) * (2 if level < LOW else 1)
        key = {"replicate": replicate, "snapshot": snapshot, "step": step, "epoch": step / 5, "sigma": sigma}
        rows += [{**key, "set": "train", "loss": 1.0}, {**key, "set": "held-out", "loss": 1.0 + gap}]
    return pd.DataFrame(rows)


def found(cell):
    network = build_network(cell.model, dimension=2, seed=0, replicates=[0, 1, 2, 3])
    snapshots = networks.flatten(network).detach().numpy().reshape(2, 2, -1)
    keys = list(itertools.product((4, 5), (0, 50), (1.0, 1.5)))
    attribution = pd.DataFrame(keys, columns=["replicate", "step", "threshold"]).assign(net=lambda t: t["step"] / 100)
    attribution["headline"] = attribution["threshold"] == 1.5
    tables = {"training": training(), "attribution": attribution}
    return shard_signals(data(), snapshots=snapshots, **tables, cell=cell), snapshots


def test_gaps_are_those_of_the_losses_and_the_net_copied_fraction_stands_beside_them(cell):
    table = found(cell)[0].set_index(["signal", "replicate", "step"])
    assert table.loc[("gap", 5, 50), "value"] == pytest.approx(100 * (1 + LOW / 16))
    assert table.loc[("gap-low", 4, 50), "value"] == pytest.approx(180)
    assert table.loc[("gap-low", 4, 50), "net"] == 0.5
    assert len(table) == 4 * 2 * 2


def test_answers_and_ranks_are_those_of_the_snapshot(cell):
    table, snapshots = found(cell)
    table = table.set_index(["signal", "replicate", "step"])["value"]
    network = build_network(cell.model, dimension=2, seed=0, replicates=[0])
    networks.load(network, torch.from_numpy(snapshots[1, 0][None].copy()))
    assert table["stable-rank", 5, 0] == pytest.approx(stable_rank(network))
    schedule = build_schedule(cell.schedule)
    sigma = schedule.quantile(LEVEL)
    norms = []
    for half in ("test", "train"):
        x = torch.from_numpy(np.float32(data()[half][1]))[None]
        with torch.no_grad():
            answer = denoiser(network, schedule)(x, sigma.view(1, 1).to(x))
        norms.append(float(((x - answer) / sigma).norm(dim=-1).mean()))
    assert table["answer", 5, 0] == pytest.approx(norms[0] / norms[1] - 1)


def test_the_attribution_of_a_shard_has_a_row_for_every_replicate_snapshot_and_ratio(cell):
    generated = np.zeros((2, 2, 10), dtype=ROW)
    generated["test_distance"] = 1.0
    generated["train_location"][..., 0] = np.arange(10)
    generated["train_distance"][0] = 2.0  # the first replicate is nearer to the held-out set
    table = shard_attribution(data(), generated=generated, training=training(), cell=cell)
    assert len(table) == 2 * 2 * len(cell.measure.ratios)
    assert table.groupby("replicate")["net"].first().to_dict() == {4: -1.0, 5: 1.0}
    assert set(table.loc[table["headline"], "threshold"]) == {cell.measure.ratio}
    assert (table.loc[table["threshold"] < 2, "deviation"] > 0).all()
