"""Choose samples of a few snapshots to show next to the training images nearest to them: first replicate.

input    data.npz, preview.npz (points (r, s, g', d), epoch (s,)), neighbours/generated.npy (r, all snapshots, g), training.parquet
output   images.npz: the fields of diffmem.studies.images.Matches; low and high, values of black and of white; ratio
"""

from dataclasses import asdict

import numpy as np

from diffmem import files, job
from diffmem.locations import first_rows
from diffmem.studies.images import over_training
from diffmem.studies.shard.replicates import snapshots

job.start(snakemake.log[0])
data = files.load_arrays(snakemake.input.data, names=("train", "train_location", "centre", "scale"))
preview = files.load_arrays(snakemake.input.preview, names=("points", "epoch"))
epochs = snapshots(files.load_table(snakemake.input.training, columns=("snapshot", "step", "epoch")))["epoch"]
neighbours = files.load_array(snakemake.input.generated, ndim=3)[0][np.isin(epochs, preview["epoch"])]
train = data["centre"][0] + data["scale"][0] * data["train"][0]
found = over_training(
    points=data["centre"][0] + data["scale"][0] * preview["points"][0],
    epochs=preview["epoch"],
    positions=train[first_rows(data["train_location"][0])],
    neighbours=neighbours,
    size=snakemake.params.size,
)
look = {"low": train.min(), "high": train.max(), "ratio": np.float64(snakemake.params.ratio)}
files.save_arrays(snakemake.output[0], {**asdict(found), **look})
