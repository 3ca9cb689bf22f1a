"""Copying against local spacing, at every snapshot of a shard."""

import numpy as np
import pandas as pd

from diffmem.data.dataset import STRATA
from diffmem.locations import first_rows
from diffmem.measure.strata import KNOWN, strata
from diffmem.studies.outliers.density import of_replicate, surroundings
from diffmem.studies.shard.replicates import Arrays, by_replicate, snapshots

DATA = (*KNOWN, "train", "test", "replicate")


def shard_density(
    data: Arrays,
    *,
    generated: np.ndarray,
    ceiling: np.ndarray,
    training: pd.DataFrame,
    ratio: float,
    class_width: float | None,
) -> pd.DataFrame:
    """The regressions of ``studies.outliers.density`` for every replicate.

    Args:
        data: ``DATA`` of a data file.
        generated: neighbour tables (r, s, g) of the generated points.
        ceiling: neighbour tables (r, c) of points of the closed-form optimum.
        training: losses of the shard.
        ratio: r of the regressions.
        class_width: width of the outliers over that of the inliers; None if they are no class of their own.

    Returns:
        the columns of ``of_replicate``, and replicate.
    """
    settings = dict(ratio=ratio, class_width=class_width, epochs=snapshots(training)["epoch"].to_numpy())
    tables = []
    for i, (replicate, points) in enumerate(by_replicate(data, DATA)):
        known = strata(STRATA, **{name: points[name] for name in KNOWN})
        positions = {half: points[half][first_rows(points[f"{half}_location"])] for half in ("train", "test")}
        around = surroundings(**positions, known=known)
        tables.append(of_replicate(generated[i], ceiling[i], known, around, **settings).assign(replicate=replicate))
    return pd.concat(tables, ignore_index=True)
