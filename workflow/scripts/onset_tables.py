"""Curves, places and claims of an onset study.

input    onset.parquet of every cell
output   points, onsets and claims, with the columns of diffmem.studies.onset.tables, places and claims
"""

import pandas as pd

from diffmem import files, job
from diffmem.settings.onset import OnsetCell
from diffmem.studies.onset.claims import claims
from diffmem.studies.onset.places import tabulate_places
from diffmem.studies.onset.tables import COLUMNS, tabulate_curves

job.start(snakemake.log[0])
table = pd.concat([files.load_table(path, columns=COLUMNS) for path in snakemake.input], ignore_index=True)
cells = {name: OnsetCell.load(cell) for name, cell in snakemake.params.cells.items()}
files.save_table(snakemake.output.points, tabulate_curves(table, cells=cells))
files.save_table(snakemake.output.onsets, tabulate_places(table))
files.save_table(snakemake.output.claims, claims(table, cells=cells))
