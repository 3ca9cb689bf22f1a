"""Compare a run with its bundle, and compute the measures of a random share of its cells again.

input    none: bundle.zip of the run, in whose folder the log is
output   none: every difference is printed, and is an error
"""

import random
import secrets
from pathlib import Path

from diffmem import bundle, files, job, recompute

job.start(snakemake.log[0])
path = Path(snakemake.log[0]).parents[1] / "bundle.zip"
found = bundle.differences(path)
listed, config, made_with = bundle.stated(path)
here = bundle.versions()
seed = secrets.randbelow(2**32)
cells = {tuple(names) for names in snakemake.params.cells}
shards = recompute.choose(listed, path.parent, cells=cells, draw=random.Random(seed))
if not found:  # else what has been tampered with would be named twice
    found = recompute.differences(shards, listed, run=path.parent, snakemake=snakemake.params.snakemake, config=config)
    others = [
        f"{name} {version}, here {here.get(name)}" for name, version in made_with.items() if here.get(name) != version
    ]
    if found and others:
        found = [f"the run was made with {'; '.join(others)}: last digits may differ", *found]
if found:  # an error of this package is not tried again, with other cells
    raise files.ArtefactError("\n".join(found))
count = sum(len(recompute.targets(shard, listed)) for shard in shards)
print(f"{path}: all artefacts are as they were packed")
print(f"{count} artefacts of {len(shards)} shards, drawn with {seed}, were computed again to the same bytes")
