"""Guess which of two points was trained on, at every snapshot of a shard.

input    data.npz, samples.npy (r, s, g, d), training.parquet (steps and epochs of the snapshots)
output   membership.parquet: study, cell and the columns of diffmem.studies.shard.membership
"""

from diffmem import files, job
from diffmem.studies.shard.membership import DATA, shard_membership

job.start(snakemake.log[0])
table = shard_membership(
    files.load_arrays(snakemake.input.data, names=DATA),
    samples=files.load_array(snakemake.input.samples, ndim=4),
    training=files.load_table(snakemake.input.training, columns=("snapshot", "step", "epoch")),
    merge=snakemake.params.merge,
    seed=snakemake.params.cell["seed"],
)
names = {key: snakemake.wildcards[key] for key in ("study", "cell")}
files.save_table(snakemake.output[0], table.assign(**names))
