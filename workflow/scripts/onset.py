"""Run the repetitions of a cell of the onset study.

output   parquet, one row per repetition, training and n: study, cell, and the columns of
         diffmem.studies.onset.simulate.simulate
"""

import torch
from tqdm import tqdm

from diffmem import files, job
from diffmem.settings.onset import OnsetCell
from diffmem.studies.onset.simulate import simulate

job.start(snakemake.log[0])
torch.set_flush_denormal(True)
cell = OnsetCell.load(snakemake.params.cell)
with tqdm(total=cell.onset.repetitions, unit="repetition", mininterval=2) as bar:
    table = simulate(cell, progress=bar.update)
files.save_table(snakemake.output[0], table.assign(study=snakemake.wildcards.study, cell=snakemake.wildcards.cell))
