"""At which noise levels a model knows its training points, in units of their spacing.

input    data.npz, training.parquet, attribution.parquet and quality.parquet of every cell and shard
output   noise_levels.parquet: a row per cell, moment and noise level; claims: N1 and N2, columns as in diffmem.studies.claims
"""

from pathlib import Path

import pandas as pd

from diffmem import files, job
from diffmem.studies.outliers.noise_levels import claims, known_shares, spacing_level, summary
from diffmem.studies.outliers.stopping_step import per_replicate
from diffmem.studies.shard.replicates import by_replicate

job.start(snakemake.log[0])
tables = {
    name: pd.concat([files.load_table(path) for path in snakemake.input[name]], ignore_index=True)
    for name in ("training", "attribution", "quality")
}
spacings = [
    {
        "study": snakemake.wildcards.study,
        "cell": Path(path).parts[-3],
        "replicate": replicate,
        "spacing": spacing_level(sets["train"]),
    }
    for path in snakemake.input.data
    for replicate, sets in by_replicate(files.load_arrays(path, names=("train", "replicate")), ("train", "replicate"))
]
found = per_replicate(tables["attribution"], tables["quality"])
table = known_shares(tables["training"], found=found, spacings=pd.DataFrame(spacings))
files.save_table(snakemake.output.levels, summary(table, sizes=snakemake.params.sizes))
files.save_table(snakemake.output.claims, claims(table, settings=snakemake.params.settings))
