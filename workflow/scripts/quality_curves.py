"""Mean and 95 % interval over replicates of the quality of the samples.

input    quality.parquet of every cell and shard of a study
output   quality.parquet
"""

import pandas as pd

from diffmem import files, job
from diffmem.studies.outliers import curves as outliers

job.start(snakemake.log[0])
tables = [files.load_table(path, columns=("replicate", "measure", "value", "floor")) for path in snakemake.input]
files.save_table(snakemake.output[0], outliers.quality(pd.concat(tables)))
