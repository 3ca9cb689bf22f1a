"""Collect the claims of all studies, without verdicts where held-out points differ from training points.

input    tables of claims and exchangeability.parquet of every study
output   claims.csv; paths of figures start from the run's folder
"""

from diffmem import files, job
from diffmem.studies.claims import collect

job.start(snakemake.log[0])
claims = [files.load_table(path, columns=("claim", "verdict")) for path in snakemake.input.claims]
tested = [files.load_table(path, columns=("p_value",)) for path in snakemake.input.exchangeability]
table = collect(claims, tested)
table["figure"] = table["study"] + "/figures/" + table["figure"] + ".png"
with files.replacing(snakemake.output[0]) as path:
    table.to_csv(path, index=False, float_format="%.4g")
