"""Measure copies by the rule of 1/3 at every snapshot of a shard.

input    data.npz, neighbours/generated.npy (r, s, g), neighbours/references.npz, neighbours/recall.parquet,
         training.parquet
output   copies.parquet: study, cell and the columns of diffmem.studies.shard.copies
"""

from diffmem import files, job
from diffmem.studies.shard.copies import DATA, RECALL, REFERENCES, shard_copies

job.start(snakemake.log[0])
table = shard_copies(
    files.load_arrays(snakemake.input.data, names=DATA),
    generated=files.load_array(snakemake.input.generated, ndim=3),
    references=files.load_arrays(snakemake.input.references, names=REFERENCES),
    training=files.load_table(snakemake.input.training, columns=("snapshot", "step", "epoch")),
    recall=files.load_table(snakemake.input.recall, columns=RECALL),
)
names = {key: snakemake.wildcards[key] for key in ("study", "cell")}
files.save_table(snakemake.output[0], table.assign(**names))
