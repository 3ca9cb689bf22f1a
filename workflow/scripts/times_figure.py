"""Draw when locations are memorized.

input    times.parquet of a study
output   a PNG and an SVG
"""

from diffmem import files, job
from diffmem.report import style
from diffmem.report.outliers import times

job.start(snakemake.log[0])
table = files.load_table(snakemake.input[0], columns=("cell", "stratum", "side", "epoch", "mean"))
style.save(times.times(table), png=snakemake.output.png, svg=snakemake.output.svg)
