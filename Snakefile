# Snakemake looks here first; the workflow is in its folder
include: "workflow/Snakefile"
