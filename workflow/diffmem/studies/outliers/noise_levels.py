r"""At which noise levels does a model know its training points, in units of their spacing?

With L(sigma) the loss at the noise level sigma, on training and on held-out points,

    k(sigma) = 1 - L_train(sigma) / L_held-out(sigma)                                                       (1)

is the share of the error that is removed on training points only; factors of the loss that depend on sigma cancel. The
spacing s of a training set is the median distance of a point to its nearest neighbour in it, and noise of the level
sigma has the length sigma sqrt(d) in d dimensions. The unit of sigma is s / sqrt(d), the level whose noise is as long
as the spacing.

    N1   at the first snapshot at which samples are biased towards the training set, k is largest at about this level
    N2   likewise at the last snapshot

within a factor of three, over replicates. Where a largest k is one of noise, it says nothing of its level. Both are
undecided unless k is known to be positive at the level with the largest mean: over replicates, with Student's t
interval at the level of 5 % divided by the number of noise levels (Bonferroni), since that level was chosen as the best
of them.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from diffmem.locations import distinct
from diffmem.measure.intervals import mean_interval
from diffmem.neighbours.index import Index
from diffmem.studies.claims import (
    ERROR,
    REFUTED,
    REPRODUCED,
    Claim,
    Finding,
    between,
    judge_interval,
    seen_in,
    tabulate,
)
from diffmem.studies.outliers.stopping_step import BIAS
from diffmem.studies.outliers.survival import RUN

ABOUT = between(-np.log(3), np.log(3))
WHEN = {"onset": "N1", "end": "N2"}
NOTHING_KNOWN = "at no noise level is the loss on training points known to be below that on held-out points"


def spacing_level(train: np.ndarray) -> float:
    """The noise level s / sqrt(d) of the points ``train`` (n, d), of which copies count once."""
    train = distinct(train)
    return float(np.median(Index(train).nearest(train, 2).distance[:, 1]) / np.sqrt(train.shape[1]))


def known_shares(training: pd.DataFrame, *, found: pd.DataFrame, spacings: pd.DataFrame) -> pd.DataFrame:
    """k of (1) at every noise level, in every replicate, at the onset of bias and at the end.

    Args:
        training: losses of all shards, with the columns ``RUN``, epoch, set, sigma and loss.
        found: result of ``stopping_step.per_replicate``: the epoch of bias in every replicate, infinite if not seen.
        spacings: the columns ``RUN`` and spacing, s / sqrt(d).

    Returns:
        the columns ``RUN``, when (onset or end), sigma, units (sigma over s / sqrt(d)) and known.
    """
    sides = training.pivot_table(index=[*RUN, "epoch", "sigma"], columns="set", values="loss").reset_index()
    sides["known"] = 1 - sides["train"] / sides["held-out"]
    ends = sides.groupby(RUN, as_index=False)["epoch"].max().assign(when="end")
    onsets = found[[*RUN, BIAS]].rename(columns={BIAS: "epoch"}).assign(when="onset")
    moments = pd.concat([onsets[np.isfinite(onsets["epoch"])], ends], ignore_index=True)
    table = moments.merge(sides, on=[*RUN, "epoch"]).merge(spacings, on=RUN)
    return table.assign(units=table["sigma"] / table["spacing"])[[*RUN, "when", "sigma", "units", "known"]]


def summary(table: pd.DataFrame, *, sizes: dict[str, int]) -> pd.DataFrame:
    """Means over replicates by noise level.

    Args:
        table: result of ``known_shares``.
        sizes: cell -> its number of training points.

    Returns:
        the columns study, cell, n, when, sigma, units (mean), known, low, high (95 %, Student's t) and replicates.
    """
    rows = []
    for (study, cell, when, sigma), part in table.groupby(["study", "cell", "when", "sigma"], sort=False):
        known, low, high = mean_interval(part["known"].to_numpy())
        row = {"study": study, "cell": cell, "n": sizes[str(cell)], "when": when, "sigma": sigma}
        row |= {"units": part["units"].mean(), "known": known, "low": low, "high": high, "replicates": len(part)}
        rows.append(row)
    return pd.DataFrame(rows)


def claims(table: pd.DataFrame, *, settings: dict[str, str]) -> pd.DataFrame:
    """N1 and N2 for every cell in which they can be asked, with the columns of `studies.claims`.

    Args:
        table: result of ``known_shares``.
        settings: cell -> the settings it holds for, in words.
    """
    rows, of_cell = [], table.groupby(["study", "cell"])["replicate"].nunique()
    for (study, cell, when), part in table.groupby(["study", "cell", "when"], sort=False):
        moment = "when bias towards the training set begins" if when == "onset" else "at the end of training"
        statement = f"{moment}, training points are known best in noise about as long as their spacing"
        known, replicates = part["replicate"].nunique(), of_cell[study, cell]
        rows.append(
            Claim(
                claim=WHEN[str(when)],
                statement=seen_in(statement, known, replicates=replicates),
                unit="log of length of the noise over spacing",
                cell=str(cell),
                finding=_judge(part, replicates=replicates),
                figure="levels",
                study=str(study),
                holds_for=settings[str(cell)],
            )
        )
    return tabulate(rows)


def _judge(part: pd.DataFrame, *, replicates: int) -> Finding:
    """Whether k is largest at about the spacing, at one moment of a cell that has so many ``replicates``."""
    best = part.loc[part.groupby("replicate")["known"].idxmax(), "units"].to_numpy()
    finding = judge_interval(mean_interval(np.log(best)), ABOUT, known=len(best), replicates=replicates)
    if finding.verdict in (REPRODUCED, REFUTED) and not _is_known(part):
        return replace(finding, verdict=ABOUT.otherwise, reason=NOTHING_KNOWN)
    return finding


def _is_known(part: pd.DataFrame) -> bool:
    """Whether k is positive at the level with the largest mean, by an interval that allows for the choice of it."""
    at = part.pivot(index="replicate", columns="sigma", values="known")
    best = at[at.mean().idxmax()].dropna().to_numpy()
    return mean_interval(best, level=1 - ERROR / at.shape[1])[1] > 0
