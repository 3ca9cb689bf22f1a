"""How well signals without samples tell how much a model copies.

input    signals.parquet of every cell and shard
output   signals.parquet: a row per signal and kind of correlation; claims: S1 to S4, columns as in diffmem.studies.claims
"""

import pandas as pd

from diffmem import files, job
from diffmem.studies.outliers.signals import claims, summary

job.start(snakemake.log[0])
columns = ("study", "cell", "replicate", "step", "signal", "value", "net")
found = summary(pd.concat([files.load_table(path, columns=columns) for path in snakemake.input]))
files.save_table(snakemake.output.signals, found)
files.save_table(snakemake.output.claims, claims(found, settings=snakemake.params.settings))
