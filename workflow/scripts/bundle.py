"""Pack a finished run into one file.

input    its claims, page, figures and what they are drawn from
output   bundle.zip, as at the top of ``bundle``
"""

from pathlib import Path

from diffmem import bundle, job

job.start(snakemake.log[0])
path = Path(snakemake.output[0])
count = bundle.write(path.parent, path, config=snakemake.params.config, also=snakemake.input.tables)
print(f"{path}: {count} artefacts listed, {path.stat().st_size / 1e6:.1f} MB")
