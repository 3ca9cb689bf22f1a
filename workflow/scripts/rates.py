"""Judge every snapshot of a shard.

input    data.npz, neighbours/generated.npy (r, s, g), neighbours/references.npz, neighbours/recall.parquet,
         training.parquet
output   rates.parquet: study, cell, replicate, weights, step, epoch, index, recall (of the training or the test locations,
         whichever is lower), resolution (spacing of the training locations over the sampler's smallest noise level) and
         the columns of diffmem.measure.rates
"""

import numpy as np
import pandas as pd

from diffmem import files, job
from diffmem.data.dataset import STRATA
from diffmem.locations import first_rows
from diffmem.measure.rates import rates
from diffmem.measure.strata import KNOWN, strata
from diffmem.neighbours.recall import lowest

job.start(snakemake.log[0])
cell = snakemake.params.cell
data = files.load_arrays(snakemake.input.data, names=(*KNOWN, "train", "replicate"))
generated = files.load_array(snakemake.input.generated, ndim=2 + 1)
to = files.load_arrays(snakemake.input.references, names=("fresh", "ceiling", "spacing", "held_out", "sigma_min"))
training = files.load_table(snakemake.input.training, columns=("snapshot", "step", "epoch"))
found = lowest(files.load_table(snakemake.input.recall, columns=("replicate", "snapshot", "index")))
times = training[["snapshot", "step", "epoch"]].drop_duplicates()
judge = dict(ratios=cell["measure"]["ratios"], references=["plain", "matched"] if cell["data"]["twins"] else ["plain"])
tables = []
for i, replicate in enumerate(data["replicate"]):
    known = strata(STRATA, **{name: data[name][i] for name in KNOWN})
    around = {name: to[name][i] for name in ("fresh", "ceiling", "held_out")}
    around["spacing"] = to["spacing"][i][first_rows(data["train_location"][i])]
    table = rates(generated[i], known, **around, **judge)
    tables.append(table.assign(replicate=replicate, resolution=np.median(around["spacing"]) / to["sigma_min"]))
identity = {key: snakemake.wildcards[key] for key in ("study", "cell")}
weights = "ema" if cell["training"]["ema"] else "raw"
table = pd.concat(tables, ignore_index=True).merge(times, on="snapshot")
table = table.merge(found, on=["replicate", "snapshot", "reference"]).drop(columns="snapshot")
files.save_table(snakemake.output[0], table.assign(**identity, weights=weights))
