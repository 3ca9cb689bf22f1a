"""Collect the audits of a study.

input    ratios of every cell
output   parquet: cell, and the columns of diffmem.auditing.summary
"""

import pandas as pd

from diffmem import files, job

job.start(snakemake.log[0])
cells = zip(snakemake.params.cells, snakemake.input.ratios, strict=True)
files.save_table(snakemake.output[0], pd.concat([files.load_table(path).assign(cell=cell) for cell, path in cells]))
