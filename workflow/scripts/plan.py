"""Print what the chosen config would run, and what that costs."""

import os

import torch
from torch.utils.flop_counter import FlopCounterMode

from diffmem import job
from diffmem.diffusion import denoiser, networks
from diffmem.studies import plan

job.start(snakemake.log[0])


def network(model: dict, dimension: int) -> tuple[int, int]:
    """Parameters of a network and operations per point, by building and running one."""
    built = denoiser.build(model, dimension=dimension, seed=0, replicates=[0])
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        built(torch.zeros(1, 1, dimension), torch.ones(1, 1))
    return networks.flatten(built).shape[1], counter.get_total_flops()


print(plan.summary(plan.plan(snakemake.params.studies, network=network), cores=os.cpu_count()))
