"""Calibration card of the control ladder.

input    the controls of all settings and shards
output   card (parquet and csv), one row per setting and criterion; levels, one row per generator too: columns as in
         diffmem.studies.calibration.card
"""

import pandas as pd

from diffmem import files, job
from diffmem.studies.calibration import card

job.start(snakemake.log[0])
table = pd.concat([files.load_table(path, columns=card.COLUMNS) for path in snakemake.input], ignore_index=True)
found = card.card(table)
files.save_table(snakemake.output.card, found)
files.save_table(snakemake.output.levels, card.levels(table))
with files.replacing(snakemake.output.csv) as path:
    found.to_csv(path, index=False, float_format="%.4g")
