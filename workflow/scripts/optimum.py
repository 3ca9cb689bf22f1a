"""Sample the closed-form optimum of every replicate of a shard: the ceiling of its curves.

input    data.npz
output   ceiling.npz: points (r, g, d) float32 and sigma_min, the smallest noise level of the sampler
"""

import numpy as np
import torch
from tqdm import tqdm

from diffmem import files, job
from diffmem.cells import replicates
from diffmem.diffusion import denoiser
from diffmem.diffusion.generate import generate
from diffmem.diffusion.optimum import optimum

MOST = 1000  # points; the optimum is compared with every training point at every step

job.start(snakemake.log[0])
cell, shard = snakemake.params.cell, list(replicates(snakemake.wildcards.shard))
train = files.load_arrays(snakemake.input[0], names=("train",))["train"]
schedule, sampling = denoiser.schedule(cell["schedule"]), cell["sampling"]
size = dict(count=min(sampling["count"], MOST), dimension=train.shape[2])
drawn = [
    generate(optimum(torch.from_numpy(rows)), schedule, sampling, **size, seed=cell["seed"], replicate=r, index=0)
    for r, rows in tqdm(zip(shard, train, strict=True), total=len(shard), unit="replicate", mininterval=2)
]
sigma_min = schedule.sampling(sampling["steps"])[-1].numpy()
files.save_arrays(snakemake.output[0], {"points": np.stack(drawn), "sigma_min": sigma_min})
