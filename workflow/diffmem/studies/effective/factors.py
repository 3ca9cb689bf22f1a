"""The effect of every arm on effective memorization and on quality, beside the baseline.

The effect of a factor is the ratio of its arm's EMM to the baseline's. Beside it stands the effect on quality at one
common size: the size nearest to the baseline's EMM, on the log scale, at which both were run. Not every arm can be
compared by quality (`comparable`). The Frechet distance is shown minus that of fresh points, which is above zero where
pixels are many.
"""

import re
from typing import Any

import numpy as np
import pandas as pd

from diffmem.measure.emm import Estimate
from diffmem.measure.emm_ratio import ratio
from diffmem.measure.intervals import mean_interval
from diffmem.studies.effective.emm import Arms, changed, chosen

FACTORS = [
    "arm", "factor", "ratio", "low", "high", "censored", "replicates", "measure", "quality_n", "quality",
    "quality_baseline", "quality_difference", "quality_low", "quality_high",
]  # fmt: skip
LABELS = {"class": "true", "unique": "one for each image"}  # kind of labels -> words
SAME = "as the baseline"  # the words for an arm that changes nothing


def factors(
    runs: pd.DataFrame, found: dict[str, Estimate], *, arms: Arms, baseline: str, quality: str, fair: list[str]
) -> pd.DataFrame:
    """EMM of every arm over that of the baseline, and its quality at a common size.

    Args:
        runs: the table of runs.
        found: the EMM of every arm.
        quality: the column of ``runs`` that says how good the samples are.
        fair: the arms of which it can be compared (`comparable.by_quality`).

    Returns:
        the columns ``FACTORS``: what differs from the baseline, in words; EMM over that of the baseline with its
        interval; the quality of both at the size ``quality_n``, and their difference, paired by replicate, with its
        own. Missing where an arm shares no size with the baseline, or is none of ``fair``.
    """
    last = chosen(runs, "last")
    rows = []
    for arm in (name for name in found if name != baseline):
        of = ratio(found[arm], found[baseline])
        changes = changed(arms[arm], arms[baseline]).items()
        words = ", ".join(_words(name, value, arms[baseline].get(name)) for name, value in changes) or SAME
        row = {"arm": arm, "factor": words, "ratio": of.value, "low": of.low, "high": of.high, "censored": of.censored}
        row["replicates"] = min(found[arm].replicates, found[baseline].replicates)
        beside = _beside(last, arm, baseline, near=found[baseline].emm, quality=quality) if arm in fair else {}
        rows.append({**row, "measure": quality, **beside})
    return pd.DataFrame(rows, columns=FACTORS)


def label_words(kind: str) -> str:
    """The words for a kind of labels: none, true, 10 random, one for each image; any other name as it is."""
    random = re.fullmatch(r"random-(\d+)", kind)
    return f"{random[1]} random" if random else LABELS.get(kind, kind)


def _words(name: str, value: Any, other: Any) -> str:
    """A factor and its value; of a value with keys, such as the snapshots, those that differ from the ``other``."""
    if isinstance(value, dict):
        there = other if isinstance(other, dict) else {}
        return ", ".join(_words(f"{name} {k}", inner, there.get(k)) for k, inner in changed(value, there).items())
    if name == "labels":
        return f"labels: {label_words(value)}"
    return f"{name} {', '.join(map(str, value)) if isinstance(value, list) else value}"


def _beside(last: pd.DataFrame, arm: str, baseline: str, *, near: float, quality: str) -> dict[str, float]:
    """Quality of both arms at the common size nearest to ``near``, and the paired difference."""
    wide = last[last["arm"].isin([arm, baseline])].pivot(index=["n", "replicate"], columns="arm", values=quality)
    wide = wide.dropna()
    if wide.empty:
        return {}
    sizes = wide.index.get_level_values("n").unique()
    n = sizes[np.abs(np.log(sizes / near)).argmin()]
    pair = wide.loc[n]
    mean, low, high = mean_interval((pair[arm] - pair[baseline]).to_numpy())
    return {
        "quality_n": n,
        "quality": pair[arm].mean(),
        "quality_baseline": pair[baseline].mean(),
        "quality_difference": mean,
        "quality_low": low,
        "quality_high": high,
    }
