"""Curves of the share memorized, claims by memorization times, and how well memorization times find outliers.

input    times.parquet and detection.parquet of every shard of every cell with twins
output   times.parquet and detection.parquet: means over replicates with 95 % intervals; time_claims.parquet
"""

import pandas as pd

from diffmem import files, job
from diffmem.measure.intervals import over_replicates
from diffmem.studies.outliers import times as outliers

job.start(snakemake.log[0])
times = pd.concat([files.load_table(path, columns=("stratum", "side", "by")) for path in snakemake.input.times])
found = pd.concat([files.load_table(path) for path in snakemake.input.detection])
files.save_table(snakemake.output.times, outliers.curves(times))
files.save_table(snakemake.output.claims, outliers.claims(times, settings=snakemake.params.settings))
key = ["study", "cell", "detector", "side"]
scores = [over_replicates(found, by=key, value=v).assign(score=v) for v in ("auroc", "average_precision") if len(found)]
files.save_table(snakemake.output.detection, pd.concat(scores) if scores else found)
