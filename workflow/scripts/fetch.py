"""Fetch a published file.

output   data/NAME/FILE, as published
"""

from diffmem import job
from diffmem.data.fetch import fetch
from diffmem.settings.downloads import Download

job.start(snakemake.log[0])
fetch(Download(*snakemake.params.file))
