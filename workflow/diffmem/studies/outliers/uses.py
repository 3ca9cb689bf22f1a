"""The uses that paper 1 proposes for "outliers are memorized last", put to the test.

    U1   stop training when known outliers begin to be memorized: does that give a better model than training to the
         end? Effect: loss, or energy distance to the truth, given away by that rule less that given away by no rule
         (`stopping`, regret (5) there); negative is better.
    U2   find unknown outliers as the locations that are memorized late: area under the ROC curve, less that of the same
         score on held-out twins, which nobody memorized, and less that of an isolation forest (`detection`).

U1 needs known outliers with held-out twins: its signal is the net copied fraction near them.
"""

import pandas as pd

from diffmem.measure.intervals import over_replicates
from diffmem.studies.outliers.claims import COLUMNS, verdict
from diffmem.studies.outliers.stopping import END, SIGNAL, signals, stopping

BEGUN = 0.1  # net copied fraction at which outliers have begun to be memorized
LATE, FOREST = "memorized late", "isolation forest"
REGRETS = {"loss_regret": "mean squared error on held-out points", "quality_regret": "energy distance to the truth"}


def stopped(
    rates: pd.DataFrame, training: pd.DataFrame, quality: pd.DataFrame, *, ratios: dict[str, float]
) -> pd.DataFrame:
    """What every rule of ``stopping`` picks, in every cell that has outliers with twins.

    Args:
        rates, training, quality: the tables of all shards of a study.
        ratios: cell -> ratio of its main figures.
    """
    energy = quality[quality["measure"] == "energy"].rename(columns={"value": "quality"})
    parts = []
    for cell, ratio in ratios.items():
        own = rates[rates["cell"] == cell]
        if "outlier" in set(own.loc[own["reference"] == "matched", "stratum"]):
            curves = signals(own, training[training["cell"] == cell], ratio=ratio)
            key = ["study", "cell", "replicate", "epoch"]
            parts.append(stopping(curves.merge(energy[[*key, "quality"]], on=key), threshold=BEGUN))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def summary(picked: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Means over replicates with 95 % intervals: of regrets by rule and of areas under the ROC curve by detector.

    Returns:
        study, cell, use (a key of ``REGRETS``, or auroc), name (of the rule or detector), side, mean, low, high,
        replicates.
    """
    parts = []
    for value in REGRETS if len(picked) else ():
        table = picked.rename(columns={"rule": "name"}).assign(use=value, side="")
        parts.append(over_replicates(table, by=["study", "cell", "use", "name", "side"], value=value))
    if len(found):
        table = found.rename(columns={"detector": "name"}).assign(use="auroc")
        parts.append(over_replicates(table, by=["study", "cell", "use", "name", "side"], value="auroc"))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def claims(picked: pd.DataFrame, found: pd.DataFrame, *, settings: dict[str, str]) -> pd.DataFrame:
    """U1 and U2, with the columns of ``studies.outliers.claims``.

    Args:
        picked: as from ``stopped``.
        found: tables of ``detection`` of all shards, with study, cell and replicate.
        settings: cell -> the settings it holds for, in words.
    """
    rows = [*_stopping(picked), *_detection(found)]
    same = {"figure": "uses"}
    return pd.DataFrame([{**row, **same, "holds_for": settings[row["cell"]]} for row in rows], columns=COLUMNS)


def _stopping(picked: pd.DataFrame) -> list[dict[str, object]]:
    rows = []
    statement = "stopping when known outliers begin to be memorized gives a better model than training to the end"
    for (study, cell), table in picked.groupby(["study", "cell"], sort=False) if len(picked) else ():
        for regret, unit in REGRETS.items():
            wide = table.pivot(index="replicate", columns="rule", values=regret)
            judged = verdict((wide[SIGNAL] - wide[END]).to_numpy(), sign=-1)
            words = {"claim": "U1", "statement": statement, "unit": unit, "reference": "matched"}
            rows.append({"study": study, "cell": cell, **words, **judged})
    return rows


def _detection(found: pd.DataFrame) -> list[dict[str, object]]:
    rows = []
    against = (
        ((LATE, "held-out"), "the score finds outliers beyond what it finds among held-out twins"),
        ((FOREST, "train"), "the score finds outliers better than an isolation forest"),
    )
    for (study, cell), table in found.groupby(["study", "cell"], sort=False) if len(found) else ():
        wide = table.pivot(index="replicate", columns=["detector", "side"], values="auroc")
        for other, statement in against:
            judged = verdict((wide[LATE, "train"] - wide[other]).to_numpy(), sign=1)
            words = {"claim": "U2", "statement": f"memorized late: {statement}", "unit": "area under the ROC curve"}
            rows.append({"study": study, "cell": cell, "reference": "matched", **words, **judged})
    return rows
