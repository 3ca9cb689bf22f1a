"""Draw one figure of a study of effective memorization.

input    effective_curves, effective, fits, factors and effective_losses.parquet
output   a PNG and an SVG
"""

from diffmem import files, job
from diffmem.report import effective, style
from diffmem.report.effective_losses import noise
from diffmem.studies.effective import QUALITY, comparable, groups

job.start(snakemake.log[0])
curves, estimates, fits, factors, losses = (files.load_table(path) for path in snakemake.input)
arms = dict(arms=snakemake.params.arms["factors"], baseline=snakemake.params.arms["baseline"])
panels = groups(**arms)
draw = {
    "effective": lambda: effective.effective(curves, fits, estimates, groups=panels),
    "factors": lambda: effective.factors(factors),
    "tradeoff": lambda: effective.quality(comparable(curves, **arms), measures=QUALITY, groups=panels),
    "noise": lambda: noise(losses, groups=panels),
}[snakemake.wildcards.figure]
style.save(draw(), png=snakemake.output.png, svg=snakemake.output.svg)
