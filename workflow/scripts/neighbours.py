"""Find the nearest training and test locations of every generated and every fresh point of a shard.

input    data.npz, samples.npy (r, s, g, d)
output   neighbours/generated.npy (r, s, g) and neighbours/fresh.npy (r, f), rows as in diffmem.measure.table
"""

from diffmem import files, job
from diffmem.measure.table import ROW, references, tabulate

job.start(snakemake.log[0])
POINTS = ("train", "train_location", "test", "test_location", "test_plain")
data = files.load_arrays(snakemake.input.data, names=(*POINTS, "fresh"))
samples = files.load_array(snakemake.input.samples, ndim=4)
with (
    files.new_array(snakemake.output.generated, shape=samples.shape[:3], dtype=ROW) as generated,
    files.new_array(snakemake.output.fresh, shape=data["fresh"].shape[:2], dtype=ROW) as fresh,
):
    for i in range(len(samples)):
        to = references(**{name: data[name][i] for name in POINTS})
        fresh[i] = tabulate(data["fresh"][i], to)
        for j, points in enumerate(samples[i]):
            generated[i, j] = tabulate(points, to)
    job.say(f"neighbours among {len(to.train.positions)} training locations by {to.train.kind}")
