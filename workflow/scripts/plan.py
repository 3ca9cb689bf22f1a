"""Print what the chosen config would run, and what that costs."""

import os

from diffmem import job
from diffmem.diffusion import denoiser, networks
from diffmem.studies import plan

job.start(snakemake.log[0])


def parameters(model: dict, dimension: int) -> int:
    """Size of a network, by building one."""
    return networks.flatten(denoiser.build(model, dimension=dimension, seed=0, replicates=[0])).shape[1]


print(plan.summary(plan.plan(snakemake.params.studies, parameters=parameters), cores=os.cpu_count()))
