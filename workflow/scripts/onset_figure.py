"""Draw one figure of an onset study.

input    points and onsets, as in diffmem.studies.onset.tables
output   a PNG and an SVG
"""

from diffmem import files, job, registry
from diffmem.report import style

job.start(snakemake.log[0])
points = files.load_table(snakemake.input.points, columns=("cell", "measure", "ratio", "mean", "low", "high", "theory"))
onsets = files.load_table(snakemake.input.onsets, columns=("cell", "place", "value", "low", "high"))
draw = registry.load(registry.ONSET_FIGURES[snakemake.wildcards.figure])
style.save(draw(points, onsets), png=snakemake.output.png, svg=snakemake.output.svg)
