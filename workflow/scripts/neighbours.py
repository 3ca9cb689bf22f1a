"""Find the nearest training and test locations of every generated, fresh and optimal point of a shard.

input    data.npz, samples.npy (r, s, g, d), ceiling.npz
output   neighbours/generated.npy (r, s, g), rows as in diffmem.neighbours.table
         neighbours/references.npz: the arrays of diffmem.studies.shard.neighbours, and sigma_min
         neighbours/recall.parquet: replicate, snapshot, index and the columns of diffmem.neighbours.recall
"""

from diffmem import files, job
from diffmem.neighbours.recall import REFERENCES
from diffmem.neighbours.table import ROW
from diffmem.settings.sections import TrainedCell
from diffmem.studies.shard.neighbours import DATA, find_neighbours

job.start(snakemake.log[0])
data = files.load_arrays(snakemake.input.data, names=DATA)
samples = files.load_array(snakemake.input.samples, ndim=4)
ceiling = files.load_arrays(snakemake.input.ceiling, names=("points", "sigma_min"))
with files.new_array(snakemake.output.generated, shape=samples.shape[:3], dtype=ROW) as out:
    arrays, recall = find_neighbours(
        data,
        samples=samples,
        ceiling=ceiling["points"],
        out=out,
        cell=TrainedCell.load(snakemake.params.cell),
        **{name: snakemake.params[name] for name in ("merge", "rounded", "device")},
    )
if recall["queries"].any():
    shares = ", ".join(f"{name} {recall[name].mean():.3f}" for name in REFERENCES)
    job.say(f"recall of {recall['queries'].sum():,} points searched exactly as well: {shares}")
files.save_arrays(snakemake.output.references, {**arrays, "sigma_min": ceiling["sigma_min"]})
files.save_table(snakemake.output.recall, recall)
