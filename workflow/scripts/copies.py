"""Judge every snapshot of a shard by the rule of 1/3.

input    data.npz, neighbours/generated.npy (r, s, g), neighbours/references.npz, neighbours/recall.parquet,
         training.parquet
output   copies.parquet: study, cell, replicate, step, epoch, ceiling (r_mem of the closed-form optimum), recall (of the
         second-nearest training location) and the columns of diffmem.measure.copies.rates and by_repetition
"""

import pandas as pd

from diffmem import files, job
from diffmem.measure.copies import by_repetition, rates, shares

job.start(snakemake.log[0])
data = files.load_arrays(snakemake.input.data, names=("train", "replicate"))
generated = files.load_array(snakemake.input.generated, ndim=3)
to = files.load_arrays(snakemake.input.references, names=("fresh", "ceiling", "location"))
training = files.load_table(snakemake.input.training, columns=("snapshot", "step", "epoch"))
checked = files.load_table(snakemake.input.recall, columns=("replicate", "snapshot", "second"))
found = checked[["replicate", "snapshot", "second"]].rename(columns={"second": "recall"})
times = training[["snapshot", "step", "epoch"]].drop_duplicates()
tables = []
for i, replicate in enumerate(data["replicate"]):
    fresh, ceiling = (to[name][i]["train_distance"] for name in ("fresh", "ceiling"))
    table = rates(generated[i]["train_distance"], fresh=fresh, dimension=data["train"].shape[2])
    parts = by_repetition(generated[i], location=to["location"][i])
    table = table.merge(parts, on=["snapshot", "threshold"], validate="one_to_one")
    top = dict(zip(table["threshold"].unique(), shares(ceiling), strict=True))
    tables.append(table.assign(replicate=replicate, ceiling=table["threshold"].map(top)))
identity = {key: snakemake.wildcards[key] for key in ("study", "cell")}
table = pd.concat(tables, ignore_index=True).merge(times, on="snapshot")
table = table.merge(found, on=["replicate", "snapshot"]).drop(columns="snapshot")
files.save_table(snakemake.output[0], table.assign(**identity))
