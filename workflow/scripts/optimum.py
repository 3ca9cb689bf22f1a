"""Sample the closed-form optimum of every replicate of a shard: the ceiling of its curves.

input    data.npz
output   ceiling.npz: points (r, g, d) float32 and sigma_min, the smallest noise level of the sampler
"""

import numpy as np
import torch
from tqdm import tqdm

from diffmem import files, job
from diffmem.diffusion import denoiser
from diffmem.diffusion.generate import draw_labels, generate
from diffmem.diffusion.optimum import optimum
from diffmem.settings.study import replicates

MOST = 1000  # points; the optimum is compared with every training point at every step

job.start(snakemake.log[0])
cell, shard = snakemake.params.cell, list(replicates(snakemake.wildcards.shard))
data = files.load_arrays(snakemake.input[0], names=("train", "train_label", "label_count"))
schedule, sampling = denoiser.schedule(cell["schedule"]), cell["sampling"]
size = dict(count=min(sampling["count"], MOST), dimension=data["train"].shape[2])
drawn = []
for i, r in enumerate(tqdm(shard, unit="replicate", mininterval=2)):
    stream, trained = dict(seed=cell["seed"], replicate=r, index=0), data["train_label"][i]
    labels = draw_labels(trained, count=size["count"], **stream) if data["label_count"].any() else None
    denoise = optimum(torch.from_numpy(data["train"][i]), labels=torch.from_numpy(trained))
    drawn.append(generate(denoise, schedule, sampling, **size, **stream, labels=labels))
sigma_min = schedule.sampling(sampling["steps"])[-1].numpy()
files.save_arrays(snakemake.output[0], {"points": np.stack(drawn), "sigma_min": sigma_min})
