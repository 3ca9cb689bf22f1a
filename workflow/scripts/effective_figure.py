"""Draw one figure of a study of effective memorization.

input    effective_curves, effective, fits, factors and effective_losses.parquet
output   a PNG and an SVG
"""

from diffmem import files, job
from diffmem.report import effective, style
from diffmem.report.effective_noise import noise
from diffmem.studies.effective.comparable import by_quality, comparable
from diffmem.studies.effective.emm import QUALITY, groups

job.start(snakemake.log[0])
curves, estimates, fits, factors, losses = (files.load_table(path) for path in snakemake.input)
factors_of, baseline, differs = (snakemake.params.arms[key] for key in ("factors", "baseline", "differs"))
panels = groups(factors_of, baseline=baseline)
fair = groups({arm: factors_of[arm] for arm in by_quality(differs)}, baseline=baseline)
shown = comparable(curves, differs=differs, quality=QUALITY)
draw = {
    "effective": lambda: effective.effective(curves, fits, estimates, groups=panels),
    "factors": lambda: effective.factors(factors),
    "tradeoff": lambda: effective.quality(shown, measures=QUALITY, groups=fair),
    "noise": lambda: noise(losses, groups=panels),
}[snakemake.wildcards.figure]
style.save(draw(), png=snakemake.output.png, svg=snakemake.output.svg)
