"""Show a run, or one of its studies, on one page.

input    claims.csv; figures and tables of the studies, which the page reads from the run's folder
output   report.html: needs no other file and no network
"""

from pathlib import Path

import pandas as pd

from diffmem import files, job
from diffmem.report.page.build import StudyWords, page
from diffmem.settings.read import studies
from diffmem.studies.config_cautions import of_studies

job.start(snakemake.log[0])
name = dict(snakemake.wildcards.items()).get("study")
folder = Path(snakemake.output[0]).parents[1 if name else 0]


def spread(study, cell):
    """Spread of the training points of the first replicate of a cell, if its data are kept."""
    data = folder / study.name / cell / study.shards[0] / "data.npz"
    return float(files.load_arrays(data, names=("spread",))["spread"][0]) if data.is_file() else None


shown = {
    study.name: StudyWords(
        question=study.subject(),
        cells=study.words(),
        cautions=tuple(of_studies({study.name: study}, spread)),
        counted=study.counted(),
    )
    for study in studies(snakemake.config).values()
    if name in (None, study.name)
}
# a cell may be called 50, and a study null
table = pd.read_csv(snakemake.input.claims, dtype={"study": str, "cell": str}, keep_default_na=False, na_values=[""])
html = page(
    folder,
    table,
    studies=shown,
    captions=snakemake.params.captions,
    config=snakemake.config,
    configfiles=snakemake.params.configfiles,
)
with files.replacing(snakemake.output[0]) as path:
    path.write_text(html, encoding="utf-8")
