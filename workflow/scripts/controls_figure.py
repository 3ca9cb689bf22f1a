"""Draw the calibration of all criteria.

input    calibration and levels, as in diffmem.studies.calibration.summary
output   a PNG and an SVG
"""

from diffmem import files, job
from diffmem.report import style
from diffmem.report.calibration import controls

job.start(snakemake.log[0])
levels = files.load_table(snakemake.input.levels, columns=("setting", "criterion", "generator", "mean"))
calibration = files.load_table(snakemake.input.calibration, columns=("setting", "criterion", "false_alarm"))
figure = controls(levels, calibration, shown=snakemake.params.shown)
style.save(figure, png=snakemake.output.png, svg=snakemake.output.svg)
