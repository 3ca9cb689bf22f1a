"""Take the samples of a model that was trained elsewhere.

input    data.npz, the files of the samples
output   samples.npy (r, s, g, d) float32, preview.npz, ceiling.npz (training points, the samples of a perfect copier) and
         training.parquet (steps and epochs of the snapshots, without losses), as sample.py, optimum.py and train.py write
"""

import numpy as np

from diffmem import files, job
from diffmem.diffusion.generate import preview
from diffmem.settings.sections import TrainedCell
from diffmem.studies.shard.saved import DATA, collect_samples

job.start(snakemake.log[0])
data = files.load_arrays(snakemake.input.data, names=DATA)
samples, ceiling, training = collect_samples(data, cell=TrainedCell.load(snakemake.params.cell))
with files.new_array(snakemake.output.samples, shape=samples.shape, dtype="float32") as out:
    out[:] = samples
    files.save_arrays(snakemake.output.preview, preview(out, training["epoch"].unique().tolist()))
files.save_arrays(snakemake.output.ceiling, {"points": np.float32(ceiling), "sigma_min": np.float64(np.nan)})
names = {key: snakemake.wildcards[key] for key in ("study", "cell")}
files.save_table(snakemake.output.training, training.assign(**names))
