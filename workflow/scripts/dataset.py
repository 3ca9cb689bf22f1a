"""Draw the data of a shard.

input    the file or folder named by data.path, if any
output   data.npz: train (r, n, d), test (r, n', d), fresh (r, f, d), float64; stratum, location and label of every training
         and test row; which rows are plain; clearance of the outliers; number of labels; replicate
"""

from diffmem import files, job
from diffmem.data.dataset import stack
from diffmem.settings.study import replicates

job.start(snakemake.log[0])
cell = snakemake.params.cell
arrays = stack(cell["data"], seed=cell["seed"], replicates=replicates(snakemake.wildcards.shard))
job.say(f"{arrays['train'].shape[1]} training rows; outliers are {arrays['clearance'].min():.1f} of their spreads away")
files.save_arrays(snakemake.output[0], arrays)
