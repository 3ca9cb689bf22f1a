"""Generate points from every snapshot of a shard, or from those of a part.

input    data.npz, snapshots.npy (r, s, p), training.parquet (the steps of the snapshots); of a sampling in parts theirs
output   samples.npy (r, s, g, d) float32; of a part samples-NUMBER.npy with the snapshots of the part
         preview.npz: points (r, 5, 1000 at most, d) and epoch (5,) of five of the snapshots, for figures of points or images
"""

from diffmem import files, job
from diffmem.diffusion.compute import start
from diffmem.diffusion.generate import preview
from diffmem.settings.sections import TrainedCell
from diffmem.studies.shard.sampling import DATA, join, precision_error, sample_shard, shard_network

job.start(snakemake.log[0])
cell = TrainedCell.load(snakemake.params.cell)
data = files.load_arrays(snakemake.input.data, names=DATA)
snapshots = files.load_array(snakemake.input.snapshots, ndim=3)
training = files.load_table(snakemake.input.training, columns=("snapshot", "step", "epoch"))
numbers = range(*snakemake.params.get("part", [snapshots.shape[1]]))
shape = (snapshots.shape[0], len(numbers), cell.sampling.count, data["train"].shape[2])
parts = [files.load_array(path, ndim=4) for path in snakemake.input.get("parts", [])]
with files.new_array(snakemake.output.samples, shape=shape, dtype="float32") as out:
    if parts:
        join(parts, out=out)
    else:
        compute = start(cell.compute)
        job.say(str(compute))
        job.say(
            f"{cell.sampling.count:,} points: standard deviation of a net fraction <= {cell.sampling.count**-0.5:.3f}"
        )
        network = shard_network(data, cell=cell, compute=compute)
        how = dict(network=network, cell=cell, compute=compute)
        sample_shard(data, **how, snapshots=snapshots, training=training, numbers=numbers, out=out)
        if compute.precision != "float32":
            error = precision_error(data, **how)
            job.say(f"{compute.precision} changes the last network's output for training points by {error:.1e}")
    if path := snakemake.output.get("preview"):
        files.save_arrays(path, preview(out, training["epoch"].unique().tolist()))
