"""When every location of a shard is memorized, and how well that finds the injected outliers.

input    data.npz, neighbours/generated.npy (r, s, g), training.parquet (the epochs of the snapshots)
output   times.parquet: study, cell, replicate and the columns of diffmem.measure.memorization_time
         detection.parquet: study, cell, replicate and the columns of diffmem.studies.outliers.detection
"""

import pandas as pd

from diffmem import files, job
from diffmem.data.dataset import STRATA
from diffmem.locations import first_rows
from diffmem.measure import memorization_time as clock
from diffmem.measure.strata import KNOWN, strata
from diffmem.studies.outliers.detection import detection

job.start(snakemake.log[0])
cell = snakemake.params.cell
data = files.load_arrays(snakemake.input.data, names=(*KNOWN, "train", "replicate"))
generated = files.load_array(snakemake.input.generated, ndim=3)
epochs = files.load_table(snakemake.input.training, columns=("epoch",))["epoch"].unique()
rule = dict(ratio=cell["measure"]["ratio"], confirm=min(clock.CONFIRM, len(epochs)))
times, found = [], []
for i, replicate in enumerate(data["replicate"]):
    known = strata(STRATA, **{name: data[name][i] for name in KNOWN})
    table = generated[i][:, : len(known.train)]  # as many points as locations: more would saturate both clocks
    identity = dict(study=snakemake.wildcards.study, cell=snakemake.wildcards.cell, replicate=replicate)
    times.append(clock.times(table, known, epochs=epochs, **rule).assign(**identity))
    positions = data["train"][i][first_rows(data["train_location"][i])]
    if cell["data"]["outliers"]["count"]:
        found.append(detection(table, known, positions=positions, seed=int(replicate), **rule).assign(**identity))
files.save_table(snakemake.output.times, pd.concat(times, ignore_index=True))
files.save_table(snakemake.output.detection, pd.concat(found, ignore_index=True) if found else pd.DataFrame())
