"""Audit the samples of a cell.

input    files or folders of the three sets, which the parameters name
output   page, record and tables of the audit, as `diffmem audit` writes them; ratios: the columns of diffmem.auditing.summary
"""

from pathlib import Path

from diffmem import files, job
from diffmem.auditing.audit import audit
from diffmem.auditing.summary import summarise
from diffmem.auditing.write import write
from diffmem.settings.audits import AuditCell

job.start(snakemake.log[0])
cell = AuditCell.load(snakemake.params.cell)
found = audit(
    **cell.audit.sets,
    features=cell.audit.features,
    augment=cell.audit.augment,
    index=cell.audit.index,
    permutations=cell.audit.permutations,
    accept=cell.audit.accept,
    seed=cell.seed,
    progress=job.say,
)
write(found, Path(snakemake.output.page).parent, force=True)
files.save_table(snakemake.output.ratios, summarise(found))
