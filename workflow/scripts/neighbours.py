"""Find the nearest training and test locations of every generated, fresh and optimal point of a shard.

input    data.npz, samples.npy (r, s, g, d), ceiling.npz
output   neighbours/generated.npy (r, s, g), rows as in diffmem.neighbours.table
         neighbours/references.npz: fresh (r, f) and ceiling (r, c), such rows; spacing (r, n), distance from the location
         of every training row to the nearest other one; held_out (r, n'), from every test row to the nearest training
         location; location (r, n), of every training row with near copies merged, the number of the one that stands
         for them; sigma_min
         neighbours/recall.parquet: replicate, snapshot, index and the columns of diffmem.neighbours.recall
"""

from functools import partial

import numpy as np
import pandas as pd

from diffmem import files, job, registry, rng
from diffmem.locations import first_rows
from diffmem.measure.copies import pixels
from diffmem.measure.criteria import spacing
from diffmem.neighbours.merge import merged
from diffmem.neighbours.recall import REFERENCES, measured
from diffmem.neighbours.table import ROW, references, tabulate

job.start(snakemake.log[0])
cell = snakemake.params.cell
target = registry.INDEXES[cell["neighbours"]["index"]]
options = registry.chosen(target, cell["neighbours"])
searches = partial(registry.load(target), device=snakemake.params.device, **options)
seen = partial(pixels, low=-1, high=1) if snakemake.params.rounded else np.asarray
POINTS = ("train", "train_location", "test", "test_location", "test_plain")
data = files.load_arrays(snakemake.input.data, names=(*POINTS, "fresh", "replicate"))
samples = files.load_array(snakemake.input.samples, ndim=4)
ceiling = files.load_arrays(snakemake.input.ceiling, names=("points", "sigma_min"))
known, checked = {"fresh": [], "ceiling": [], "spacing": [], "held_out": [], "location": []}, []
with files.new_array(snakemake.output.generated, shape=samples.shape[:3], dtype=ROW) as generated:
    for i, replicate in enumerate(data["replicate"].tolist()):
        train, test = seen(data["train"][i]), seen(data["test"][i])
        points = {**{name: data[name][i] for name in POINTS}, "train": train, "test": test}
        location = merged(data["train"][i], data["train_location"][i], radius=snakemake.params.merge)
        to = references(**points, train_merged=location, searches=searches)
        known["fresh"].append(tabulate(seen(data["fresh"][i]), to))
        known["ceiling"].append(tabulate(seen(ceiling["points"][i]), to))
        known["spacing"].append(spacing(train[first_rows(location)], to.train)[location])
        known["location"].append(to.train_location[location])
        known["held_out"].append(to.train.nearest(test, 1).distance[:, 0].astype(np.float32))
        for j, points in enumerate(map(seen, samples[i])):
            generated[i, j] = tabulate(points, to)
            draw = rng.generator(cell["seed"], replicate=replicate, purpose="recall", index=j)
            share = measured(points, generated[i, j], to, queries=cell["neighbours"]["checked"], rng=draw)
            checked.append({"replicate": replicate, "snapshot": j, "index": to.train.kind, **share})
        fewer = len(first_rows(data["train_location"][i])) - len(to.train.positions)
        job.say(f"neighbours among {len(to.train.positions)} training locations by {to.train.kind}, {fewer} merged")
arrays = {name: np.stack(parts) for name, parts in known.items()}
files.save_arrays(snakemake.output.references, {**arrays, "sigma_min": ceiling["sigma_min"]})
checked = pd.DataFrame(checked)
if checked["queries"].any():
    shares = ", ".join(f"{name} {checked[name].mean():.3f}" for name in REFERENCES)
    job.say(f"recall of {checked['queries'].sum():,} points searched exactly as well: {shares}")
files.save_table(snakemake.output.recall, checked)
