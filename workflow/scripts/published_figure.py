"""Draw the onset paper's public code beside its formulas.

input    kernels of both dimensions and pixels, as in diffmem.studies.onset.published.shares
output   a PNG and an SVG
"""

import pandas as pd

from diffmem import files, job
from diffmem.report import published, style

job.start(snakemake.log[0])
columns = ("share", "low", "high")
kernels = pd.concat([files.load_table(path, columns=("variant", *columns)) for path in snakemake.input.kernels])
pixels = files.load_table(snakemake.input.pixels, columns=("units", *columns))
style.save(published.published(kernels, pixels), png=snakemake.output.png, svg=snakemake.output.svg)
