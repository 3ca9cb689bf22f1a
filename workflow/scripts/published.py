"""Run one part of the onset paper's public code, as published.

output   parquet, P(Delta > 0) with Wilson's interval: of kernels, per dimension, n, ratio n / d and variant; of pixels,
         per units and generator
"""

from diffmem import files, job
from diffmem.studies.onset import published as onset_published

job.start(snakemake.log[0])
if snakemake.wildcards.part == "pixels":
    table, by = onset_published.pixels(**snakemake.params.settings), ["units", "generator"]
else:
    table, by = onset_published.kernels(**snakemake.params.settings), ["dimension", "n", "ratio", "variant"]
files.save_table(snakemake.output[0], onset_published.shares(table, by))
