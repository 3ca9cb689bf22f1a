"""Measure every snapshot of a shard by the definitions of the second and of the third paper.

input    data.npz, samples.npy (r, s, g, d), neighbours/generated.npy (r, s, g), training.parquet
output   definitions.parquet: study, cell and the columns of diffmem.studies.shard.definitions
"""

from diffmem import files, job
from diffmem.studies.shard.definitions import DATA, shard_definitions

job.start(snakemake.log[0])
table = shard_definitions(
    files.load_arrays(snakemake.input.data, names=DATA),
    samples=files.load_array(snakemake.input.samples, ndim=4),
    generated=files.load_array(snakemake.input.generated, ndim=3),
    training=files.load_table(snakemake.input.training, columns=("snapshot", "step", "epoch")),
)
names = {key: snakemake.wildcards[key] for key in ("study", "cell")}
files.save_table(snakemake.output[0], table.assign(**names))
