"""Sample the closed-form optimum of every replicate of a shard: the ceiling of its curves.

input    data.npz
output   ceiling.npz: points (r, c, d) float32 and sigma_min, the smallest noise level of the sampler
"""

from diffmem import files, job
from diffmem.settings.sections import TrainedCell
from diffmem.studies.shard.optimum import DATA, shard_optimum

job.start(snakemake.log[0])
data = files.load_arrays(snakemake.input[0], names=DATA)
files.save_arrays(snakemake.output[0], shard_optimum(data, cell=TrainedCell.load(snakemake.params.cell)))
