"""Draw the uses proposed for memorization times.

input    uses.parquet of a study
output   a PNG and an SVG
"""

from diffmem import files, job
from diffmem.report import style
from diffmem.report.outliers import uses

job.start(snakemake.log[0])
table = files.load_table(snakemake.input[0], columns=("study", "cell", "use", "name", "side", "mean", "low", "high"))
style.save(uses.uses(table), png=snakemake.output.png, svg=snakemake.output.svg)
