"""Draw one figure from the curves of a study.

input    curves.parquet
output   a PNG and an SVG
"""

from diffmem import files, job, registry
from diffmem.report import style

job.start(snakemake.log[0])
curves = files.load_table(snakemake.input[0], columns=("cell", "criterion", "mean", "low", "high"))
draw = registry.load(registry.FIGURES[snakemake.wildcards.figure])
style.save(draw(curves, ratios=snakemake.params.ratios), png=snakemake.output.png, svg=snakemake.output.svg)
