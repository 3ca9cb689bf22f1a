"""Signals of memorization that need no samples, at every snapshot of a shard.

input    data.npz, snapshots.npy (r, s, p), training.parquet, attribution.parquet
output   signals.parquet: study, cell and the columns of diffmem.studies.shard.signals
"""

from diffmem import files, job
from diffmem.settings.sections import TrainedCell
from diffmem.studies.shard.signals import DATA, shard_signals

job.start(snakemake.log[0])
table = shard_signals(
    files.load_arrays(snakemake.input.data, names=DATA),
    snapshots=files.load_array(snakemake.input.snapshots, ndim=3),
    training=files.load_table(snakemake.input.training, columns=("replicate", "step", "set", "sigma", "loss")),
    attribution=files.load_table(snakemake.input.attribution, columns=("replicate", "step", "headline", "net")),
    cell=TrainedCell.load(snakemake.params.cell),
)
names = {key: snakemake.wildcards[key] for key in ("study", "cell")}
files.save_table(snakemake.output[0], table.assign(**names))
