"""Draw the points of the first replicate of every cell.

input    data.npz and glimpse.npz of the first shard of every cell
output   a PNG and an SVG
"""

from diffmem import files, job
from diffmem.report import style
from diffmem.report.outliers import scatter

job.start(snakemake.log[0])
panels = {}
for cell, *paths in zip(snakemake.params.cells, snakemake.input.data, snakemake.input.glimpse, strict=True):
    data = files.load_arrays(paths[0], names=("train", "train_stratum", "test"))
    seen = files.load_arrays(paths[1], names=("points", "epoch"))
    points = [data[name][0] for name in ("train", "train_stratum", "test")]
    panels[style.title(snakemake.wildcards.study, cell)] = scatter.Panel(*points, seen["points"][0], seen["epoch"])
style.save(scatter.scatter(panels), png=snakemake.output.png, svg=snakemake.output.svg)
