"""Collect the claims of all studies.

input    claims.parquet of every study
output   claims.csv
"""

import pandas as pd

from diffmem import files, job

job.start(snakemake.log[0])
table = pd.concat([files.load_table(path, columns=("claim", "verdict")) for path in snakemake.input])
table["figure"] = "results/" + table["study"] + "/figures/" + table["figure"] + ".png"
with files.replacing(snakemake.output[0]) as path:
    table.to_csv(path, index=False, float_format="%.4g")
