"""The nearest training and held-out locations of every point of a shard."""

from collections import defaultdict
from functools import partial

import numpy as np
import pandas as pd

from diffmem import job, rng
from diffmem.loading import load
from diffmem.locations import first_rows
from diffmem.measure.copies import pixels
from diffmem.measure.criteria import spacing
from diffmem.neighbours.merge import merged
from diffmem.neighbours.recall import measured
from diffmem.neighbours.table import References, references, tabulate
from diffmem.settings.sections import TrainedCell
from diffmem.studies.shard.replicates import Arrays, by_replicate

DATA = ("train", "train_location", "test", "test_location", "test_plain", "fresh", "replicate")


def find_neighbours(
    data: Arrays,
    *,
    samples: np.ndarray,
    ceiling: np.ndarray,
    out: np.ndarray,
    cell: TrainedCell,
    merge: float,
    rounded: bool,
    device: str,
) -> tuple[dict[str, np.ndarray], pd.DataFrame]:
    """Search the neighbours of the generated, fresh and optimal points of every replicate.

    Args:
        data: ``DATA`` of a data file.
        samples: generated points (r, s, g, d).
        ceiling: points (r, c, d) of the closed-form optimum.
        out: receives the neighbour tables (r, s, g) of the samples.
        cell: its section neighbours, and its seed.
        merge: distance up to which near copies are one training location.
        rounded: whether points are rounded to pixels first (``measure.copies.pixels``).
        device: on which distances are computed where the index can.

    Returns:
        arrays: fresh (r, f) and ceiling (r, c), neighbour tables; spacing (r, n), distance from the location of every
        training row to the nearest other one; held_out (r, n'), distance from every test row to the nearest training
        location; location (r, n), of every training row with near copies merged.
        recall: replicate, snapshot, index and the columns of ``neighbours.recall.measured``.
    """
    index = cell.neighbours
    backend = partial(load(index.function), device=device, **index.arguments())
    seen = partial(pixels, low=-1, high=1) if rounded else np.asarray
    arrays, recall = defaultdict(list), []
    for i, (replicate, points) in enumerate(by_replicate(data, DATA)):
        location = merged(points["train"], points["train_location"], radius=merge)
        points |= {name: seen(points[name]) for name in ("train", "test", "fresh")}
        fresh = points.pop("fresh")
        to = references(**points, train_merged=location, backend=backend)
        arrays["fresh"].append(tabulate(fresh, to))
        arrays["ceiling"].append(tabulate(seen(ceiling[i]), to))
        for name, array in _distances(points, to, location=location).items():
            arrays[name].append(array)
        for j, generated in enumerate(map(seen, samples[i])):
            out[i, j] = tabulate(generated, to)
            draw = rng.generator(cell.seed, replicate=replicate, purpose="recall", index=j)
            shares = measured(generated, out[i, j], to, queries=index.checked, rng=draw)
            recall.append({"replicate": replicate, "snapshot": j, "index": to.train.backend.name, **shares})
        kept = len(to.train.positions)
        fewer = len(first_rows(points["train_location"])) - kept
        job.say(f"neighbours among {kept} training locations by {to.train.backend.name}, {fewer} merged")
    return {name: np.stack(parts) for name, parts in arrays.items()}, pd.DataFrame(recall)


def _distances(points: Arrays, to: References, *, location: np.ndarray) -> dict[str, np.ndarray]:
    """Spacing and location of every training row, and distance of every test row from the training locations."""
    return {
        "spacing": spacing(points["train"][first_rows(location)], to.train)[location],
        "location": to.train_location[location],
        "held_out": to.train.nearest(points["test"], 1).distance[:, 0].astype(np.float32),
    }
