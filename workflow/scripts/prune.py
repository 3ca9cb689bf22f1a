"""Remove the large arrays of a run that has been packed.

input    none: bundle.zip of the run, in whose folder the log is
output   none: their number and size are printed
"""

from pathlib import Path

from diffmem import bundle, job

job.start(snakemake.log[0])
run = Path(snakemake.log[0]).parents[1]
bundle.stated(run / "bundle.zip")  # an error if there is none
removed = bundle.prune(run)
print(f"{len(removed)} arrays removed, {sum(removed.values()) / 1e9:.2f} GB")
