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

job.start(snakemake.log[0])
torch.set_flush_denormal(True)
cell, shard = snakemake.params.cell, list(replicates(snakemake.wildcards.shard))
data = files.load_arrays(snakemake.input.data, names=("train", "test", "test_plain"))
points = torch.from_numpy(data["train"]).float()
held_out = torch.from_numpy(data["test"][data["test_plain"]]).float().view(len(shard), -1, points.shape[2])
network = denoiser.build(cell["model"], dimension=points.shape[2], seed=cell["seed"], replicates=shard)
schedule = denoiser.schedule(cell["schedule"])
epochs = training.snapshot_epochs(cell["training"]["epochs"], **cell["training"]["snapshots"])
shape = (len(shard), len(epochs), networks.flatten(network).shape[1])
run = dict(points=points, held_out=held_out, settings=cell["training"], seed=cell["seed"], replicates=shard)
tables = []
with (
    files.new_array(snakemake.output.snapshots, shape=shape, dtype="float32") as out,
    tqdm(total=epochs[-1], unit="epoch", mininterval=2) as bar,
):
    for number, snapshot in enumerate(training.train(network, schedule, **run, tick=bar.update)):
        out[:, number] = snapshot.parameters
        tables.append(losses.loss_table(snapshot, replicates=shard).assign(snapshot=number))
identity = {key: snakemake.wildcards[key] for key in ("study", "cell")}
files.save_table(snakemake.output.training, pd.concat(tables, ignore_index=True).assign(**identity))
