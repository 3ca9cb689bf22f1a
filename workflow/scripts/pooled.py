"""Judge chosen snapshots of a shard in full: permuted labels, and the criterion of fifty neighbours.

input    data.npz, glimpse.npz (a few points of five snapshots, of which the last three are judged)
output   pooled.parquet: study, cell, replicate, epoch, the columns of diffmem.measure.permutation, local, and floor, what
         local is for fresh points
"""

import pandas as pd
from tqdm import tqdm

from diffmem import files, job, rng
from diffmem.measure.permutation import local_share, pooled

job.start(snakemake.log[0])
JUDGED = 3
cell = snakemake.params.cell
data = files.load_arrays(snakemake.input.data, names=("train", "test", "fresh", "replicate"))
seen = files.load_arrays(snakemake.input.glimpse, names=("points", "epoch"))
tables = []
for i, replicate in enumerate(tqdm(data["replicate"].tolist(), unit="replicate", mininterval=2)):
    random = rng.generator(cell["seed"], replicate=replicate, purpose="measure", index=1)
    halves = {"train": data["train"][i], "test": data["test"][i]}
    floor = local_share(train=halves["train"], generated=data["fresh"][i])
    for points, epoch in zip(seen["points"][i][-JUDGED:], seen["epoch"][-JUDGED:], strict=True):
        table = pooled(**halves, generated=points, ratios=cell["measure"]["ratios"], rng=random)
        shares = dict(local=local_share(train=halves["train"], generated=points), floor=floor)
        tables.append(table.assign(**shares, epoch=epoch, replicate=replicate))
identity = {key: snakemake.wildcards[key] for key in ("study", "cell")}
files.save_table(snakemake.output[0], pd.concat(tables, ignore_index=True).assign(**identity))
