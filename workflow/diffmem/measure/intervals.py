"""Intervals over replicates, the unit of every statement: one run is one draw of data, initialisation and noise."""

import numpy as np
import pandas as pd
from scipy import stats


def over_replicates(table: pd.DataFrame, *, by: list[str], value: str, level: float = 0.95) -> pd.DataFrame:
    """Mean of ``value`` over replicates and Student's t interval, for every combination of the columns ``by``.

    Returns:
        a table with the columns ``by``, then mean, low, high and replicates (those with a number; missing values do not
        count). With one replicate low and high are missing: a single run has no interval.
    """
    groups = (
        table.groupby(by, observed=True, sort=False, dropna=False)[value].agg(["mean", "std", "count"]).reset_index()
    )
    half = stats.t.ppf((1 + level) / 2, groups["count"] - 1) * groups["std"] / np.sqrt(groups["count"])
    groups["low"], groups["high"] = groups["mean"] - half, groups["mean"] + half
    return groups.rename(columns={"count": "replicates"})[[*by, "mean", "low", "high", "replicates"]]
