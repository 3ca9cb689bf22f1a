"""Warnings at the top of the page: samples that are noise, too few replicates, and withheld verdicts.

`measure.noise` says when samples are called noise. Their rates of copies do not answer the paper's question.
"""

import pandas as pd

from diffmem.measure.noise import MEASURES, is_noise
from diffmem.report.page.numbers import number
from diffmem.studies.claims import FEW, LEAST, WITHHELD


def of_claims(table: pd.DataFrame) -> list[str]:
    """Sentences about missing verdicts, one per study and reason, from the ``table`` of claims."""
    found = []
    for study, part in table.groupby("study", sort=False):
        few = part[(part["verdict"] == FEW) & (part["replicates"] > 0)]  # with none, there was no such event to judge
        if len(few):
            most = int(few["replicates"].max())
            found.append(
                f"Study {study}: {len(few)} of {len(part)} tests have at most {most} replicates. "
                f"A verdict needs {LEAST}. Effects without an interval may be random."
            )
        if count := int((part["verdict"] == WITHHELD).sum()):
            found.append(
                f"Study {study}: {count} of {len(part)} verdicts are withheld, because held-out points have "
                "another distribution than training points."
            )
    return found


def of_quality(quality: pd.DataFrame) -> list[str]:
    """Sentences about cells whose samples are noise, from quality.parquet of a study of outliers."""
    last = quality[quality["epoch"] == quality.groupby("cell")["epoch"].transform("max")]
    wide = last.pivot_table(index=["study", "cell"], columns="measure", values=["mean", "floor"], sort=False)
    return _noise(wide["mean"], wide["floor"])


def of_runs(runs: pd.DataFrame) -> list[str]:
    """Sentences about cells whose samples are noise, from runs.parquet of a study of effective memorization."""
    last = runs[runs["step"] == runs.groupby("cell")["step"].transform("max")]
    mean = last.groupby(["study", "cell"], sort=False).mean(numeric_only=True)
    floors = mean[[f"{name}_floor" for name in MEASURES]].set_axis(list(MEASURES), axis=1)
    return _noise(mean[list(MEASURES)], floors)


def _noise(samples: pd.DataFrame, fresh: pd.DataFrame) -> list[str]:
    """Sentences from density and coverage of ``samples`` and ``fresh`` points, each by study and cell."""
    poor = [is_noise(samples.loc[cell], fresh.loc[cell]) for cell in samples.index]
    table = pd.DataFrame({"noise": poor, "coverage": samples["coverage"], "fresh": fresh["coverage"]}).reset_index()
    found = []
    for study, part in table.groupby("study", sort=False):
        noise = part[part["noise"]]
        if len(noise):
            which = "every cell" if len(noise) == len(part) else ", ".join(noise["cell"])
            found.append(
                f"Study {study}, {which}: samples of the last snapshot are close to noise. They cover at most "
                f"{number(100 * noise['coverage'].max())} % of the true distribution, fresh points "
                f"{number(100 * noise['fresh'].mean())} %. Their rates of copies are not informative. Train longer, or "
                "choose a network that fits the data."
            )
    return found
