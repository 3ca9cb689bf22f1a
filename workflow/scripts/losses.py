"""Draw the losses.

input    losses.parquet
output   a PNG and an SVG
"""

from diffmem import files, job
from diffmem.report import style
from diffmem.report.outliers import losses

job.start(snakemake.log[0])
table = files.load_table(snakemake.input[0], columns=("cell", "epoch", "set", "mean", "low", "high"))
style.save(losses.losses(table), png=snakemake.output.png, svg=snakemake.output.svg)
