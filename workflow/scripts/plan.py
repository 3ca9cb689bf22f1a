"""Print what the chosen config would run, and what that costs."""

import os

from diffmem import job
from diffmem.studies.plan import measured, plan, summary

job.start(snakemake.log[0])
print(summary(plan(snakemake.params.studies, network=measured), cores=os.cpu_count()))
