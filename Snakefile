# Snakemake looks here first; the workflow is in its folder
include: "workflow/Snakefile"


workflow.default_target = "all"  # an included file does not set it
