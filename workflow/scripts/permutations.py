"""Test the last snapshots of a shard under permuted labels, and by the criterion of fifty neighbours.

input    data.npz, preview.npz
output   permutations.parquet: study, cell and the columns of diffmem.studies.shard.permutations
"""

from diffmem import files, job
from diffmem.settings.sections import TrainedCell
from diffmem.studies.shard.permutations import DATA, shard_permutations

job.start(snakemake.log[0])
table = shard_permutations(
    files.load_arrays(snakemake.input.data, names=DATA),
    preview=files.load_arrays(snakemake.input.preview, names=("points", "epoch")),
    cell=TrainedCell.load(snakemake.params.cell),
)
names = {key: snakemake.wildcards[key] for key in ("study", "cell")}
files.save_table(snakemake.output[0], table.assign(**names))
