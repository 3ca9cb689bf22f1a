"""Put the three papers' definitions of memorization beside each other.

input    definitions.parquet and attribution.parquet of every cell and shard
output   definitions.parquet: a row per cell, snapshot and measure; claims: B1 to B3, columns as in diffmem.studies.claims
"""

import pandas as pd

from diffmem import files, job
from diffmem.studies.bridge.definitions import beside, claims, summary

job.start(snakemake.log[0])
tables = {
    name: pd.concat([files.load_table(path) for path in snakemake.input[name]], ignore_index=True)
    for name in ("definitions", "attribution")
}
table = beside(**tables)
files.save_table(snakemake.output.definitions, summary(table, sizes=snakemake.params.sizes))
files.save_table(snakemake.output.claims, claims(table, settings=snakemake.params.settings))
