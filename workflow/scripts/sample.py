"""Generate points from every snapshot of a shard.

input    data.npz, snapshots.npy (r, s, p), training.parquet (the steps of the snapshots)
output   samples.npy (r, s, g, d) float32
         glimpse.npz: points (r, 5, 1000 at most, d) and epoch (5,) of five of the snapshots, for the scatter
"""

import numpy as np
import torch
from tqdm import tqdm

from diffmem import files, job
from diffmem.diffusion import compute, denoiser, networks
from diffmem.diffusion.generate import draw_labels, generate, glimpse
from diffmem.settings.study import replicates

job.start(snakemake.log[0])
cell, shard = snakemake.params.cell, list(replicates(snakemake.wildcards.shard))
how = compute.start(cell["compute"])
job.say(str(how))
data = files.load_arrays(snakemake.input.data, names=("train", "train_label", "label_count"))
dimension, label_count = data["train"].shape[2], int(data["label_count"].max())
snapshots = files.load_array(snakemake.input.snapshots, ndim=3)
times = files.load_table(snakemake.input.training, columns=("step", "epoch"))[["step", "epoch"]].drop_duplicates()
points = dict(dimension=dimension, label_count=label_count)
network = denoiser.build(cell["model"], **points, seed=cell["seed"], replicates=shard[:1]).to(how.device)
with how.device:
    schedule = denoiser.schedule(cell["schedule"])
denoise = how.compiled(denoiser.denoiser(how.precise(network), schedule))
denoise = denoiser.in_parts(denoise, cell["training"]["microbatch"])
size = dict(count=cell["sampling"]["count"], dimension=dimension)
pace = dict(device=how.device, at_once=how.at_once(size["count"]))
shape = (*snapshots.shape[:2], *size.values())
with (
    files.new_array(snakemake.output.samples, shape=shape, dtype="float32") as out,
    tqdm(total=shape[0] * shape[1], unit="snapshot", mininterval=2) as bar,
):
    for i, j in np.ndindex(shape[:2]):
        networks.load(network, torch.from_numpy(snapshots[i, j][None].copy()))
        stream = dict(seed=cell["seed"], replicate=shard[i], index=int(times["step"].iloc[j]))
        labels = draw_labels(data["train_label"][i], count=size["count"], **stream) if label_count else None
        out[i, j] = generate(denoise, schedule, cell["sampling"], **size, **stream, labels=labels, **pace)
        bar.update()
    files.save_arrays(snakemake.output.glimpse, glimpse(out, times["epoch"].tolist()))
if how.precision != "float32":
    x = torch.from_numpy(data["train"][:1, :100]).to(how.device, torch.float32)
    label = torch.from_numpy(data["train_label"][:1, :100]).to(how.device, torch.int64) if label_count else None
    noise = schedule.coefficients(torch.ones(1, 1, device=how.device)).noise
    error = how.error(network, x, noise, label)
    job.say(f"{how.precision} changes the last network's output for training points by {error:.1e} of its size")
