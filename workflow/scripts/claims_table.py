"""Collect the claims of all studies, without verdicts where held-out points differ from training points.

input    tables of claims and exchangeability.parquet of every study
output   claims.csv
"""

import pandas as pd

from diffmem import files, job
from diffmem.studies.claims import withheld

job.start(snakemake.log[0])
table = pd.concat([files.load_table(path, columns=("claim", "verdict")) for path in snakemake.input.claims])
tested = pd.concat([files.load_table(path, columns=("p_value",)) for path in snakemake.input.exchangeability])
table = withheld(table, tested)
table["figure"] = "results/" + table["study"] + "/figures/" + table["figure"] + ".png"
with files.replacing(snakemake.output[0]) as path:
    table.to_csv(path, index=False, float_format="%.4g")
