"""Show generated images beside the training images nearest to them: first replicate, last snapshot.

input    data.npz, glimpse.npz (points (r, 5, 1000 at most, d)), neighbours/generated.npy (r, s, g)
output   a PNG and an SVG
"""

import numpy as np

from diffmem import files, job
from diffmem.locations import first_rows
from diffmem.report import style
from diffmem.report.effective import sheet
from diffmem.studies.effective.matches import matches

job.start(snakemake.log[0])
data = files.load_arrays(snakemake.input.data, names=("train", "train_location"))
points = files.load_arrays(snakemake.input.glimpse, names=("points",))["points"][0, -1]
neighbours = files.load_array(snakemake.input.generated, ndim=3)[0, -1, : len(points)]
positions = data["train"][0][first_rows(data["train_location"][0])]
images = [np.moveaxis(x.reshape(-1, *snakemake.params.size), 1, -1) for x in (points, positions)]
flat = dict(generated=images[0].reshape(len(points), -1), positions=images[1].reshape(len(positions), -1))
channels, *sides = snakemake.params.size
shape = (*sides, channels) if channels > 1 else tuple(sides)
style.save(
    sheet(matches(**flat, neighbours=neighbours, shape=shape), low=-1, high=1),
    png=snakemake.output.png,
    svg=snakemake.output.svg,
)
