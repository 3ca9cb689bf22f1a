"""Test, replicate by replicate, whether held-out points could have been training points.

input    data.npz of every cell and shard of a study
output   exchangeability.parquet: study, cell, replicate, reference (plain: the points drawn from the inliers'
         distribution; matched: all) and the fields of diffmem.measure.exchangeability
"""

import dataclasses

import pandas as pd

from diffmem import files, job, rng
from diffmem.measure.exchangeability import exchangeability

job.start(snakemake.log[0])
rows = []
for path, (cell, seed, twins) in zip(snakemake.input, snakemake.params.cells, strict=True):
    data = files.load_arrays(path, names=("train", "test", "train_plain", "test_plain", "replicate"))
    for i, replicate in enumerate(data["replicate"].tolist()):
        train, test = data["train"][i], data["test"][i]
        sets = {"plain": (train[data["train_plain"][i]], test[data["test_plain"][i]])}
        if twins:
            sets["matched"] = train, test
        for reference, (one, other) in sets.items():
            random = rng.generator(seed, replicate=replicate, purpose="measure", index=2)
            found = exchangeability(train=one, test=other, rng=random)
            key = dict(study=snakemake.wildcards.study, cell=cell, replicate=replicate, reference=reference)
            rows.append({**key, **dataclasses.asdict(found)})
files.save_table(snakemake.output[0], pd.DataFrame(rows))
