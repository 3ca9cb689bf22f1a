r"""Do the three papers' definitions of memorization agree on one run?

Per replicate and snapshot: the net copied fraction c_r at the smallest ratio (1, which sees any bias towards the
training set) and at that of the main figures, R_mem by the rule of 1/3, and the signs of Delta (training set against
fresh points) and of its matched version (training against held-out set), see `studies.shard.definitions`. A run
memorizes by the third paper's definition if Delta < 0.

    B1   samples are biased towards the training set before a tenth of them are copies by the rule of 1/3
    B2   a model with Delta > 0, which generalizes by the third paper's definition, knows nothing of its training set
    B3   the matched comparison and c_1 have the same sign

B2 and B3 are judged at the last snapshot.
"""

import numpy as np
import pandas as pd

from diffmem.measure.intervals import mean_interval, share
from diffmem.studies.claims import Claim, between, judge_interval, seen_in, tabulate
from diffmem.studies.outliers.lasting import first_lasting, onset
from diffmem.studies.outliers.stopping_step import BIAS, COPIES, MOSTLY, both_ratios, judge_order
from diffmem.studies.outliers.survival import RUN

TENTH, NOTHING = 0.1, between(-0.05, 0.05)
SHARES = {"net-smallest": BIAS, "net": COPIES, "r_mem": "r_mem"}  # measure -> column of ``beside``
SIGNS = ("delta", "matched")
STATEMENTS = {
    "B1": (
        "bias towards the training set is seen before a tenth of the samples are copies by the rule of 1/3",
        "share of replicates",
    ),
    "B2": (
        "a model nearer to fresh points than to its training set (Delta > 0) knows nothing of the latter",
        "net copied fraction at ratio 1",
    ),
    "B3": ("the matched comparison of densities says the same as the net copied fraction", "share of replicates"),
}


def beside(definitions: pd.DataFrame, *, attribution: pd.DataFrame) -> pd.DataFrame:
    """All definitions of every replicate and snapshot.

    Args:
        definitions: tables of all shards (``shard.definitions.shard_definitions``).
        attribution: likewise (``shard.rates.shard_attribution``).

    Returns:
        the columns of ``both_ratios``, r_mem, delta and matched.
    """
    return both_ratios(attribution).merge(definitions, on=[*RUN, "step"])


def summary(table: pd.DataFrame, *, sizes: dict[str, int]) -> pd.DataFrame:
    """Mean over replicates of every measure, or the share of replicates that memorize by its sign, by snapshot.

    Args:
        table: result of ``beside``.
        sizes: cell -> its number of training points.

    Returns:
        the columns study, cell, n, step, measure, value, low, high (95 %, Student's t or Wilson) and replicates.
    """
    rows = []
    for (study, cell, step), part in table.groupby(["study", "cell", "step"], sort=False):
        key = {"study": study, "cell": cell, "n": sizes[str(cell)], "step": step, "replicates": len(part)}
        found = {name: mean_interval(part[column].to_numpy()) for name, column in SHARES.items()}
        found |= {name: share((part[name] < 0).to_numpy()) for name in SIGNS}
        for name, numbers in found.items():
            rows.append({**key, "measure": name, **dict(zip(("value", "low", "high"), numbers, strict=True))})
    return pd.DataFrame(rows)


def claims(table: pd.DataFrame, *, settings: dict[str, str]) -> pd.DataFrame:
    """B1 to B3 for every cell, with the columns of `studies.claims`; B2 only where a model has Delta > 0.

    Args:
        table: result of ``beside``.
        settings: cell -> the settings it holds for, in words.
    """
    rows = []
    for (study, cell), part in table.groupby(["study", "cell"], sort=False):
        last = part[part["step"] == part["step"].max()]
        same = (last["matched"] < 0) == (last[BIAS] > 0)
        of = len(last)
        found = {"B1": judge_order(*_onsets(part))}
        found["B3"] = judge_interval(share(same.to_numpy()), MOSTLY, known=of, replicates=of)
        general = last.loc[last["delta"] > 0, BIAS].to_numpy()
        if len(general):
            found["B2"] = judge_interval(mean_interval(general), NOTHING, known=len(general), replicates=of)
        held = {"study": study, "cell": cell, "holds_for": settings[str(cell)], "figure": "definitions"}
        for claim, finding in sorted(found.items()):
            statement, unit = STATEMENTS[claim]
            seen = seen_in(statement, finding.replicates, replicates=of)
            rows.append(Claim(claim=claim, statement=seen, unit=unit, finding=finding, **held))
    return tabulate(rows)


def _onsets(part: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Steps, by replicate, from which bias exceeds chance and R_mem a tenth; infinite if that is not seen."""
    found = {}
    for replicate, run in part.sort_values("step").groupby("replicate"):
        steps = np.append(run["step"].to_numpy(float), np.inf)
        biased = onset(run[BIAS].to_numpy(), run[f"deviation_{BIAS}"].to_numpy())
        found[replicate] = steps[[biased, first_lasting(run["r_mem"].to_numpy() >= TENTH)]]
    both = pd.DataFrame(found).T
    return both[0], both[1]
