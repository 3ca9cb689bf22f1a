"""Train a shard and keep its snapshots.

input    data.npz
output   snapshots.npy (r, s, p) float32: parameters
         training.parquet: study, cell, replicate, snapshot, step, epoch, set (train or held-out), sigma, loss
"""

import pandas as pd
import torch
from tqdm import tqdm

from diffmem import files, job
from diffmem.cells import replicates
from diffmem.diffusion import denoiser, losses, networks, training

LABELS = ("train_label", "test_label", "label_count")

job.start(snakemake.log[0])
torch.set_flush_denormal(True)
cell, shard = snakemake.params.cell, list(replicates(snakemake.wildcards.shard))
data = files.load_arrays(snakemake.input.data, names=("train", "test", "test_plain", *LABELS))
points = torch.from_numpy(data["train"]).float()
held_out = torch.from_numpy(data["test"][data["test_plain"]]).float().view(len(shard), -1, points.shape[2])
size = dict(dimension=points.shape[2], label_count=int(data["label_count"].max()))
network = denoiser.build(cell["model"], **size, seed=cell["seed"], replicates=shard)
schedule = denoiser.schedule(cell["schedule"])
plan = training.budget(cell["training"], points=points.shape[1])
shape = (len(shard), len(plan.steps), networks.flatten(network).shape[1])
run = dict(points=points, held_out=held_out, settings=cell["training"], seed=cell["seed"], replicates=shard)
if size["label_count"]:
    run["labels"] = torch.from_numpy(data["train_label"]).long()
    run["held_out_labels"] = torch.from_numpy(data["test_label"][data["test_plain"]]).long().view(len(shard), -1)
tables = []
with (
    files.new_array(snakemake.output.snapshots, shape=shape, dtype="float32") as out,
    tqdm(total=plan.steps[-1] // plan.per_epoch, unit="epoch", mininterval=2) as bar,
):
    for number, snapshot in enumerate(training.train(network, schedule, **run, tick=bar.update)):
        out[:, number] = snapshot.parameters
        tables.append(losses.loss_table(snapshot, replicates=shard).assign(snapshot=number))
identity = {key: snakemake.wildcards[key] for key in ("study", "cell")}
files.save_table(snakemake.output.training, pd.concat(tables, ignore_index=True).assign(**identity))
