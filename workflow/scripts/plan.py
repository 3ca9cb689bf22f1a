"""Print what the chosen config would run, and what that costs."""

from diffmem import job
from diffmem.studies.config_cautions import of_studies
from diffmem.studies.drawn_spread import drawn_spread
from diffmem.studies.plan import measured, plan, summary

job.start(snakemake.log[0])
table = plan(snakemake.params.studies, network=measured)
print(summary(table, cores=snakemake.params.cores, discard=snakemake.params.discard))
for sentence in of_studies(snakemake.params.studies, drawn_spread()):
    print(f"\nPlease note: {sentence}")
