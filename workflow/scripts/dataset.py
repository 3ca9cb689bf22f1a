"""Draw the data of a shard.

input    the file or folder named by data.path, if any
output   data.npz: train (r, n, d), test (r, n', d), fresh (r, f, d), float64; stratum, location and label of every training
         and test row; which rows are plain; clearance of the outliers; number of labels; replicate; centre (r, d) and scale
         (r,) by which points were standardized (0 and 1: they were not), and spread (r,) of the training points
"""

from diffmem import files, job
from diffmem.data.dataset import stack
from diffmem.settings.sections import TrainedCell
from diffmem.settings.shards import replicates

job.start(snakemake.log[0])
cell = TrainedCell.load(snakemake.params.cell)
arrays = stack(cell.data, seed=cell.seed, replicates=replicates(snakemake.wildcards.shard))
job.say(f"{arrays['train'].shape[1]} training rows; outliers are {arrays['clearance'].min():.1f} of their spreads away")
if cell.data.standardize:
    job.say(f"standardized: the mean was subtracted, and the spread {arrays['scale'][0]:.4g} divided out")
files.save_arrays(snakemake.output[0], arrays)
