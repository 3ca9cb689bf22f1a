"""Draw the points of the first replicate of every cell.

input    data.npz, samples.npy and training.parquet of the first shard of every cell
output   a PNG and an SVG
"""

from diffmem import files, job
from diffmem.report import scatter, style

job.start(snakemake.log[0])
panels = {}
for name, *paths in zip(
    snakemake.params.cells, snakemake.input.data, snakemake.input.samples, snakemake.input.training, strict=True
):
    data = files.load_arrays(paths[0], names=("train", "train_stratum", "test"))
    epochs = files.load_table(paths[2], columns=("epoch",))["epoch"].unique().tolist()
    samples = files.load_array(paths[1], ndim=4)[0]
    panels[name] = scatter.Panel(data["train"][0], data["train_stratum"][0], data["test"][0], samples, epochs)
style.save(scatter.scatter(panels), png=snakemake.output.png, svg=snakemake.output.svg)
