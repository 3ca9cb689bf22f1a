"""Print what the chosen config would run, and what that costs; refuse what would not fit the disk."""

from diffmem import job
from diffmem.studies.config_cautions import of_studies
from diffmem.studies.disk import bytes_in, free_bytes, refuse_full
from diffmem.studies.drawn_spread import drawn_spread
from diffmem.studies.plan import measured, plan, summary

job.start(snakemake.log[0])
studies, folder = snakemake.params.studies, snakemake.params.folder
run = {"cores": snakemake.params.cores, "discard": snakemake.params.discard}
table = plan(studies, network=measured)
print(summary(table, **run))
for sentence in of_studies(studies, drawn_spread()):
    print(f"\nPlease note: {sentence}")
# files of cells that the config no longer has are not made again
there = sum(bytes_in(f"{folder}/{name}/{cell}") for name, study in studies.items() for cell in study.cells)
refuse_full(table, studies, folder=folder, free=free_bytes(folder), there=there, **run)
