"""Mean and 95 % interval over replicates.

input    rates.parquet and training.parquet of every cell and shard of a study
output   curves.parquet and losses.parquet, columns as in diffmem.studies.outliers.curves
"""

import pandas as pd

from diffmem import files, job
from diffmem.studies.outliers import curves as outliers

job.start(snakemake.log[0])
rates = pd.concat([files.load_table(path, columns=tuple(outliers.CURVE)) for path in snakemake.input.rates])
training = pd.concat([files.load_table(path, columns=tuple(outliers.LOSS)) for path in snakemake.input.training])
files.save_table(snakemake.output.curves, outliers.curves(rates))
files.save_table(snakemake.output.losses, outliers.losses(training))
