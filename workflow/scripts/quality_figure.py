"""Draw the quality of the samples.

input    quality.parquet of a study
output   a PNG and an SVG
"""

from diffmem import files, job
from diffmem.report import style
from diffmem.report.outliers import quality

job.start(snakemake.log[0])
table = files.load_table(snakemake.input[0], columns=("cell", "measure", "epoch", "mean", "low", "high", "floor"))
style.save(quality.quality(table), png=snakemake.output.png, svg=snakemake.output.svg)
