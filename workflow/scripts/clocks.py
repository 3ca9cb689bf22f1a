"""When bias and copies begin, and when the held-out loss is best, against the number of training points.

input    attribution.parquet, quality.parquet and training.parquet of every cell and shard
output   clocks.parquet: a row per size and event; claims: K1 to K4, columns as in diffmem.studies.claims
"""

import pandas as pd

from diffmem import files, job
from diffmem.studies.outliers.clocks import claims, clocks, summary
from diffmem.studies.outliers.stopping_step import per_replicate

job.start(snakemake.log[0])
attribution, quality, training = (
    pd.concat([files.load_table(path, columns=("study", "cell", "replicate")) for path in paths])
    for paths in (snakemake.input.attribution, snakemake.input.quality, snakemake.input.training)
)
found = per_replicate(attribution, quality, one_target=True)
table = clocks(found, training=training, attribution=attribution, sizes=snakemake.params.sizes)
files.save_table(snakemake.output.clocks, summary(table))
files.save_table(snakemake.output.claims, claims(table, settings=snakemake.params.settings))
