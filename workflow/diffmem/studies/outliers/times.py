"""When strata are memorized: curves of the share memorized, and the claims O1 and O2 by memorization times.

The times and their statistics are those of ``measure.memorization_time`` and ``studies.outliers.survival``. A claim's
effect is the difference between two strata of the restricted mean of log(1 + epoch), training locations less
held-out ones (4 there): how many e-folds of epochs later the first is memorized, beyond the effect of chance.
"""

import pandas as pd

from diffmem.measure.intervals import over_replicates
from diffmem.studies.claims import NEGATIVE, POSITIVE, Claim, judge_mean, tabulate
from diffmem.studies.outliers.survival import LOG_TIME, paired, shares

CURVE = ["study", "cell", "stratum", "side", "epoch"]
QUESTIONS = (
    ("O1-time", "outlier", POSITIVE, "outliers are memorized later than inliers"),
    ("O2-time", "duplicate", NEGATIVE, "duplicates are memorized earlier than inliers"),
)


def curves(times: pd.DataFrame) -> pd.DataFrame:
    """Mean over replicates and 95 % interval of the share of locations memorized by each epoch."""
    return over_replicates(shares(times), by=CURVE, value="share")


def claims(times: pd.DataFrame, *, settings: dict[str, str]) -> pd.DataFrame:
    """O1 and O2, one row per cell that has the stratum, with the columns of `studies.claims`.

    Args:
        times: tables of ``measure.memorization_time.times`` of all shards of a study.
        settings: cell -> the settings it holds for, in words.
    """
    rows = []
    for (study, cell), table in times.groupby(["study", "cell"], sort=False):
        for name, stratum, region, statement in QUESTIONS:
            if stratum not in set(table["stratum"]):
                continue
            pairs = paired(table, first=stratum, second="inlier")
            values = pairs.loc[pairs["statistic"] == LOG_TIME, "net"].to_numpy()
            claim = Claim(
                claim=name,
                statement=statement,
                unit="e-folds of epochs, beyond held-out locations",
                cell=cell,
                reference="matched",
                finding=judge_mean(values, region),
                figure="times",
                study=study,
                holds_for=settings[cell],
            )
            rows.append(claim)
    return tabulate(rows)
