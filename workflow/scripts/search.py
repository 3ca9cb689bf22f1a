"""Which sizes of an arm to run next.

input    copies.parquet of every shard of the sizes run so far
output   a JSON list of sizes, empty where the search is over
"""

import json

import numpy as np
import pandas as pd

from diffmem import files, job
from diffmem.measure.emm_search import following
from diffmem.studies.effective.emm import shares_by_size

job.start(snakemake.log[0])
sizes = {f"{snakemake.wildcards.arm}_n-{size}": size for size in snakemake.params.sizes}
tables = [files.load_table(path, columns=("cell", "replicate", "step", "r_mem")) for path in snakemake.input]
done = shares_by_size(pd.concat(tables), sizes=sizes) if tables else {}
asked = following(done, np.array(sorted(sizes.values())))
job.say(f"run so far: {sorted(done)}; next: {list(asked)}")
with files.replacing(snakemake.output[0]) as path, open(path, "w") as file:
    json.dump(list(asked), file)
