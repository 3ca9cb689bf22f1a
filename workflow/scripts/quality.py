"""How good the samples of a shard are, beside what they copy.

input    data.npz, samples.npy (r, s, g, d), training.parquet (steps and epochs of the snapshots)
output   quality.parquet: study, cell and the columns of diffmem.studies.shard.quality
"""

from diffmem import files, job
from diffmem.studies.cautions import of_noise
from diffmem.studies.shard.quality import DATA, shard_quality

job.start(snakemake.log[0])
table = shard_quality(
    files.load_arrays(snakemake.input.data, names=DATA),
    samples=files.load_array(snakemake.input.samples, ndim=4),
    training=files.load_table(snakemake.input.training, columns=("snapshot", "step", "epoch")),
    seed=snakemake.params.cell["seed"],
)
last = table[table["step"] == table["step"].max()].groupby("measure")[["value", "floor"]].mean()
if sentence := of_noise(last["value"], last["floor"]):
    job.say(f"Please note: {sentence}.")
names = {key: snakemake.wildcards[key] for key in ("study", "cell")}
files.save_table(snakemake.output[0], table.assign(**names))
