"""The loss by noise level, for several arms at one size: at which noise levels a model has learned its training set.

A panel holds the arms that differ in the same factor (``effective.groups``), at the size nearest to the baseline's EMM,
on the log scale, among the sizes that all of these arms have run. The loss on held-out points is left out for arms
whose loss cannot be compared (`comparable`). The loss on training points, each arm's own and under its own labels, is
kept.
"""

import numpy as np
import pandas as pd

from diffmem.measure.intervals import over_replicates
from diffmem.studies.effective.comparable import Differs, by_loss_at_a_level
from diffmem.studies.effective.emm import Arms, groups, located

COLUMNS = ["factor", "arm", "n", "set", "sigma", "mean", "low", "high", "replicates"]


def by_noise(
    training: pd.DataFrame,
    *,
    cells: dict[str, tuple[str, int]],
    arms: Arms,
    differs: Differs,
    baseline: str,
    near: float,
) -> pd.DataFrame:
    """Mean and 95 % interval over replicates of the losses at the last snapshot, by panel.

    Args:
        training: the tables of all cells and shards: cell, replicate, step, set (train or held-out), sigma and loss.
        cells: name -> arm and size.
        differs: in which keys of the config every arm differs from the baseline.
        near: the baseline's EMM.

    Returns:
        the columns ``COLUMNS``, a row per panel (factor), arm, set and noise level.
    """
    last = training[training["step"] == training.groupby("cell")["step"].transform("max")]
    table = over_replicates(located(last, cells=cells), by=["arm", "n", "set", "sigma"], value="loss")
    table = table[(table["set"] == "train") | table["arm"].isin(by_loss_at_a_level(differs))]
    parts = [pd.DataFrame(columns=COLUMNS)]
    for factor, names in groups(arms, baseline=baseline).items():
        own = table[table["arm"].isin(names)]
        shared = set.intersection(*(set(own.loc[own["arm"] == name, "n"]) for name in names))
        if shared:
            size = min(sorted(shared), key=lambda n: abs(np.log(n / near)))
            parts.append(own[own["n"] == size].assign(factor=factor))
    return pd.concat(parts[1:] or parts, ignore_index=True).reindex(columns=COLUMNS)
