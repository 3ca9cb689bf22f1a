"""Effective memorization of every arm, and the paper's claims about what drives it.

input    copies.parquet, quality.parquet and training.parquet of every cell that was run and every shard; data.npz of
         those with true labels that are the baseline's in all else
output   the tables of diffmem.studies.effective.analyse, under their names
"""

import pandas as pd

from diffmem import files, job
from diffmem.studies.effective.analyse import analyse

job.start(snakemake.log[0])
copies, quality, training = (
    pd.concat([files.load_table(path, columns=("cell", "replicate", "step")) for path in paths])
    for paths in (snakemake.input.copies, snakemake.input.quality, snakemake.input.training)
)
labelled = (files.load_arrays(path, names=("label_count",)) for path in snakemake.input.labelled)
tables = analyse(
    copies,
    quality,
    training,
    arms=snakemake.params.arms,
    resolutions=snakemake.params.resolutions,
    classes=max((int(data["label_count"].max()) for data in labelled), default=None),
    study=snakemake.wildcards.study,
    settings=snakemake.params.settings,
)
for name, table in tables.items():
    files.save_table(snakemake.output[name], table)
