r"""Membership over training, and the claim M1: one training run proves that training sets leak.

Every replicate is an audit of its own (`measure.membership`), with the same random pairs at every snapshot. All pairs
are guessed. Injected duplicates and near-duplicates form no pairs: a row has copies that would stay if it were
replaced.

The curve of a cell pools the guesses of its replicates. Each run draws its own data, coins and noise, so that with a
common epsilon the sum of right guesses is bounded by the same binomial law, with the sum of guesses; an average of the
replicates' bounds would be weaker, as each of them pays for its own confidence. The largest possible bound grows with
the sum as well, and is the pooled one.

M1 is that pooled bound at the last snapshot: an interval (low, infinity), where low is the one-sided 97.5 % bound, as
the lower end of a 95 % interval. No audit gives an upper end. The claim can be reproduced or stay open; it cannot be
refuted, since another attack may find what this one missed. The effect is log(V / (r - V)), half a guess added to both,
the epsilon at which that many right guesses are expected of the best attack, and p the probability of as many at
epsilon 0.
"""

from dataclasses import asdict

import numpy as np
import pandas as pd

from diffmem.data.dataset import INLIER, OUTLIER
from diffmem.locations import locations
from diffmem.measure.membership import CONFIDENCE, Pairs, epsilon_bound, membership, p_value, pair
from diffmem.neighbours.merge import merged
from diffmem.studies.claims import CHANCE, FEW, LEAST, POSITIVE, Claim, Finding, decide, tabulate

PAIRED = (INLIER, OUTLIER)  # strata whose rows stand alone
INTERVAL = 0.975  # one-sided confidence of the lower end of a 95 % interval
KEY = ["study", "cell", "epoch"]


def draw_pairs(
    *,
    train: np.ndarray,
    test: np.ndarray,
    train_stratum: np.ndarray,
    test_stratum: np.ndarray,
    radius: float,
    rng: np.random.Generator,
) -> Pairs:
    """Pairs of one replicate, within strata.

    Args:
        train, test: points of shape (n, d) and (n', d).
        train_stratum, test_stratum: stratum code of every row, of shape (n,) and (n',).
        radius: distance up to which near copies are one location, as ``measure.merge``.
        rng: draws the pairs.
    """
    pool = np.vstack([train, test])
    location = merged(pool, locations(pool), radius=radius)
    n = len(train)
    drawn = pair(
        train_location=location[:n],
        test_location=location[n:],
        train_stratum=train_stratum,
        test_stratum=test_stratum,
        rng=rng,
    )
    kept = np.isin(train_stratum[drawn.train], PAIRED)
    return Pairs(drawn.train[kept], drawn.test[kept], drawn.repeated)


def snapshots(*, train: np.ndarray, test: np.ndarray, samples: np.ndarray, pairs: Pairs) -> pd.DataFrame:
    """The fields of ``measure.membership.Membership``, one row per snapshot of ``samples`` (s, g, d)."""
    return pd.DataFrame(
        [asdict(membership(train=train, test=test, generated=generated, pairs=pairs)) for generated in samples]
    )


def curves(table: pd.DataFrame) -> pd.DataFrame:
    """Guesses of all replicates pooled, one row per study, cell and epoch.

    Args:
        table: rows of ``snapshots`` with study, cell, replicate, step and epoch.

    Returns:
        study, cell, epoch, replicates, pairs, guesses, right, accuracy, epsilon_low, largest_possible, and lowest and
        highest, the smallest and the largest bound of a single replicate.
    """
    sums = table.groupby(KEY, sort=False).agg(
        replicates=("replicate", "nunique"),
        pairs=("pairs", "sum"),
        guesses=("guesses", "sum"),
        right=("right", "sum"),
        lowest=("epsilon_low", "min"),
        highest=("epsilon_low", "max"),
    )
    counts = sums[["pairs", "guesses", "right"]].to_dict("records")
    sums["accuracy"] = sums["right"] / sums["guesses"].where(sums["guesses"] > 0)
    sums["epsilon_low"] = [epsilon_bound(**row, confidence=CONFIDENCE) for row in counts]
    sums["largest_possible"] = [
        epsilon_bound(pairs=row["pairs"], guesses=row["pairs"], right=row["pairs"], confidence=CONFIDENCE)
        for row in counts
    ]
    return sums.reset_index()


def claims(table: pd.DataFrame, *, settings: dict[str, str]) -> pd.DataFrame:
    """M1, one row per cell, with the columns of `studies.claims`.

    Args:
        table: as for ``curves``.
        settings: cell -> the settings it holds for, in words.
    """
    pooled = curves(table)
    last = pooled.loc[pooled.groupby(["study", "cell"], sort=False)["epoch"].idxmax()]
    return tabulate(
        Claim(
            claim="M1",
            statement="guessing which of two points was trained on proves a leak by the last snapshot (one-run audit)",
            unit="epsilon of replacing one training point",
            cell=row["cell"],
            reference="matched",
            finding=_judge(row),
            figure="membership",
            study=row["study"],
            holds_for=f"{settings[row['cell']]}, {row['pairs']} pairs of all replicates",
        )
        for row in last.to_dict("records")
    )


def _judge(row: dict) -> Finding:
    counts = {name: int(row[name]) for name in ("pairs", "guesses", "right")}
    if row["replicates"] < LEAST:
        return Finding(FEW, replicates=int(row["replicates"]))
    if counts["guesses"] == 0:
        return Finding(POSITIVE.otherwise, replicates=int(row["replicates"]), reason="no guess was made")
    low = epsilon_bound(**counts, confidence=INTERVAL)
    wrong = counts["guesses"] - counts["right"]
    verdict = decide(low, np.inf, POSITIVE, replicates=int(row["replicates"]))
    return Finding(
        verdict,
        effect=float(np.log((counts["right"] + 0.5) / (wrong + 0.5))),
        low=low,
        high=np.inf,
        p=p_value(0.0, **counts),
        replicates=int(row["replicates"]),
        reason="a bound of 0 shows nothing: this attack failed, others may not" if verdict == CHANCE else "",
    )
