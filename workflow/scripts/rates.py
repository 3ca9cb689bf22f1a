"""Measure every snapshot of a shard: raw and net copied fractions, mass, coverage and the other criteria.

input    data.npz, neighbours/generated.npy (r, s, g), neighbours/references.npz, neighbours/recall.parquet,
         training.parquet
output   rates.parquet, attribution.parquet: study, cell and the columns of diffmem.studies.shard.rates
"""

from diffmem import files, job
from diffmem.settings.sections import TrainedCell
from diffmem.studies.shard.rates import DATA, RECALL, REFERENCES, shard_attribution, shard_rates

job.start(snakemake.log[0])
cell = TrainedCell.load(snakemake.params.cell)
data = files.load_arrays(snakemake.input.data, names=DATA)
found = {
    "generated": files.load_array(snakemake.input.generated, ndim=3),
    "training": files.load_table(snakemake.input.training, columns=("snapshot", "step", "epoch")),
}
table = shard_rates(
    data,
    **found,
    references=files.load_arrays(snakemake.input.references, names=(*REFERENCES, "sigma_min")),
    recall=files.load_table(snakemake.input.recall, columns=RECALL),
    cell=cell,
)
names = {key: snakemake.wildcards[key] for key in ("study", "cell")}
files.save_table(snakemake.output.rates, table.assign(**names))
files.save_table(snakemake.output.attribution, shard_attribution(data, **found, cell=cell).assign(**names))
