"""Pool the guesses of all replicates, and put the claim on membership to the test.

input    membership.parquet of every cell and shard of a study
output   membership.parquet: columns as in diffmem.studies.outliers.membership; membership_claims.parquet
"""

import pandas as pd

from diffmem import files, job
from diffmem.studies.outliers.membership import claims, curves

job.start(snakemake.log[0])
COLUMNS = ("study", "cell", "replicate", "epoch", "pairs", "guesses", "right", "epsilon_low")
table = pd.concat([files.load_table(path, columns=COLUMNS) for path in snakemake.input], ignore_index=True)
files.save_table(snakemake.output.curves, curves(table))
files.save_table(snakemake.output.claims, claims(table, settings=snakemake.params.settings))
