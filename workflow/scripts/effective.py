"""Effective memorization of every arm, and the paper's claims about what drives it.

input    copies.parquet, quality.parquet and training.parquet of every cell that was run and every shard; data.npz of
         those with true labels that are the baseline's in all else
output   runs, effective_curves, effective, thresholds, fits, factors, effective_losses and claims.parquet, columns as in
         diffmem.studies.effective.emm, effective_thresholds, effective_losses and claims
"""

import pandas as pd

from diffmem import files, job
from diffmem.studies.effective import emm as effective
from diffmem.studies.effective.claims import claims
from diffmem.studies.effective.comparable import by_quality
from diffmem.studies.effective.label_claims import label_claims
from diffmem.studies.effective.losses import by_noise
from diffmem.studies.effective.thresholds import thresholds

job.start(snakemake.log[0])
copies, quality, training = (
    pd.concat([files.load_table(path, columns=("cell", "replicate", "step")) for path in paths])
    for paths in (snakemake.input.copies, snakemake.input.quality, snakemake.input.training)
)
arms, out = snakemake.params.arms, snakemake.output
runs = effective.runs(copies, quality, training, cells=arms["cells"])
estimates = {of: effective.estimates(runs, of=of) for of in effective.OF}
found = estimates["last"]
compared = dict(arms=arms["factors"], baseline=arms["baseline"])
fair = by_quality(arms["differs"])
factors = effective.factors(runs, found, **compared, quality="frechet_beyond_fresh", fair=fair)
labelled = (files.load_arrays(path, names=("label_count",)) for path in snakemake.input.labelled)
classes = max((int(data["label_count"].max()) for data in labelled), default=None)
words = dict(study=snakemake.wildcards.study, settings=snakemake.params.settings)
files.save_table(out.runs, runs)
files.save_table(out.curves, effective.curves(runs, quality=[*effective.SHARES, *effective.QUALITY]))
files.save_table(out.estimates, effective.table(estimates))
files.save_table(out.thresholds, thresholds(copies, cells=arms["cells"]))
files.save_table(out.fits, effective.fits(found))
files.save_table(out.factors, factors)
near = found[arms["baseline"]].emm
losses = by_noise(training, cells=arms["cells"], **compared, differs=arms["differs"], near=near)
files.save_table(out.losses, losses)
known = dict(classes=classes, resolutions=snakemake.params.resolutions)
rows = claims(runs, found, **compared, **words, factors=factors, **known)
if any("labels" in values for values in arms["factors"].values()):
    rows = pd.concat([rows, label_claims(runs, **compared, **words)])
files.save_table(out.claims, rows)
