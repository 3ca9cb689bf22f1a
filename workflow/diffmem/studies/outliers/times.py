"""When strata are memorized: curves of the share memorized, and the claims O1 and O2 by the clock.

The times and their statistics are those of ``measure.memorization_time`` and ``studies.outliers.survival``. A claim's
effect is the difference between two strata of the restricted mean of log(1 + epoch), training clock less held-out
clock (4 there): how many
e-folds of epochs later the first is memorized, beyond what chance does to its held-out twins.
"""

import pandas as pd

from diffmem.measure.intervals import over_replicates
from diffmem.studies.outliers.claims import COLUMNS, verdict
from diffmem.studies.outliers.survival import LOG_TIME, paired, shares

CURVE = ["study", "cell", "stratum", "side", "epoch"]
QUESTIONS = (
    ("O1-time", "outlier", 1, "outliers are first reproduced later than inliers"),
    ("O2-time", "duplicate", -1, "duplicates are first reproduced earlier than inliers"),
)


def curves(times: pd.DataFrame) -> pd.DataFrame:
    """Mean over replicates and 95 % interval of the share of locations reproduced lastingly by each epoch."""
    return over_replicates(shares(times), by=CURVE, value="share")


def claims(times: pd.DataFrame, *, settings: dict[str, str]) -> pd.DataFrame:
    """O1 and O2 by the clock, one row per cell that has the stratum, with the columns of ``studies.outliers.claims``.

    Args:
        times: tables of ``measure.memorization_time.times`` of all shards of a study.
        settings: cell -> the settings it holds for, in words.
    """
    rows = []
    for (study, cell), table in times.groupby(["study", "cell"], sort=False):
        same = {"study": study, "cell": cell, "holds_for": settings[cell], "reference": "matched", "figure": "times"}
        for claim, stratum, sign, statement in QUESTIONS:
            if stratum not in set(table["stratum"]):
                continue
            pairs = paired(table, first=stratum, second="inlier")
            values = pairs.loc[pairs["statistic"] == LOG_TIME, "net"].to_numpy()
            words = {"claim": claim, "statement": statement, "unit": "e-folds of epochs, beyond the held-out clock"}
            rows.append({**same, **words, **verdict(values, sign=sign)})
    return pd.DataFrame(rows, columns=COLUMNS)
