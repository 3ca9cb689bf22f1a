"""Test, replicate by replicate, whether held-out points could have been training points.

input    data.npz of every cell and shard of a study
output   exchangeability.parquet: study, cell and the columns of diffmem.studies.shard.exchangeability
"""

import pandas as pd

from diffmem import files, job
from diffmem.studies.shard.exchangeability import DATA, shard_exchangeability

job.start(snakemake.log[0])
tables = [
    shard_exchangeability(files.load_arrays(path, names=DATA), seed=seed, twins=twins).assign(cell=cell)
    for path, (cell, seed, twins) in zip(snakemake.input, snakemake.params.cells, strict=True)
]
table = pd.concat(tables, ignore_index=True)
files.save_table(snakemake.output[0], table.assign(study=snakemake.wildcards.study))
