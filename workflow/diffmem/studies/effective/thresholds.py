"""Effective memorization at other thresholds h of the rule d_1 / d_2 < h than the paper's 1/3.

A larger h calls more points copies, and EMM rises with it. A claim whose sign depends on h is a claim about the rule
and not about the model. The sizes are those that were run; a search chooses them for the crossing at 1/3.
"""

import pandas as pd

from diffmem.studies.effective.emm import estimates, located, table

COLUMNS = ["arm", "threshold", "emm", "low", "high", "censored", "words"]


def thresholds(copies: pd.DataFrame, *, cells: dict[str, tuple[str, int]]) -> pd.DataFrame:
    """EMM of the last snapshot of every arm at every threshold of the table of ``copies``.

    Args:
        copies: the tables of all cells and shards: cell, replicate, step, threshold, r_mem, count.
        cells: name -> arm and size.

    Returns:
        the columns ``COLUMNS``, as in ``effective.table``, a row per arm and threshold.
    """
    parts = [
        table({"last": estimates(runs)}).assign(threshold=threshold)
        for threshold, runs in located(copies, cells=cells).groupby("threshold")
    ]
    return pd.concat(parts).sort_values(["arm", "threshold"], ignore_index=True)[COLUMNS]
