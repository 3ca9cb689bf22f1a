"""Train a shard and keep its snapshots.

input    data.npz
output   snapshots.npy (r, s, p) float32: parameters
         training.parquet: study, cell, replicate, snapshot, step, epoch, set (train or held-out), sigma, loss
"""

import pandas as pd
import torch
from tqdm import tqdm

from diffmem import files, job
from diffmem.diffusion import compute, denoiser, losses, networks, training
from diffmem.settings.study import replicates

LABELS = ("train_label", "test_label", "label_count")

job.start(snakemake.log[0])
cell, shard = snakemake.params.cell, list(replicates(snakemake.wildcards.shard))
how = compute.start(cell["compute"])
job.say(str(how))
stack = how.padded(shard, size=snakemake.params.stack)
data = files.load_arrays(snakemake.input.data, names=("train", "test", "test_plain", *LABELS))


def ready(values, kind):
    """Values of the shard's replicates as those of the stack's, on the device."""
    return torch.from_numpy(values)[[shard.index(r) for r in stack]].to(how.device, kind)


plain = data["test_plain"]
train, label_count = data["train"], int(data["label_count"].max())
size = dict(dimension=train.shape[2], label_count=label_count)
network = denoiser.build(cell["model"], **size, seed=cell["seed"], replicates=stack).to(how.device)
plan = training.budget(cell["training"], points=train.shape[1])
shape = (len(shard), len(plan.steps), networks.flatten(network).shape[1])
run = dict(settings=cell["training"], seed=cell["seed"], replicates=stack, compute=how)
run["points"] = ready(train, torch.float32)
run["held_out"] = ready(data["test"][plain].reshape(len(shard), -1, train.shape[2]), torch.float32)
if label_count:
    run["labels"] = ready(data["train_label"], torch.int64)
    run["held_out_labels"] = ready(data["test_label"][plain].reshape(len(shard), -1), torch.int64)
with how.device:
    schedule = denoiser.schedule(cell["schedule"])
tables = []
with (
    files.new_array(snakemake.output.snapshots, shape=shape, dtype="float32") as out,
    tqdm(total=plan.steps[-1] // plan.per_epoch, unit="epoch", mininterval=2) as bar,
):
    for number, snapshot in enumerate(training.train(network, schedule, **run, tick=bar.update)):
        own = snapshot.first(len(shard))
        out[:, number] = own.parameters
        tables.append(losses.loss_table(own, replicates=shard).assign(snapshot=number))
identity = {key: snakemake.wildcards[key] for key in ("study", "cell")}
files.save_table(snakemake.output.training, pd.concat(tables, ignore_index=True).assign(**identity))
