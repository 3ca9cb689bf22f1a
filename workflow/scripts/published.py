"""Run one part of the onset paper's public code, as published.

output   parquet, P(Delta > 0) with Wilson's interval: of kernels, per dimension, n, ratio n / d and variant; of pixels,
         per units and generator
"""

from diffmem import files, job
from diffmem.studies.onset.published import simulate_part

job.start(snakemake.log[0])
files.save_table(snakemake.output[0], simulate_part(**snakemake.params.settings))
