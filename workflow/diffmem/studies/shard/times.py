"""When every location of a shard is memorized, and how well that finds the injected outliers."""

from typing import Any

import numpy as np
import pandas as pd

from diffmem.data.dataset import STRATA
from diffmem.locations import first_rows
from diffmem.measure.memorization_time import times
from diffmem.measure.rates import fresh_dimension
from diffmem.measure.strata import KNOWN, strata
from diffmem.studies.outliers.detection import detection
from diffmem.studies.shard.replicates import Arrays, by_replicate

DATA = (*KNOWN, "train", "replicate")


def shard_times(
    data: Arrays, *, generated: np.ndarray, fresh: np.ndarray, epochs: np.ndarray, ratio: float, outliers: bool
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Memorization times, and scores of the detectors of outliers, for every replicate.

    Args:
        data: ``DATA`` of a data file.
        generated: neighbour tables (r, s, g) of the generated points.
        fresh: neighbour tables (r, f) of fresh points of the true distribution.
        epochs: of the snapshots, of shape (s,).
        ratio: r of ``measure.memorization_time``.
        outliers: whether there are injected outliers to find.

    Returns:
        the tables of ``measure.memorization_time.times`` and ``detection``, each with a column replicate; the second
        is empty without outliers.
    """
    timed, found = [], []
    for i, (replicate, points) in enumerate(by_replicate(data, DATA)):
        known = strata(STRATA, **{name: points[name] for name in KNOWN})
        rule: dict[str, Any] = {"ratio": ratio, "dimension": fresh_dimension(fresh[i], known)}
        timed.append(times(generated[i], known, epochs=epochs, **rule).assign(replicate=replicate))
        if outliers:
            positions = points["train"][first_rows(points["train_location"])]
            scores = detection(generated[i], known, positions=positions, seed=replicate, **rule)
            found.append(scores.assign(replicate=replicate))
    return pd.concat(timed, ignore_index=True), pd.concat(found, ignore_index=True) if found else pd.DataFrame()
