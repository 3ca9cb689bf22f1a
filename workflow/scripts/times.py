"""When every location of a shard is memorized, and how well that finds the injected outliers.

input    data.npz, neighbours/generated.npy (r, s, g), neighbours/references.npz, training.parquet (the epochs of the
         snapshots)
output   times.parquet: study, cell, replicate and the columns of diffmem.measure.memorization_time
         detection.parquet: study, cell, replicate and the columns of diffmem.studies.outliers.detection
"""

from diffmem import files, job
from diffmem.settings.sections import TrainedCell
from diffmem.studies.shard.times import DATA, shard_times

job.start(snakemake.log[0])
cell = TrainedCell.load(snakemake.params.cell)
times, found = shard_times(
    files.load_arrays(snakemake.input.data, names=DATA),
    generated=files.load_array(snakemake.input.generated, ndim=3),
    fresh=files.load_arrays(snakemake.input.references, names=("fresh",))["fresh"],
    epochs=files.load_table(snakemake.input.training, columns=("epoch",))["epoch"].unique(),
    ratio=cell.measure.ratio,
    outliers=cell.data.outliers.count > 0,
)
identity = dict(study=snakemake.wildcards.study, cell=snakemake.wildcards.cell)
files.save_table(snakemake.output.times, times.assign(**identity))
files.save_table(snakemake.output.detection, found.assign(**identity) if len(found) else found)
