"""Calibrate every criterion: false alarms, power, bias and coverage.

input    the controls of all settings and shards
output   calibration (parquet and csv), one row per setting and criterion; levels, one row per generator too: columns as
         in diffmem.studies.calibration.summary
"""

import pandas as pd

from diffmem import files, job
from diffmem.studies.calibration.summary import COLUMNS, summarise_criteria, summarise_generators

job.start(snakemake.log[0])
table = pd.concat([files.load_table(path, columns=COLUMNS) for path in snakemake.input], ignore_index=True)
calibration = summarise_criteria(table)
files.save_table(snakemake.output.calibration, calibration)
files.save_table(snakemake.output.levels, summarise_generators(table))
with files.replacing(snakemake.output.csv) as path:
    calibration.to_csv(path, index=False, float_format="%.4g")
