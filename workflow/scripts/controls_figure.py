"""Draw the control ladder.

input    card and levels, as in diffmem.studies.calibration.card
output   a PNG and an SVG
"""

from diffmem import files, job
from diffmem.report import calibration as controls
from diffmem.report import style

job.start(snakemake.log[0])
levels = files.load_table(snakemake.input.levels, columns=("setting", "criterion", "generator", "mean"))
card = files.load_table(snakemake.input.card, columns=("setting", "criterion", "false_alarm"))
figure = controls.controls(levels, card, shown=snakemake.params.shown)
style.save(figure, png=snakemake.output.png, svg=snakemake.output.svg)
