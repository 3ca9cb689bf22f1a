"""Draw the data of a shard.

output   data.npz: train (r, n, d), test (r, n', d), fresh (r, f, d), float64; stratum and location of every training and
         test row; test_plain; clearance of the outliers; replicate
"""

from diffmem import files, job
from diffmem.cells import replicates
from diffmem.data.dataset import stack

job.start(snakemake.log[0])
cell = snakemake.params.cell
arrays = stack(cell["data"], seed=cell["seed"], replicates=replicates(snakemake.wildcards.shard))
job.say(f"{arrays['train'].shape[1]} training rows; outliers are {arrays['clearance'].min():.1f} of their spreads away")
files.save_arrays(snakemake.output[0], arrays)
