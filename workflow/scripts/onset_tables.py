"""Curves, onsets and claims of an onset study.

input    onset.parquet of every cell
output   points, onsets and claims, columns as in diffmem.studies.onset.tables and onset_claims
"""

import pandas as pd

from diffmem import files, job
from diffmem.studies.onset import claims as onset_claims
from diffmem.studies.onset import tables as onset_tables

job.start(snakemake.log[0])
table = pd.concat([files.load_table(path, columns=onset_tables.COLUMNS) for path in snakemake.input], ignore_index=True)
cells = snakemake.params.cells
files.save_table(snakemake.output.points, onset_tables.points(table, cells=cells))
files.save_table(snakemake.output.onsets, onset_tables.onsets(table))
files.save_table(snakemake.output.claims, onset_claims.claims(table, cells=cells))
