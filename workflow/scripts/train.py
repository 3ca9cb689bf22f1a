"""Train a shard, or a segment of its training, and keep the snapshots.

input    data.npz; of what follows another segment its state, and for the whole the snapshots and losses of all segments
output   snapshots.npy (r, s, p) float32: parameters
         training.parquet: study, cell, replicate, snapshot, step, epoch, set (train or held-out), sigma, loss
         of a segment the same for its own steps, and segment-NUMBER.npz: the state after it (``training.STATE``)
"""

import pandas as pd

from diffmem import files, job
from diffmem.diffusion.compute import start
from diffmem.diffusion.training import STATE
from diffmem.digest import digest_values
from diffmem.settings.sections import TrainedCell
from diffmem.settings.shards import replicates
from diffmem.studies.cautions import of_running_mean, of_spread
from diffmem.studies.shard.training import DATA, make_trainer, snapshot_shape, train_shard

job.start(snakemake.log[0])
cell, shard = TrainedCell.load(snakemake.params.cell), list(replicates(snakemake.wildcards.shard))
compute = start(cell.compute)
job.say(str(compute))
data = files.load_arrays(snakemake.input.data, names=DATA)
train = data["train"][0]
likely = [
    of_running_mean(cell.training, points=len(train)),
    of_spread(cell.schedule, float(train.var(0).mean() ** 0.5)),
]
for sentence in filter(None, likely):
    job.say(f"Please note: {sentence}.")
trainer = make_trainer(data, cell=cell, replicates=shard, stack=snakemake.params.stack, compute=compute)
identity = digest_values(**{name: snakemake.params[name] for name in ("cell", "stack", "code")})
for path in snakemake.input.state:
    trainer.restore(files.load_state(path, names=STATE, identity=identity))
    job.say(f"goes on after step {trainer.step}")
segments = {
    "replicates": shard,
    "until": snakemake.params.until,
    "earlier": [files.load_array(path, ndim=3) for path in snakemake.input.get("snapshots", [])],
}
shape = snapshot_shape(trainer, **segments)
with files.new_array(snakemake.output.snapshots, shape=shape, dtype="float32") as out:
    new = train_shard(trainer, **segments, out=out)
tables = [files.load_table(path) for path in snakemake.input.get("training", [])]
tables = [table for table in [*tables, *new] if len(table)]
names = {key: snakemake.wildcards[key] for key in ("study", "cell")}
whole = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
files.save_table(snakemake.output.training, whole.assign(**names))
if path := snakemake.output.get("state"):
    files.save_state(path, trainer.state(), identity=identity)
