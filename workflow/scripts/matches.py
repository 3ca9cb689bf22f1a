"""Choose generated images to show next to the training images nearest to them: first replicate, last snapshot.

input    data.npz, preview.npz (points (r, 5, 1000 at most, d)), neighbours/generated.npy (r, s, g)
output   matches.npz: the fields of diffmem.studies.effective.matches.Matches
"""

from dataclasses import asdict

import numpy as np

from diffmem import files, job
from diffmem.locations import first_rows
from diffmem.studies.effective.matches import matches

job.start(snakemake.log[0])
data = files.load_arrays(snakemake.input.data, names=("train", "train_location", "centre", "scale"))
points = files.load_arrays(snakemake.input.preview, names=("points",))["points"][0, -1]
neighbours = files.load_array(snakemake.input.generated, ndim=3)[0, -1, : len(points)]
positions = data["train"][0][first_rows(data["train_location"][0])]
points, positions = (data["centre"][0] + data["scale"][0] * part for part in (points, positions))
found = matches(generated=points, positions=positions, neighbours=neighbours, size=snakemake.params.size)
files.save_arrays(snakemake.output[0], {name: np.asarray(value) for name, value in asdict(found).items()})
