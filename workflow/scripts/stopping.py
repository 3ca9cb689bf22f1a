"""When to stop: when quality is that of held-out points, when bias and copies begin, and what stopping before them costs.

input    attribution.parquet and quality.parquet of every cell and shard
output   stopping.parquet: a row per cell and event; claims: G1 and G2, columns as in diffmem.studies.claims
"""

import pandas as pd

from diffmem import files, job
from diffmem.studies.outliers import stopping_step

job.start(snakemake.log[0])
attribution, quality = (
    pd.concat([files.load_table(path, columns=("study", "cell", "replicate", "epoch")) for path in paths])
    for paths in (snakemake.input.attribution, snakemake.input.quality)
)
attribution = attribution[attribution["cell"].isin(snakemake.params.twinned)]
found = stopping_step.per_replicate(attribution, quality)
files.save_table(snakemake.output.stopping, stopping_step.summary(found, stopping_step.jointly(attribution)))
files.save_table(snakemake.output.claims, stopping_step.claims(found, settings=snakemake.params.settings))
