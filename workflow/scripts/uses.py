"""Put the uses proposed for memorization times to the test: stopping early, and finding outliers.

input    rates.parquet, training.parquet, quality.parquet of every cell and shard; detection.parquet of those with twins
output   uses.parquet: means over replicates with 95 % intervals; claims: U1 and U2, columns as in diffmem.studies.claims
"""

import pandas as pd

from diffmem import files, job
from diffmem.studies.outliers import uses

job.start(snakemake.log[0])
rates, training, quality = (
    pd.concat([files.load_table(path, columns=("study", "cell", "replicate", "epoch")) for path in paths])
    for paths in (snakemake.input.rates, snakemake.input.training, snakemake.input.quality)
)
found = pd.concat([pd.DataFrame(), *(files.load_table(path) for path in snakemake.input.detection)])
picked = uses.stopped(rates, training, quality)
files.save_table(snakemake.output.uses, uses.summary(picked, found))
files.save_table(snakemake.output.claims, uses.claims(picked, found, settings=snakemake.params.settings))
