"""Put the paper's claims to the test.

input    rates.parquet and permutations.parquet of every cell and shard of a study
output   claims.parquet, columns as in diffmem.studies.claims
"""

import pandas as pd

from diffmem import files, job
from diffmem.studies.outliers.claims import by_permutation, claims, without_exact_test

job.start(snakemake.log[0])
COLUMNS = (
    "study",
    "cell",
    "replicate",
    "epoch",
    "stratum",
    "reference",
    "criterion",
    "threshold",
    "headline",
    "value",
    "floor",
    "ceiling",
)
rates = pd.concat([files.load_table(path, columns=COLUMNS) for path in snakemake.input.rates])
permutations = pd.concat(
    [files.load_table(path, columns=("threshold", "headline", "p")) for path in snakemake.input.permutations]
)
words = dict(settings=snakemake.params.settings)
exact = by_permutation(permutations, **words, untestable=without_exact_test(rates))
files.save_table(snakemake.output[0], pd.concat([claims(rates, **words), exact]))
