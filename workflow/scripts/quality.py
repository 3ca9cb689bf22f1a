"""How good the samples of a shard are, beside what they copy.

input    data.npz, samples.npy (r, s, g, d), training.parquet (steps and epochs of the snapshots)
output   quality.parquet: study, cell, replicate, step, epoch, measure (those of diffmem.measure.quality, and frechet, the
         Frechet distance beyond what it is for fresh points), value and floor, the value of fresh points
"""

import pandas as pd

from diffmem import files, job, rng
from diffmem.measure import quality
from diffmem.measure.frechet import frechet

job.start(snakemake.log[0])
data = files.load_arrays(snakemake.input.data, names=("fresh", "replicate"))
samples = files.load_array(snakemake.input.samples, ndim=4)
times = files.load_table(snakemake.input.training, columns=("step", "epoch"))[["step", "epoch"]].drop_duplicates()
tables = []
for fresh, generated, replicate in zip(data["fresh"], samples, data["replicate"].tolist(), strict=True):
    random = rng.generator(snakemake.params.cell["seed"], replicate=replicate, purpose="measure")
    fresh, half = random.permutation(fresh), len(fresh) // 2  # outliers come last in it
    reference = quality.prepared(fresh[:half], random)
    sets = [quality.subsample(points, random, quality.POINTS) for points in (fresh[half:], *generated)]
    floor, *values = [
        {
            **quality.compared(points.astype(float), reference),
            "frechet": frechet(generated=points, held_out=reference.points)["frechet_excess"],
        }
        for points in sets
    ]
    table = pd.DataFrame(values).assign(step=times["step"].to_numpy(), epoch=times["epoch"].to_numpy())
    table = table.melt(["step", "epoch"], var_name="measure").assign(replicate=replicate)
    tables.append(table.assign(floor=table["measure"].map(floor)))
identity = {key: snakemake.wildcards[key] for key in ("study", "cell")}
files.save_table(snakemake.output[0], pd.concat(tables, ignore_index=True).assign(**identity))
