"""Copying against local spacing, at every snapshot of a shard.

input    data.npz, neighbours/generated.npy (r, s, g), neighbours/references.npz, training.parquet
output   density.parquet: study, cell and the columns of diffmem.studies.shard.density
"""

from diffmem import files, job
from diffmem.studies.shard.density import DATA, shard_density

job.start(snakemake.log[0])
table = shard_density(
    files.load_arrays(snakemake.input.data, names=DATA),
    generated=files.load_array(snakemake.input.generated, ndim=3),
    ceiling=files.load_arrays(snakemake.input.references, names=("ceiling",))["ceiling"],
    training=files.load_table(snakemake.input.training, columns=("snapshot", "step", "epoch")),
    ratio=snakemake.params.ratio,
    class_width=snakemake.params.class_width,
)
names = {key: snakemake.wildcards[key] for key in ("study", "cell")}
files.save_table(snakemake.output[0], table.assign(**names))
