"""The uses that paper 1 proposes for "outliers are memorized last", put to the test.

    U1   stop training when known outliers begin to be memorized: does that give a better model than training to the
         end? Effect: regret of that rule minus regret of training to the end, in loss or in energy distance to the
         truth (`stopping`, (5) there); negative is better.
    U2   find unknown outliers as the locations that are memorized late: area under the ROC curve, less that of the same
         score on held-out twins, which no model was trained on, and less that of an isolation forest (`detection`).

U1 needs known outliers with held-out twins, whose net copied fraction is its signal, and three snapshots.
"""

from dataclasses import replace

import pandas as pd

from diffmem.measure.intervals import over_replicates
from diffmem.studies.claims import NEGATIVE, POSITIVE, Claim, Finding, judge_mean, tabulate
from diffmem.studies.outliers.lasting import CONFIRM
from diffmem.studies.outliers.stopping import END, SIGNAL, signals, stopping
from diffmem.studies.outliers.strata import headline

BEGUN = 0.1  # net copied fraction at which outliers have begun to be memorized
LATE, FOREST = "memorized late", "isolation forest"
REGRETS = {  # column of `stopping` -> what the regret is judged by, in words, and its unit
    "loss_regret": ("held-out loss", "mean squared error on held-out points"),
    "quality_regret": ("energy distance to the truth", "energy distance to the truth"),
}


def stopped(rates: pd.DataFrame, training: pd.DataFrame, quality: pd.DataFrame) -> pd.DataFrame:
    """The snapshot that every rule of ``stopping`` picks, in every cell that has outliers with twins and ``CONFIRM``
    snapshots, with fewer of which no signal can last.

    Args:
        rates, training, quality: the tables of all shards of a study.
    """
    energy = quality[quality["measure"] == "energy"].rename(columns={"value": "quality"})
    parts = []
    for cell, own in rates.groupby("cell", sort=False):
        with_twins = "outlier" in set(own.loc[own["reference"] == "matched", "stratum"])
        if with_twins and own["epoch"].nunique() >= CONFIRM:
            curves = signals(own, training[training["cell"] == cell], ratio=headline(own))
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
    """U1 and U2, with the columns of `studies.claims`.

    Args:
        picked: as from ``stopped``.
        found: tables of ``detection`` of all shards, with study, cell and replicate.
        settings: cell -> the settings it holds for, in words.
    """
    rows = [*_stopping(picked), *_detection(found)]
    return tabulate(replace(claim, holds_for=settings[claim.cell]) for claim in rows)


def _stopping(picked: pd.DataFrame) -> list[Claim]:
    rows = []
    claimed = "stopping when known outliers begin to be memorized gives a better model than training to the end"
    for (study, cell), table in picked.groupby(["study", "cell"], sort=False) if len(picked) else ():
        for regret, (judged_by, unit) in REGRETS.items():
            wide = table.pivot(index="replicate", columns="rule", values=regret)
            finding = judge_mean((wide[SIGNAL] - wide[END]).to_numpy(), NEGATIVE)
            rows.append(_claim("U1", f"{claimed}, by {judged_by}", unit, study=study, cell=cell, finding=finding))
    return rows


def _detection(found: pd.DataFrame) -> list[Claim]:
    rows = []
    against = (
        ((LATE, "held-out"), "the score finds outliers beyond what it finds among held-out twins"),
        ((FOREST, "train"), "the score finds outliers better than an isolation forest"),
    )
    for (study, cell), table in found.groupby(["study", "cell"], sort=False) if len(found) else ():
        wide = table.pivot(index="replicate", columns=["detector", "side"], values="auroc")
        for other, statement in against:
            finding = judge_mean((wide[LATE, "train"] - wide[other]).to_numpy(), POSITIVE)
            words = ("U2", f"memorized late: {statement}", "area under the ROC curve")
            rows.append(_claim(*words, study=study, cell=cell, finding=finding))
    return rows


def _claim(claim: str, statement: str, unit: str, *, study: str, cell: str, finding: Finding) -> Claim:
    words = {"claim": claim, "statement": statement, "unit": unit, "reference": "matched", "figure": "uses"}
    return Claim(**words, study=study, cell=cell, finding=finding)
