"""Keep some points of many snapshots, and which of them lie close to training points, for the animation.

input    data.npz, samples.npy (r, s, g, d), neighbours/generated.npy (r, s, g), training.parquet
output   frames.npz: points (f, k, d), close (f, k), epoch (f,) of the first replicate; train (n, d) and test (n', d)
"""

from diffmem import files, job
from diffmem.studies.shard.frames import shard_frames
from diffmem.studies.shard.replicates import snapshots

job.start(snakemake.log[0])
data = files.load_arrays(snakemake.input.data, names=("train", "test", "test_plain"))
test, plain = data["test"][0], data["test_plain"][0]
found = shard_frames(
    files.load_array(snakemake.input.samples, ndim=4),
    generated=files.load_array(snakemake.input.generated, ndim=3),
    epochs=snapshots(files.load_table(snakemake.input.training, columns=("snapshot", "step", "epoch")))["epoch"],
    ratio=snakemake.params.ratio,
    reference="matched" if snakemake.params.twins else "plain",
)
sets = {"train": data["train"][0], "test": test if snakemake.params.twins else test[plain]}
files.save_arrays(snakemake.output[0], {**found, **sets})
