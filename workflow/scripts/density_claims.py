"""Means over replicates of the coefficients of copying on spacing, and the claims about them.

input    density.parquet of every cell with held-out twins, and shard
output   density.parquet: columns as in diffmem.studies.outliers.density_claims.summary; density_claims.parquet
"""

import pandas as pd

from diffmem import files, job
from diffmem.studies.outliers.density_claims import KEY, claims, summary

job.start(snakemake.log[0])
table = pd.concat(
    [files.load_table(path, columns=(*KEY, "replicate", "value")) for path in snakemake.input], ignore_index=True
)
files.save_table(snakemake.output.coefficients, summary(table))
files.save_table(snakemake.output.claims, claims(table, settings=snakemake.params.settings))
